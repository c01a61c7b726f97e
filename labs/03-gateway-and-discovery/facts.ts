/** What the text, the pictures and the checks of this lab agree on. The same for every seed: the lab has nothing to draw. */
export const facts = (_seed: number, namespace: string) => ({
  namespace,
  gateway: "api-gateway",
  gatewayService: "api-gateway-service",
  configMap: "gateway-config",
  configFile: "nginx.conf",
  configPath: "/etc/nginx/nginx.conf",
  image: "workbook.local/nginx:1.22",
  replicas: 2,
  /** The gateway's port, its Service's port, and the port every node opens for it. */
  gatewayPort: 80,
  nodePort: 30080,
  /** What is there at the start. */
  backend: "ml-inference",
  backendService: "ml-inference-service",
  backendPort: 5000,
  client: "client",
  /** The full DNS names of the two Services. */
  backendName: `ml-inference-service.${namespace}.svc.cluster.local`,
  gatewayName: `api-gateway-service.${namespace}.svc.cluster.local`,
  /** What the gateway answers by itself. */
  healthText: "Gateway OK",
  statusText: "API Gateway v1.0",
  predictions: "[2.5, 3.0, 4.5]",
  /** Requests in one sample of /predict; enough that a healthy pod of two is missed once in 5.5e11 samples (2 * 2^-40). */
  requests: 40,
  /** Requests a second while a pod is deleted. */
  rate: 20,
});

export type Facts = ReturnType<typeof facts>;
