export interface Facts {
  name: string;
  former: string;
  image: string;
  replicas: number;
  port: number;
  /** What the change is made for, as it must stand in the history. */
  cause: string;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  const version = of(["1.1", "2.0"], 2);
  return {
    name: of(["checkout", "search", "feed"]),
    former: "workbook.local/ml-inference:1.0",
    image: `workbook.local/ml-inference:${version}`,
    replicas: of([2, 3], 3),
    port: of([6110, 6120, 6130], 2),
    cause: `${of(["faster model", "retrained model", "smaller model"], 2)} ${version}`,
  };
};
