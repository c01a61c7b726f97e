export interface Facts {
  name: string;
  image: string;
  toolbox: string;
  quota: string;
  /** Most pods, and most CPU that all of them may request together. */
  pods: number;
  cpu: string;
  port: number;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  return {
    name: of(["retriever", "reranker", "encoder"]),
    image: "workbook.local/ml-inference:1.0",
    toolbox: "workbook.local/toolbox:1.0",
    quota: of(["team-quota", "space-quota", "budget"], 2),
    pods: of([5, 6, 7], 3),
    cpu: of(["300m", "400m", "350m"], 2),
    port: of([5710, 5720], 2),
  };
};
