export interface Facts {
  name: string;
  image: string;
  port: number;
  /** What each of its containers is to have, no more and no less. */
  cpu: string;
  memory: string;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  return {
    name: of(["forecaster", "pricer", "matcher"]),
    image: "workbook.local/ml-inference:1.0",
    port: of([5600, 5700], 2),
    cpu: of(["60m", "70m", "80m"], 3),
    memory: of(["112Mi", "128Mi", "144Mi"], 2),
  };
};
