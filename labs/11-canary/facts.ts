/** Names, versions, shares and the error budget of lab 11: the one source for its text, its checks and (checked by the gate) its manifests. */
export const facts = (_seed: number, namespace: string) => ({
  namespace,
  deployment: "ml-inference",
  canary: "ml-inference-canary",
  /** Selects every pod with the label app; the other two are made in the lab, one for each Deployment. */
  service: "ml-inference",
  stableService: "ml-inference-stable",
  canaryService: "ml-inference-canary",
  container: "ml-model",
  app: "ml-inference",
  port: 5000,
  replicas: 3,
  repository: "workbook.local/ml-inference",

  /** What runs at the start, its successor, the release that is wrong, and its repair. */
  first: "1.0",
  second: "2.0",
  bad: "2.1",
  mended: "2.2",
  newImage: "workbook.local/ml-inference:2.0",
  /** Settings of the last two, as ConfigMaps. */
  badRelease: "release-2.1",
  mendedRelease: "release-2.2",

  /** Where requests come in: a route of the Gateway `workbook`, known by its host. */
  route: "ml-inference",
  host: `ml-inference.${namespace}.test`,
  gateway: "workbook",
  gatewayNamespace: "workbook-gateway",
  gatewayService: "gateway",
  gatewayAddress: "gateway.workbook-gateway",
  client: "client",
  users: "users",
  prometheus: "prometheus.workbook-prometheus:9090",

  /** Percent. */
  share: 10,
  /** How a share of ten percent is decided: checkers/probes/share.ts has the arithmetic. */
  sample: 1_200,
  least: 86,
  most: 157,
  /** Requests before the sample that tell whether there is a share to measure. */
  glance: 100,
  /** Requests of the learner's own count, and of the checks that ask who answers. */
  own: 200,

  /** Users' requests a second, and the window (seconds) the objective (percent) is stated over: 36,000 requests, of which 0.2 % may fail. */
  rate: 10,
  window: 3_600,
  planned: 36_000,
  objective: 99.8,
  budget: 72,
});

export type Facts = ReturnType<typeof facts>;
