/** What stands behind a Service, as the cluster itself lists it. Pure: reads objects. */
import type { V1Service } from "@kubernetes/client-node";
import { type Cluster, kinds } from "./port.ts";

export interface Behind {
  service: V1Service;
  /** Names of the ready pods that its EndpointSlices list, in order; each once. */
  ready: string[];
  /** Ports of the pods that requests are sent to. */
  ports: number[];
}

/** Undefined where there is no such Service. */
export async function behind(cluster: Cluster, name: string): Promise<Behind | undefined> {
  const [service, slices] = await Promise.all([
    cluster.get(kinds.Service, name),
    cluster.list(kinds.EndpointSlice, { labels: { "kubernetes.io/service-name": name } }),
  ]);
  if (!service) return undefined;
  const ready = slices
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((one) => one.conditions?.ready !== false)
    .map((one) => one.targetRef?.name ?? "");
  const ports = slices.flatMap((slice) => (slice.ports ?? []).map((one) => one.port ?? 0));
  return { service, ready: [...new Set(ready)].sort(), ports: [...new Set(ports)] };
}
