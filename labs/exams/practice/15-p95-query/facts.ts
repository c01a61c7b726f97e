export interface Facts {
  namespace: string;
  name: string;
  image: string;
  toolbox: string;
  port: number;
  /** Mean latency of a prediction in milliseconds. */
  latency: number;
  /** Which percentile is asked for. */
  percentile: number;
  quantile: string;
  prometheus: string;
}

export const facts = (seed: number, namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  const percentile = of([95, 90, 99], 2);
  return {
    namespace,
    name: of(["answering", "drafting", "tagging"]),
    image: "workbook.local/ml-inference:1.0",
    toolbox: "workbook.local/toolbox:1.0",
    port: of([6510, 6520, 6530], 3),
    latency: of([50, 60, 70], 2),
    percentile,
    quantile: `0.${percentile}`,
    prometheus: "workbook-prometheus",
  };
};
