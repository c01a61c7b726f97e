/** What the text, the pictures and the checks of this lab agree on. */
export interface Facts {
  /** The learner's namespace. */
  namespace: string;
  /** The service that is slow, and the container in it. */
  deployment: string;
  container: string;
  service: string;
  port: number;
  replicas: number;
  image: string;
  /** The batch job's Deployment, which dies of its memory, and its container. */
  scorer: string;
  scorerContainer: string;
  /** Megabytes the scorer holds, and the most it may be allowed (Mi). */
  scorerHolds: number;
  scorerMost: number;
  /** The pod with curl that is in the namespace from the start. */
  client: string;
  /** CPU milliseconds that one prediction takes, and the limit the service starts with. */
  work: number;
  cpuLimit: string;
  /** Requests per pod in one sample, and the share of periods (percent) that may be throttled. */
  requests: number;
  throttledMost: number;
  guaranteed: string;
  burstable: string;
  bestEffort: string;
  limitRange: string;
  quota: string;
  /** The LimitRange's values, per container. */
  minCpu: string;
  minMemory: string;
  maxCpu: string;
  maxMemory: string;
  defaultCpu: string;
  defaultMemory: string;
  defaultRequestCpu: string;
  defaultRequestMemory: string;
  /** The quota's values, for the whole namespace. */
  quotaRequestsCpu: string;
  quotaRequestsMemory: string;
  quotaGpus: string;
  quotaLimitsCpu: string;
  quotaLimitsMemory: string;
  quotaPods: string;
  quotaLoadBalancers: string;
  /** The file whose pod the quota must refuse. */
  overQuota: string;
  /** The Deployment at the quota's edge: pods it wants, and the cores each requests. */
  edge: string;
  edgeReplicas: number;
  edgeCpu: string;
}

/** The same for every seed: the lab has nothing to draw. */
export const facts = (_seed: number, namespace: string): Facts => ({
  namespace,
  deployment: "ml-inference",
  container: "ml-model",
  service: "ml-inference-service",
  port: 5000,
  replicas: 2,
  image: "workbook.local/ml-inference:1.0",
  scorer: "batch-scorer",
  scorerContainer: "scorer",
  scorerHolds: 200,
  scorerMost: 512,
  client: "client",
  work: 40,
  cpuLimit: "100m",
  requests: 12,
  throttledMost: 25,
  guaranteed: "guaranteed",
  burstable: "burstable",
  bestEffort: "besteffort",
  limitRange: "ml-limits",
  quota: "ml-team-quota",
  minCpu: "100m",
  minMemory: "128Mi",
  maxCpu: "16",
  maxMemory: "64Gi",
  defaultCpu: "1",
  defaultMemory: "2Gi",
  defaultRequestCpu: "500m",
  defaultRequestMemory: "1Gi",
  quotaRequestsCpu: "100",
  quotaRequestsMemory: "200Gi",
  quotaGpus: "8",
  quotaLimitsCpu: "200",
  quotaLimitsMemory: "400Gi",
  quotaPods: "50",
  quotaLoadBalancers: "5",
  overQuota: "over-quota.yaml",
  edge: "edge",
  edgeReplicas: 8,
  edgeCpu: "15",
});
