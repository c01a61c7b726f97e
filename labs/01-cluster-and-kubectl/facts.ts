/** Names, ports and counts of lab 01: the one source for its text, its checks and (checked by the gate) its manifests. */
export const facts = (_seed: number, namespace: string) => ({
  namespace,
  deployment: "ml-demo",
  service: "ml-demo",
  client: "client",
  replicas: 2,
  /** The label of the pods, and the value in the Service's selector that misses them. */
  app: "ml-demo",
  wrongTier: "frontend",
  /** The Service's port, the container's port behind it, and the port that no Service leads to. */
  port: 80,
  containerPort: 5000,
  adminPort: 9000,
  codePath: "/code",
  insidePath: "/tmp/inside-code",
  /** Ports of the learner's own machine for the two port-forwards in the text. */
  localPort: 9000,
  forwardPort: 8080,
  /** The path and the number of the requests that one experiment counts; nothing else in the lab asks for this path. */
  forwardedPath: "/status",
  forwarded: 40,
  toolbox: "workbook.local/toolbox:1.0",
});

export type Facts = ReturnType<typeof facts>;
