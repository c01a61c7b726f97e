import { systemClock as clock } from "../clock.ts";
import type { Check } from "../core/check.ts";
import type { CheckReport, LabReport } from "../core/report.ts";
import { toLabReport, toReport } from "../core/reports.ts";
import { settle } from "../core/run.ts";
import { FreshCluster } from "../kube/fresh.ts";
import { LabError } from "../labs.ts";
import { makeScene } from "../probes/scene.ts";
import { interruptible } from "./interrupt.ts";
import type { Io } from "./io.ts";
import { type LabArgs, type LabPlace, labPlace } from "./lab-place.ts";
import { checkLines, scoreLine } from "./render.ts";

export interface CheckArgs extends LabArgs {
  /** Only this one. */
  check?: string;
  json?: boolean;
}

/** Name of what --json prints. */
export const checkSchema = "workbook/lab-report/1";

/** 0 all passed, 1 not yet, 2 some could not look. */
export const exitCode = (report: LabReport): number =>
  !report.complete ? 2 : report.checks.every((check) => check.state === "pass") ? 0 : 1;

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
 * Grades a lab: observing checks together, then measuring ones one by one, those that disturb last. `says` is told what takes
 * a while. Rejects when `only` is no check of the lab.
 */
export async function gradeLab(
  place: LabPlace,
  signal: AbortSignal,
  only?: string,
  says: (what: string) => void = () => {},
): Promise<LabReport> {
  const { lab, namespace, transport, folder, kubeconfig } = place;
  const all = Object.entries(lab.checks(namespace));
  const chosen = only === undefined ? all : all.filter(([id]) => id === only);
  if (chosen.length === 0) {
    throw new LabError(
      `The lab ${lab.slug} has no check "${only}".`,
      `Its checks: ${all.map(([id]) => id).join(", ")}.`,
    );
  }
  const scene = makeScene({
    lab: lab.definition,
    namespace,
    cluster: new FreshCluster(transport, namespace),
    transport,
    learnerKubeconfig: kubeconfig,
    folder,
    signal,
  });
  const reports = new Map<string, CheckReport>();
  const look = async ([id, check]: [string, Check]): Promise<void> => {
    const { verdict, took } = await settle(check, scene, clock);
    reports.set(id, toReport(id, check, { verdict, at: new Date().toISOString(), took }));
  };
  const slow = setTimeout(() => says("waiting for things to settle"), 1_000);
  slow.unref();
  await Promise.all(chosen.filter(([, check]) => check.mode === "observe").map(look));
  clearTimeout(slow);
  for (const mode of ["sample", "disturb"]) {
    for (const one of chosen.filter(([, check]) => check.mode === mode)) {
      says(one[1].title);
      await look(one);
    }
  }
  const ordered = chosen.map(([id, check]) => reports.get(id) ?? toReport(id, check));
  return toLabReport({ slug: lab.slug, title: lab.definition.title }, namespace, ordered);
}

/** What is going on, on the error stream of a terminal only. */
const progress = (io: Io, json?: boolean) => (what: string) => {
  if (io.tty && !json) io.err(io.style("dim", `… ${what}`));
};

function print(report: LabReport, place: LabPlace, io: Io): void {
  io.out(
    `${io.style("bold", `${place.lab.number} ${report.title}`)}  ${io.style("dim", `namespace ${report.namespace}`)}`,
  );
  if (!place.entered)
    io.out(`This lab has not been opened here yet: open its page, or run ./workbook watch ${place.lab.number}`);
  io.out();
  for (const check of report.checks) {
    for (const line of checkLines(check, place.lab.number, io)) io.out(line);
    if (check.state !== "pass") io.out();
  }
  if (report.checks.at(-1)?.state === "pass") io.out();
  io.out(scoreLine(report, io));
}
