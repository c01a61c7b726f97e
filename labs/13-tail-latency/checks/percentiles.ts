/** Percentiles of measured latencies: pure. */

/** What one request of a phase took, in milliseconds; one that failed counts as slower than any. */
export interface Measured {
  /** Rising. Failed ones are at the end, as Infinity. */
  took: readonly number[];
}

/** Sorted, failed ones last. */
export const measured = (took: readonly number[]): Measured => ({ took: [...took].sort((one, other) => one - other) });

/** The q-quantile (0 to 1) by nearest rank: the smallest value that at least q of all do not exceed. NaN of nothing. */
export function quantile({ took }: Measured, q: number): number {
  if (took.length === 0) return Number.NaN;
  // Without the small amount 0.99 · 100 would be 99.00000000000001, and so the hundredth.
  const rank = Math.ceil(q * took.length - 1e-9);
  return took[Math.min(took.length, Math.max(1, rank)) - 1] as number;
}

/** The mean of those that were answered. */
export function mean({ took }: Measured): number {
  const answered = took.filter(Number.isFinite);
  return answered.reduce((sum, one) => sum + one, 0) / answered.length;
}

/** Share of requests answered within so many milliseconds. */
export const within = ({ took }: Measured, limit: number): number =>
  took.filter((one) => one <= limit).length / took.length;

/** The figures of a phase in a line. */
export const figures = (phase: Measured): string =>
  `mean ${Math.round(mean(phase))} ms, p50 ${Math.round(quantile(phase, 0.5))}, p95 ${Math.round(quantile(phase, 0.95))}, p99 ${shown(quantile(phase, 0.99))} ms`;

const shown = (milliseconds: number): string =>
  Number.isFinite(milliseconds) ? String(Math.round(milliseconds)) : "no answer";
