export interface Facts {
  name: string;
  /** What served well, and the model it served. */
  goodImage: string;
  goodVersion: string;
  goodModel: string;
  badImage: string;
  badModel: string;
  replicas: number;
  port: number;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  const goodVersion = of(["1.0", "1.1"], 2);
  const model = of(["linear", "boosted", "distilled"], 3);
  return {
    name: of(["quotes", "claims", "orders"]),
    goodImage: `workbook.local/ml-inference:${goodVersion}`,
    goodVersion,
    goodModel: `${model}_v1`,
    badImage: `workbook.local/ml-inference:${of(["2.0.1", "2.1", "3.0"], 2)}`,
    badModel: `${model}_v2`,
    replicas: 2,
    port: of([6710, 6720], 2),
  };
};
