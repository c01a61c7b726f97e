import type { AddonName } from "../core/lab.ts";
import type { Step } from "./prove.ts";

/** Milliseconds a lab's proof may take on two cores before its author is told. */
const most = 3 * 60_000;
/** What needs minutes by its nature: an autoscaler goes by averages over time. */
const slowAddons: readonly AddonName[] = ["metrics-server"];

/** Whether a lab with these add-ons takes minutes in which the machine has little to do. */
export const waitsLong = (addons: readonly AddonName[]): boolean => addons.some((name) => slowAddons.includes(name));

export interface LedgerLine {
  lab: string;
  proved: number;
  failed: number;
  /** Milliseconds in which at least one of its runs was under way: what one waits for. */
  wall: number;
  /** Milliseconds of all runs together: what the machine does. */
  runs: number;
  slow: boolean;
}

/** Milliseconds covered by these spans; where they overlap they count once. */
export function covered(spans: readonly { began: number; took: number }[]): number {
  let [sum, until] = [0, Number.NEGATIVE_INFINITY];
  for (const { began, took } of [...spans].sort((a, b) => a.began - b.began)) {
    const end = began + took;
    if (end <= until) continue;
    sum += end - Math.max(began, until);
    until = end;
  }
  return sum;
}

/** What each lab's proof cost, in the order the labs were proved. `addons`: those a lab declares. */
export const ledgerOf = (steps: readonly Step[], addons: (lab: string) => readonly AddonName[]): LedgerLine[] =>
  [...Map.groupBy(steps, ({ lab }) => lab)].map(([lab, own]) => {
    const failed = own.filter((step) => !step.ok).length;
    const wall = covered(own);
    return {
      lab,
      proved: own.length - failed,
      failed,
      wall,
      runs: own.reduce((sum, step) => sum + step.took, 0),
      slow: wall > most && !waitsLong(addons(lab)),
    };
  });
