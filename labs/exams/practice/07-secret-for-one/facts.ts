export interface Facts {
  name: string;
  image: string;
  sidecarImage: string;
  /** Name of the Secret, its key, and what it holds. */
  secret: string;
  key: string;
  value: string;
  port: number;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  return {
    name: of(["billing", "routing", "pricing"]),
    image: "workbook.local/ml-inference:1.0",
    sidecarImage: "workbook.local/toolbox:1.0",
    secret: of(["model-credentials", "api-credentials", "backend-key"], 2),
    key: of(["token", "api-key", "password"], 3),
    value: `k-${((seed * 7_919 + 104_729) % 900_000) + 100_000}-${of(["moss", "fern", "reed"], 2)}`,
    port: of([5510, 5520], 2),
  };
};
