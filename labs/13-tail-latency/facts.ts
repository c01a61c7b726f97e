/** Names, rates and limits of lab 13: the one source for its text, its checks and (checked by the gate) its manifests. */
export const facts = (_seed: number, namespace: string) => ({
  namespace,
  deployment: "ml-inference",
  service: "ml-inference-service",
  container: "ml-model",
  app: "ml-inference",
  port: 5000,
  path: "/predict",
  image: "workbook.local/ml-inference:1.0",
  client: "client",
  prometheus: "http://prometheus.workbook-prometheus:9090",
  requests: "http_requests_total",
  duration: "http_request_duration_seconds",
  objectives: "slo.yaml",
  /** Milliseconds that the model takes on average, and the sigma of their lognormal distribution. */
  mean: 80,
  sigma: 0.7,
  /** Pods, and requests one of them works on at once: together 2 · 4 / 0.08 = 100 requests a second. */
  replicas: 2,
  slots: 4,
  capacity: 100,
  /** Requests a second that customers send, and those that come at one moment, once in a rush. */
  rate: 40,
  herd: 120,
  /** Seconds of a calm phase, of a rush, and the second of the rush in which the herd comes. */
  calmSeconds: 15,
  rushSeconds: 20,
  herdAt: 5,
  /** Milliseconds after which the checkout gives up: the limit users have. */
  limit: 750,
  /** Percent of requests that have to be faster. */
  share: 99,
  /** Calls one checkout makes. */
  basket: 20,
  /** Milliseconds that a bigger model takes, for everybody alike: nobody waits longer than the limit. */
  bigger: 300,
});

export type Facts = ReturnType<typeof facts>;
