import type { LabReport } from "../core/report.ts";
import { toLabReport, toReport } from "../core/reports.ts";
import { lookAt, withGround } from "../grading/look.ts";
import { LabError, shortName } from "../labs.ts";
import { interruptible } from "./interrupt.ts";
import type { Io } from "./io.ts";
import { type LabArgs, type LabPlace, labPlace, sceneAt } from "./lab-place.ts";
import { checkLines, scoreLine } from "./render.ts";

export interface CheckArgs extends LabArgs {
  /** Only this one. */
  check?: string;
  json?: boolean;
}

/** Name of what --json prints. */
export const checkSchema = "workbook/lab-report/1";

/** 0 all passed, 1 not yet, 2 some could not look. Hidden checks are not looked at here, and say nothing to it. */
export const exitCode = (report: LabReport): number =>
  !report.complete ? 2 : report.checks.every((check) => check.hidden || check.state === "pass") ? 0 : 1;

/** Looks at a lab afresh, waits for what is settling, and prints what it saw. */
export async function checkCommand(args: CheckArgs, io: Io): Promise<number> {
  const place = await labPlace(args);
  try {
    return await interruptible(async (signal) => {
      const report = await gradeLab(place, signal, args.check, progress(io, args.json));
      if (args.json) io.out(JSON.stringify({ schema: checkSchema, ...report }, null, 2));
      else print(report, place, io);
      return signal.aborted ? 2 : exitCode(report);
    });
  } finally {
    place.transport.close();
  }
}

/**
 * Looks at a lab as the learner may see it: what is needed first, observing checks together, then measuring ones one by one, those that
 * disturb last; hidden ones not at all. `says` is told what takes a while. Rejects when `only` is no check of the lab.
 */
export async function gradeLab(
  place: LabPlace,
  signal: AbortSignal,
  only?: string,
  says: (what: string) => void = () => {},
): Promise<LabReport> {
  const { lab, namespace } = place;
  const checks = lab.checks(namespace);
  const ids = Object.keys(checks).filter((id) => only === undefined || id === only);
  if (ids.length === 0) {
    throw new LabError(`The lab ${lab.slug} has no check "${only}".`, `Its checks: ${Object.keys(checks).join(", ")}.`);
  }
  const seen = ids.filter((id) => !checks[id]?.hidden);
  const slow = setTimeout(() => says("waiting for things to settle"), 1_000);
  slow.unref();
  const looked = await lookAt(withGround(checks, seen), {
    scene: sceneAt(place, signal),
    says: (what) => {
      clearTimeout(slow);
      says(what);
    },
  });
  clearTimeout(slow);
  const reports = ids.map((id) => toReport(id, checks[id] as (typeof checks)[string], looked.get(id), { checks }));
  return toLabReport({ slug: lab.slug, title: lab.definition.title }, namespace, reports);
}

/** What is going on, on the error stream of a terminal only. */
const progress = (io: Io, json?: boolean) => (what: string) => {
  if (io.tty && !json) io.err(io.style("dim", `… ${what}`));
};

function print(report: LabReport, place: LabPlace, io: Io): void {
  io.out(
    `${io.style("bold", `${shortName(place.lab.slug)} ${report.title}`)}  ${io.style("dim", `namespace ${report.namespace}`)}`,
  );
  if (!place.entered)
    io.out(
      `This lab has not been opened here yet: open its page, or run ./workbook watch ${shortName(place.lab.slug)}`,
    );
  io.out();
  for (const check of report.checks) {
    for (const line of checkLines(check, shortName(place.lab.slug), io)) io.out(line);
    if (check.state !== "pass") io.out();
  }
  if (report.checks.at(-1)?.state === "pass") io.out();
  io.out(scoreLine(report, io));
}
