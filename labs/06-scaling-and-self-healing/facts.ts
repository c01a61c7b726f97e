/** What the text, the pictures and the checks of this lab agree on. */
export interface Facts {
  /** The learner's namespace. */
  namespace: string;
  deployment: string;
  service: string;
  container: string;
  app: string;
  port: number;
  /** Where predictions are asked for. */
  path: string;
  image: string;
  /** The pod with curl that is in the namespace from the start. */
  client: string;
  /** Replicas at the start, and those the tasks ask for. */
  before: number;
  replicas: number;
  /** Milliseconds of one prediction, and how many a pod works on at once: together what a pod can serve in a second. */
  latency: number;
  slots: number;
  /** Requests a second that are too many for the replicas of the start. */
  rush: number;
  /** Seconds of the rush. */
  rushSeconds: number;
  /** Requests a second while a pod is deleted: three pods bear them. */
  steady: number;
  /** Requests of the sample over which the distribution is judged. */
  sample: number;
  /** Seconds in which the lost pod must be made up for. */
  healWithin: number;
  /** Seconds for which a leaving pod must go on accepting connections: as long as kube-proxy may leave a node's rules as they were. */
  openFor: number;
  /** Requests a second over the one connection that is kept. */
  keptRate: number;
}

/** The same for every seed: the lab has nothing to draw. */
export const facts = (_seed: number, namespace: string): Facts => ({
  namespace,
  deployment: "ml-inference",
  service: "ml-inference-service",
  container: "ml-model",
  app: "ml-inference",
  port: 5000,
  path: "/predict",
  image: "workbook.local/ml-inference:1.0",
  client: "client",
  before: 2,
  replicas: 4,
  latency: 150,
  slots: 2,
  rush: 36,
  rushSeconds: 12,
  steady: 24,
  sample: 120,
  healWithin: 30,
  openFor: 1,
  keptRate: 5,
});
