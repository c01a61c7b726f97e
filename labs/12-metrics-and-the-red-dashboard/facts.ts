/** What the text, the pictures and the checks of this lab agree on. */
export interface Facts {
  /** The learner's namespace. */
  namespace: string;
  deployment: string;
  service: string;
  container: string;
  app: string;
  port: number;
  /** Where predictions are asked for: the route every figure is about. */
  path: string;
  image: string;
  replicas: number;
  /** The CPU limit the manifest sets: low enough to hold the pods back now and then. */
  cpuLimit: string;
  /** The pod with curl that is in the namespace from the start. */
  client: string;
  /** What sends requests all the time, and writes down what it sent. */
  visitors: string;
  /** Requests a second that it sends on average. */
  rate: number;
  /** The metrics as the service calls them: a counter of requests, a histogram of seconds (without _bucket), a gauge. */
  counter: string;
  histogram: string;
  gauge: string;
  /** The file the learner writes the dashboard into. */
  dashboard: string;
  /** Where Prometheus answers inside the cluster. */
  prometheus: string;
  /** Seconds between two scrapes. */
  interval: number;
  /** Mean time of a prediction as the manifest sets it, in milliseconds. */
  mean: number;
  /** Seconds by which the experiment slows one pod down. */
  slowed: number;
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
  replicas: 2,
  cpuLimit: "200m",
  client: "client",
  visitors: "visitors",
  rate: 30,
  counter: "http_requests_total",
  histogram: "http_request_duration_seconds",
  gauge: "http_requests_in_flight",
  dashboard: "dashboard.json",
  prometheus: "http://prometheus.workbook-prometheus:9090",
  interval: 5,
  mean: 110,
  slowed: 1,
});
