/** What stands behind a Service, as the cluster itself lists it. Pure: reads objects. */
import type { V1EndpointSlice, V1ObjectMeta, V1Pod, V1Service } from "@kubernetes/client-node";
import { type Cluster, kinds } from "./port.ts";

export interface Behind {
  service: V1Service;
  /** Names of the ready pods that its EndpointSlices list, in order; each once. */
  ready: string[];
  /** Ports of the pods that requests are sent to. */
  ports: number[];
}

/** The EndpointSlices of a Service. */
export const slicesOf = (cluster: Cluster, service: string): Promise<V1EndpointSlice[]> =>
  cluster.list(kinds.EndpointSlice, { labels: { "kubernetes.io/service-name": service } });

/** Undefined where there is no such Service. */
export async function behind(cluster: Cluster, name: string): Promise<Behind | undefined> {
  const [service, slices] = await Promise.all([cluster.get(kinds.Service, name), slicesOf(cluster, name)]);
  if (!service) return undefined;
  const ready = slices
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((one) => one.conditions?.ready !== false)
    .map((one) => one.targetRef?.name ?? "");
  const ports = slices.flatMap((slice) => (slice.ports ?? []).map((one) => one.port ?? 0));
  return { service, ready: [...new Set(ready)].sort(), ports: [...new Set(ports)] };
}

/** kube-proxy rewrites a node's rules at most once a second; the API server's times are whole seconds. In milliseconds. */
export const proxyPatience = 3_000;

/**
 * On a busy machine the endpoint controller and kube-proxy take longer: up to 4 s were measured with both processors full. Until so long after a
 * change, requests without an answer and pods without a request are no mistake of anybody's. In milliseconds.
 */
export const busyPatience = 15_000;

/** Whether the last change, so many milliseconds ago, is within a patience. Not where its time lies ahead: clocks differ, and nobody waits for ever. */
export const within = (patience: number, quiet: number): boolean => quiet >= 0 && quiet < patience;

/** When an object was made or last changed, in milliseconds of the epoch: whoever changes one is noted in it, with the time. */
export const changedAt = ({ metadata }: { metadata?: V1ObjectMeta }): number =>
  Math.max(...[metadata?.creationTimestamp, ...(metadata?.managedFields ?? []).map(({ time }) => time)].map(timeOf));

const timeOf = (time: Date | string | undefined): number => (time ? new Date(time).getTime() : 0);

/** Milliseconds since the youngest change with a time on it that kube-proxy must follow: of a pod's readiness, of a Service or a slice. */
export function quietFor(
  now: number,
  pods: readonly V1Pod[],
  objects: readonly (V1Service | V1EndpointSlice)[],
): number {
  const readied = pods.map((pod) => pod.status?.conditions?.find((one) => one.type === "Ready")?.lastTransitionTime);
  return now - Math.max(0, ...readied.map(timeOf), ...objects.map(changedAt));
}
