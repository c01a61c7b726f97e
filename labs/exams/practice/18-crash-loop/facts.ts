export interface Facts {
  name: string;
  image: string;
  config: string;
  port: number;
  /** What LOG_LEVEL is meant to be, and what somebody typed. */
  level: string;
  typo: string;
  batch: number;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  const [level, typo] = of([
    ["warn", "wran"],
    ["debug", "debgu"],
    ["error", "eror"],
  ] as const);
  return {
    name: of(["indexer", "crawler", "parser"], 2),
    image: "workbook.local/ml-inference:1.0",
    config: of(["settings", "server-settings", "runtime"], 3),
    port: of([6810, 6820], 2),
    level,
    typo,
    batch: of([48, 96, 24], 2),
  };
};
