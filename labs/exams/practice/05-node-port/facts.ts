export interface Facts {
  name: string;
  service: string;
  image: string;
  port: number;
  servicePort: number;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  const name = of(["moderator", "segmenter", "upscaler"]);
  return {
    name,
    service: `${name}-${of(["front", "public", "edge"], 2)}`,
    image: "workbook.local/ml-inference:1.0",
    port: of([5410, 5420, 5430], 3),
    servicePort: of([9080, 9081, 9082], 4),
  };
};
