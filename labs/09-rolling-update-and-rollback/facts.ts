/** Names, versions and seconds of lab 09: the one source for its text, its checks and (checked by the gate) its manifests. */
export const facts = (_seed: number, namespace: string) => ({
  namespace,
  deployment: "ml-inference",
  service: "ml-inference-service",
  container: "ml-model",
  app: "ml-inference",
  port: 5000,
  replicas: 3,
  repository: "workbook.local/ml-inference",
  /** What runs at the start, the update to keep, and the one to take back. */
  first: "1.0",
  kept: "1.1",
  undone: "2.0",
  image: "workbook.local/ml-inference:1.0",
  keptImage: "workbook.local/ml-inference:1.1",
  undoneImage: "workbook.local/ml-inference:2.0",
  /** An image nobody has built. */
  missingImage: "workbook.local/ml-inference:9.9",
  logLevel: "warn",
  gateway: "api-gateway",
  gatewayService: "api-gateway-service",
  gatewayPort: 80,
  gatewayReplicas: 2,
  gatewayConfig: "gateway-config",
  nextConfig: "gateway-config-1.1",
  gatewayVersion: "1.1",
  client: "client",
  /** Seconds the model takes to load, and the grace a pod has to end. */
  load: 2,
  grace: 30,
  /** Requests a second while an update is measured, and the seconds it may take. */
  rate: 30,
  updateLimit: 60,
  /** Seconds until a stuck update must be reported as failed. */
  reportLimit: 30,
  /** Requests that show who answers. */
  requests: 40,
});

export type Facts = ReturnType<typeof facts>;
