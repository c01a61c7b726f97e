import type { V1EndpointSlice, V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "../../../checkers/core/port.ts";
import { isReady, workload } from "../../../checkers/core/workload.ts";

export const nameOf = (pod: V1Pod): string => pod.metadata?.name ?? "";
export const names = (list: readonly string[]): string => (list.length === 0 ? "none" : list.join(", "));
export const counts = (tally: Readonly<Record<string, number>>): string =>
  names(Object.entries(tally).map(([key, count]) => `${key}: ${count}`));

/** Pods the slices list as ready, by name. */
export const readyTargets = (slices: readonly V1EndpointSlice[]): string[] => [
  ...new Set(
    slices.flatMap((slice) =>
      (slice.endpoints ?? [])
        .filter((one) => one.conditions?.ready !== false && one.targetRef?.kind === "Pod")
        .map((one) => one.targetRef?.name ?? ""),
    ),
  ),
];

/** The Deployment's ready pods, in the order of their names. */
export async function readyPods(cluster: Cluster, deployment: string): Promise<V1Pod[]> {
  const found = await workload(cluster, deployment);
  return (found?.pods ?? []).filter(isReady).sort((one, other) => nameOf(one).localeCompare(nameOf(other)));
}

/** True when two lists name the same pods. */
export const same = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && [...one].sort().join() === [...other].sort().join();
