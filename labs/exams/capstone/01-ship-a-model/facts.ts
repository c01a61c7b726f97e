/** Names, ports, shares and quotas of the capstone: the seed draws them, text, start, checks and solution follow. */
export const facts = (seed: number, namespace: string) => {
  // Each list is stepped through at its own pace, so that neighbors differ in more than one thing.
  const pick = <T>(list: readonly [T, ...T[]], pace: number): T =>
    list[Math.floor(Math.abs(seed - 1) / pace) % list.length] ?? list[0];
  const model = pick(["fraud-score", "demand-forecast", "price-estimate", "churn-risk", "route-time"], 1);
  const stable = pick(["1.0", "1.1"], 2);
  const replicas = pick([3, 2], 1);
  const share = pick([10, 20, 25], 1);
  const port = pick([5000, 5050, 8501, 7070], 1);
  return {
    namespace,
    model,
    stable,
    canary: "2.0",
    image: `workbook.local/ml-inference:${stable}`,
    canaryImage: "workbook.local/ml-inference:2.0",
    repository: "workbook.local/ml-inference",
    nginx: "workbook.local/nginx:1.22",
    port,
    service: `${model}-service`,
    gateway: "gateway",
    gatewayPort: pick([8080, 8088, 9080], 1),
    config: `${model}-settings`,
    settings: {
      logLevel: "warn",
      batch: pick([16, 48, 64, 32], 1),
      latency: pick([40, 30, 50], 1),
      sigma: 1,
      startup: 2,
    },
    secret: `${model}-credentials`,
    keyName: "API_KEY",
    key: `key-${model}-${1_000 + ((seed * 7_919) % 9_000)}`,
    replicas,
    most: replicas + pick([3, 4], 2),
    utilization: pick([60, 70, 50], 2),
    quota: { name: "team-quota", cpu: pick([500, 600, 450], 1), memory: 1536, pods: 20 },
    /** Percent of requests, and the same as a share of one. */
    share,
    part: share / 100,
    client: "client",
    /** The key under which the baseline is handed in. */
    baseline: "p95",
    /** How far the handed-in p95 may be from the measured one. */
    tolerance: 1.6,
    leastRequests: 500,
  };
};

export type Facts = ReturnType<typeof facts>;
