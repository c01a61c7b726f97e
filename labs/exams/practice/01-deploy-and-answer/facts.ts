export interface Facts {
  name: string;
  image: string;
  replicas: number;
  /** Where the program listens, and where the Service does. */
  port: number;
  servicePort: number;
  /** Value of the label team. */
  team: string;
}

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], step = 1): T => list[Math.floor(seed / step) % list.length] as T;
  return {
    name: of(["scorer", "ranker", "tagger", "embedder"]),
    image: "workbook.local/ml-inference:1.0",
    replicas: of([3, 2], 2),
    port: of([5050, 6060, 7070], 3),
    servicePort: of([8001, 8002, 8003, 8004], 5),
    team: of(["vision", "search", "fraud"], 4),
  };
};
