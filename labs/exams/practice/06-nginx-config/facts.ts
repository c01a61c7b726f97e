export interface Facts {
  name: string;
  image: string;
  /** Name of the ConfigMap. */
  config: string;
  port: number;
  /** What /ping answers with the configuration that is wanted. */
  word: string;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  return {
    name: of(["front", "edge", "entry"]),
    image: "workbook.local/nginx:1.22",
    config: of(["nginx-conf", "front-config", "web-settings"], 2),
    port: of([8085, 8086, 8087], 3),
    word: of(["heron", "osprey", "plover", "curlew"], 2),
  };
};
