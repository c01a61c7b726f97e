import { nextHint } from "../core/hints.ts";
import { gradeLab } from "./check.ts";
import { interruptible } from "./interrupt.ts";
import type { Io } from "./io.ts";
import { type LabArgs, labPlace } from "./lab-place.ts";
import { headline, wrap } from "./render.ts";

/** Remembers which hints were given. */
export interface HintStore {
  /** How many hints of this failure were given before. */
  shown(lab: string, check: string, code: string): number;
  /** One more was given: its 1-based step. */
  add(lab: string, check: string, code: string, step: number): void;
}

export interface HintArgs extends LabArgs {
  check: string;
}

/** Looks at one check and prints the next hint for what is wrong with it. 0 when there was one (or it passes), 2 when it could not look. */
export async function hintCommand(args: HintArgs, io: Io, store: HintStore): Promise<number> {
  const place = await labPlace(args);
  try {
    const report = await interruptible((signal) => gradeLab(place, signal, args.check));
    const [seen] = report.checks;
    const check = place.lab.checks(place.namespace)[args.check];
    if (!seen || !check) return 2;
    io.out(headline(seen, io));
    if (seen.says) for (const line of wrap(seen.says, io.width, 2)) io.out(line);
    if (seen.code === undefined) {
      if (seen.state === "pass") io.out("  It passes: there is nothing left to hint at.");
      return seen.state === "error" ? 2 : 0;
    }
    const hint = nextHint(check, seen.code, store.shown(place.lab.slug, args.check, seen.code));
    if (!hint) return 2;
    store.add(place.lab.slug, args.check, seen.code, hint.step);
    io.out();
    hint.shown.forEach((text, index) => {
      const last = index === hint.shown.length - 1;
      const [first = "", ...rest] = wrap(text, io.width, 12);
      const label = `Hint ${index + 1} of ${hint.of}`.padEnd(12);
      for (const line of [label + first.trimStart(), ...rest]) io.out(last ? line : io.style("dim", line));
    });
    return 0;
  } finally {
    place.transport.close();
  }
}
