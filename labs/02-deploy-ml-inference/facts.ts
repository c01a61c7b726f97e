/** What the text, the pictures and the checks of this lab agree on. */
export interface Facts {
  /** The learner's namespace. */
  namespace: string;
  deployment: string;
  service: string;
  /** Name of the container in the skeleton; any other name is right too. */
  container: string;
  app: string;
  tier: string;
  replicas: number;
  port: number;
  portName: string;
  image: string;
  /** What a request to / must answer, as the seed of the -text argument. */
  body: string;
  predictions: string;
  model: string;
  version: string;
  /** The Service's full DNS name. */
  dns: string;
  /** The pod with curl and dig that is in the namespace from the start. */
  client: string;
  /** Requests in one sample through the Service. */
  requests: number;
  /** Requests over one kept-alive connection. */
  kept: number;
}

/** The same for every seed: the lab has nothing to draw. */
export const facts = (_seed: number, namespace: string): Facts => ({
  namespace,
  deployment: "ml-inference",
  service: "ml-inference-service",
  container: "ml-model",
  app: "ml-inference",
  tier: "backend",
  replicas: 2,
  port: 5000,
  portName: "http",
  image: "workbook.local/ml-inference:1.0",
  body: '{"predictions": [2.5, 3.0, 4.5], "model": "half_plus_two", "version": "1.0"}',
  predictions: "[2.5, 3.0, 4.5]",
  model: "half_plus_two",
  version: "1.0",
  dns: `ml-inference-service.${namespace}.svc.cluster.local`,
  client: "client",
  requests: 40,
  kept: 100,
});
