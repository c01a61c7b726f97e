/** What the text, the pictures and the checks of this lab agree on. The same for every seed: the lab has nothing to draw. */
export const facts = (_seed: number, namespace: string) => ({
  namespace,
  backend: "ml-inference",
  backendService: "ml-inference-service",
  backendImage: "workbook.local/ml-inference:1.0",
  backendPort: 5000,
  container: "ml-model",
  gateway: "api-gateway",
  gatewayService: "api-gateway-service",
  client: "client",

  sharedConfig: "shared-config",
  environment: "development",
  logLevel: "info",
  model: "half_plus_two",
  requestTimeout: "30",
  mlConfig: "ml-config",
  intraKey: "TENSORFLOW_INTRA_OP_PARALLELISM",
  interKey: "TENSORFLOW_INTER_OP_PARALLELISM",
  parallelism: "2",
  batchKey: "BATCH_SIZE",
  batchSize: 32,
  /** What the text changes the batch size to. */
  otherBatchSize: 64,
  /** The variable that tells the model which folder to read again, and a folder. */
  folderKey: "CONFIG_DIR",
  folder: "/etc/ml-config",

  production: "ml-inference-production",
  productionConfig: "shared-config-production",
  productionEnvironment: "production",
  productionLogLevel: "warn",

  apiSecret: "api-credentials",
  apiKeyName: "API_KEY",
  apiKey: "mlops-secret-key-2026",
  jwtName: "JWT_SECRET",
  jwt: "super-secret-jwt-token",

  registrySecret: "ml-registry-credentials",
  registry: "workbook.local",
  registryUser: "mlops-user",
  registryPassword: "registry-password-xyz",
});

export type Facts = ReturnType<typeof facts>;
