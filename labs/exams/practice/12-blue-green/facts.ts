export interface Facts {
  name: string;
  blue: string;
  green: string;
  blueImage: string;
  greenImage: string;
  version: string;
  replicas: number;
  port: number;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  const name = of(["ads", "maps", "mail"]);
  const version = of(["2.0", "1.1"], 2);
  return {
    name,
    blue: `${name}-blue`,
    green: `${name}-green`,
    blueImage: "workbook.local/ml-inference:1.0",
    greenImage: `workbook.local/ml-inference:${version}`,
    version,
    replicas: 2,
    port: of([6210, 6220, 6230], 3),
  };
};
