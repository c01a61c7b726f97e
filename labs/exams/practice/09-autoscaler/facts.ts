export interface Facts {
  name: string;
  image: string;
  port: number;
  least: number;
  most: number;
  /** Percent of the CPU request. */
  percent: number;
  /** What a pod of it should request. */
  request: string;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  return {
    name: of(["ocr", "vision", "speech"]),
    image: "workbook.local/ml-inference:1.0",
    port: of([5810, 5820], 2),
    least: of([1, 2], 3),
    most: of([5, 6, 7], 2),
    percent: of([55, 65, 70, 75], 3),
    request: of(["40m", "50m", "60m"], 2),
  };
};
