export interface Facts {
  name: string;
  image: string;
  port: number;
  /** Seconds its model takes to load. */
  loading: number;
  /** Seconds within which a process that hangs must be noticed. */
  noticed: number;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  return {
    name: of(["summarizer", "translator", "captioner"]),
    image: "workbook.local/ml-inference:1.0",
    port: of([5200, 5300, 5400], 2),
    loading: of([9, 8, 10], 3),
    noticed: of([6, 10, 8], 4),
  };
};
