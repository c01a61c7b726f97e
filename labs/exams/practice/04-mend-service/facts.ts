export interface Facts {
  name: string;
  /** A Deployment that must not get any of these requests. */
  other: string;
  image: string;
  port: number;
  servicePort: number;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  const name = of(["recommender", "classifier", "detector"]);
  return {
    name,
    other: `${name}-trial`,
    image: "workbook.local/ml-inference:1.0",
    port: of([5110, 5220, 5330], 2),
    servicePort: of([8080, 8090], 3),
  };
};
