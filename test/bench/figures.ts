/** What is measured, as numbers and as a table. */

export type Unit = "ms" | "s" | "MB" | "MB/s" | "kB" | "ratio" | "";

export interface Goal {
  limit: number;
  sense: "at most" | "at least";
  /** Which number of the figure is held against it. */
  of: "median" | "p95" | "min" | "max";
}

export interface Figure {
  what: string;
  unit: Unit;
  n: number;
  median: number;
  p95: number;
  min: number;
  max: number;
  goal?: Goal;
  /** Present where there is a goal. */
  met?: boolean;
}

/** The value below which a share of the samples lies, by nearest rank. Throws when there is none. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error("nothing was measured");
  return value;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/** A figure of samples in this unit, held against its goal where it has one. */
export function figure(what: string, unit: Unit, samples: readonly number[], goal?: Goal): Figure {
  const found = {
    median: median(samples),
    p95: quantile(samples, 0.95),
    min: Math.min(...samples),
    max: Math.max(...samples),
  };
  return {
    what,
    unit,
    n: samples.length,
    ...found,
    ...(goal && { goal, met: goal.sense === "at most" ? found[goal.of] <= goal.limit : found[goal.of] >= goal.limit }),
  };
}

/** A ratio reads best as a fraction: 1/63. Others get three significant digits. */
export function shown(value: number, unit: Unit): string {
  if (unit === "ratio" && value > 0 && value < 1) return `1/${shown(1 / value, "")}`;
  return Math.abs(value) >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}

const sense = { "at most": "≤", "at least": "≥" } as const;
const goalText = ({ goal, unit }: Figure): string =>
  goal
    ? `${goal.of} ${sense[goal.sense]} ${unit === "ratio" && goal.limit < 1 ? `1/${1 / goal.limit}` : goal.limit}${unit === "ratio" || unit === "" ? "" : ` ${unit}`}`
    : "";

const heads = ["what", "", "median", "p95", "min–max", "n", "goal", ""];

/** Rows of a table of figures, headed, with columns aligned. */
export function table(figures: readonly Figure[]): string[] {
  const rows = figures.map((one) => {
    const range = one.n > 1 ? `${shown(one.min, one.unit)}–${shown(one.max, one.unit)}` : "";
    return [
      one.what,
      one.unit,
      shown(one.median, one.unit),
      one.n > 1 ? shown(one.p95, one.unit) : "",
      range,
      String(one.n),
      goalText(one),
      one.met === undefined ? "" : one.met ? "goal met" : "goal not met",
    ];
  });
  const all = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...all.map((row) => (row[column] as string).length)));
  const right = new Set([2, 3, 4, 5]);
  return all.map((row) =>
    row
      .map((cell, column) =>
        right.has(column) ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number),
      )
      .join("  ")
      .trimEnd(),
  );
}
