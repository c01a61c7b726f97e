export interface Facts {
  name: string;
  stableImage: string;
  canaryImage: string;
  version: string;
  stableVersion: string;
  /** Percent of the requests that the canary is to get, and the most pods there may be. */
  percent: number;
  total: number;
  /** Pods of the canary and of the stable version that make up that share: one way to do it. */
  canaryPods: number;
  stablePods: number;
  port: number;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  const [canaryPods, total] = of([
    [1, 4],
    [2, 5],
    [1, 5],
  ] as const);
  const version = of(["2.0", "1.1"], 3);
  return {
    name: of(["ranking", "pricing", "matching"], 2),
    stableImage: "workbook.local/ml-inference:1.0",
    canaryImage: `workbook.local/ml-inference:${version}`,
    version,
    stableVersion: "1.0",
    percent: (100 * canaryPods) / total,
    total,
    canaryPods,
    stablePods: total - canaryPods,
    port: of([6310, 6320], 2),
  };
};
