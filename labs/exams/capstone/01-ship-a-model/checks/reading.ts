/** What several checks of the capstone read. */
import type { V1Pod } from "@kubernetes/client-node";
import type { Probes } from "../../../../../checkers/core/check.ts";
import { type Cluster, kinds } from "../../../../../checkers/core/port.ts";
import type { Evidence } from "../../../../../checkers/core/verdict.ts";
import { isReady, workload } from "../../../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";

export const nameOf = (pod: V1Pod): string => pod.metadata?.name ?? "";

/** The container that runs the model. */
export const containerOf = (pod: V1Pod, f: Facts) =>
  pod.spec?.containers.find((one) => one.image?.startsWith(`${f.repository}:`)) ?? pod.spec?.containers[0];

/** Ready pods of the stable Deployment's newest template. */
export const stablePods = async (cluster: Cluster, f: Facts): Promise<V1Pod[]> =>
  ((await workload(cluster, f.model))?.newest ?? []).filter(isReady);

/** Every ready pod that runs the model, whatever made it: the stable ones and the canary's. */
export const modelPods = async (cluster: Cluster, f: Facts): Promise<V1Pod[]> =>
  (await cluster.list(kinds.Pod)).filter(
    (pod) => isReady(pod) && pod.spec?.containers.some((one) => one.image?.startsWith(`${f.repository}:`)),
  );

export const missing = (object: string, command: string): Evidence => ({
  object,
  expected: "there",
  actual: "not there",
  command,
});

/** Statuses as one would say them. */
export const spoken = (statuses: Readonly<Record<string, number>>): string =>
  Object.entries(statuses)
    .map(([status, n]) => `${status === "0" ? "no answer" : status}: ${n}`)
    .join(", ") || "none";

/** Environment of the model's process in a pod. */
export const environmentOf = async (
  probes: Probes,
  pod: V1Pod,
  f: Facts,
): Promise<Readonly<Record<string, string>>> => {
  const container = containerOf(pod, f)?.name;
  return (await probes.process(nameOf(pod), container === undefined ? {} : { container })).environment;
};
