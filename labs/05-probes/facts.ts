/** Names, ports and seconds of lab 05: the one source for its text, its checks and (checked by the gate) its manifests. */
export const facts = (_seed: number, namespace: string) => ({
  namespace,
  deployment: "ml-inference",
  service: "ml-inference-service",
  container: "ml-model",
  app: "ml-inference",
  image: "workbook.local/ml-inference:1.0",
  replicas: 2,
  port: 5000,
  adminPort: 9000,
  grpcPort: 50051,
  /** The pod with curl that is there at the start, and what ml-inference asks for features. */
  client: "client",
  store: "feature-store",
  /** Seconds the model takes to load, on a good day and on a bad one. */
  load: 4,
  badDay: 16,
  /** Seconds the process goes on answering after SIGTERM. */
  drain: 12,
  /** Seconds until a hung process must be replaced and answer. */
  hungLimit: 40,
  /** Seconds until a pod without its dependency must be out of the endpoints, and until it must be back in them afterwards. */
  leaveLimit: 20,
  /** Seconds after a slow start until a hang must be noticed. */
  watchedLimit: 30,
  /** Requests that show whom the Service sends to. */
  requests: 40,
});

export type Facts = ReturnType<typeof facts>;
