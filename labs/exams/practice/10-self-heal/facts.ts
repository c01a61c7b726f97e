export interface Facts {
  name: string;
  image: string;
  replicas: number;
  port: number;
  /** Seconds within which a lost pod is to be made up for. */
  within: number;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  return {
    name: of(["gateway", "proxy", "dispatcher"]),
    image: "workbook.local/ml-inference:1.0",
    replicas: of([3, 2], 2),
    port: of([5910, 5920, 5930], 3),
    within: 30,
  };
};
