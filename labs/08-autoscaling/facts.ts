/** What the text, the pictures and the checks of this lab agree on. */
export interface Facts {
  /** The learner's namespace. */
  namespace: string;
  deployment: string;
  service: string;
  container: string;
  gateway: string;
  app: string;
  port: number;
  path: string;
  image: string;
  /** The pod with curl that is in the namespace from the start. */
  client: string;
  /** CPU milliseconds that one prediction takes, as the manifest has it. */
  cpuPerRequest: number;
  /** Millicores that the lab suggests as the pods' CPU request. */
  request: number;
  /** Percent of the request that a pod of ml-inference shall use on average, and the bounds of its autoscaler. */
  target: number;
  least: number;
  most: number;
  /** Seconds for which the highest recommendation counts before it scales down. */
  window: number;
  /** The same for the gateway. */
  gatewayTarget: number;
  gatewayLeast: number;
  gatewayMost: number;
  /** Requests a second that make about four pods of ml-inference at the suggested request. */
  rate: number;
  /** Names the text uses; others are right too. */
  scaler: string;
  gatewayScaler: string;
}

/** The same for every seed: the lab has nothing to draw. */
export const facts = (_seed: number, namespace: string): Facts => ({
  namespace,
  deployment: "ml-inference",
  service: "ml-inference-service",
  container: "ml-model",
  gateway: "api-gateway",
  app: "ml-inference",
  port: 5000,
  path: "/predict",
  image: "workbook.local/ml-inference:1.0",
  client: "client",
  cpuPerRequest: 20,
  request: 50,
  target: 50,
  least: 2,
  most: 8,
  window: 60,
  gatewayTarget: 60,
  gatewayLeast: 2,
  gatewayMost: 6,
  rate: 4,
  scaler: "ml-inference-hpa",
  gatewayScaler: "api-gateway-hpa",
});
