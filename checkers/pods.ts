import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { type Cluster, kinds } from "./core/port.ts";
import type { PodView } from "./core/report.ts";

/** What the strip under the workbench shows of a namespace's pods, oldest first. */
export async function podViews(cluster: Cluster, namespace: string): Promise<PodView[]> {
  const [pods, slices] = await Promise.all([
    cluster.list(kinds.Pod, { namespace }),
    cluster.list(kinds.EndpointSlice, { namespace }),
  ]);
  const services = new Map<string, Set<string>>();
  for (const slice of slices) {
    const service = slice.metadata?.labels?.["kubernetes.io/service-name"];
    if (!service) continue;
    for (const { conditions, targetRef } of slice.endpoints ?? []) {
      if (conditions?.ready === false || targetRef?.kind !== "Pod" || !targetRef.name) continue;
      const of = services.get(targetRef.name) ?? new Set();
      services.set(targetRef.name, of.add(service));
    }
  }
  return pods
    .map((pod) => viewOf(pod, [...(services.get(pod.metadata?.name ?? "") ?? [])].sort()))
    .sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.name.localeCompare(b.name));
}

function viewOf(pod: V1Pod, services: string[]): PodView {
  const { metadata, spec, status } = pod;
  const containers = status?.containerStatuses ?? [];
  const reason = trouble([...(status?.initContainerStatuses ?? []), ...containers]) ?? status?.reason;
  const version = metadata?.labels?.version ?? tagOf(spec?.containers[0]?.image);
  return {
    name: metadata?.name ?? "",
    phase: status?.phase ?? "Unknown",
    ready: status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false,
    deleting: metadata?.deletionTimestamp !== undefined,
    restarts: containers.reduce((sum, one) => sum + one.restartCount, 0),
    ...(reason && { reason }),
    ...(version && { version }),
    services,
    ...(spec?.nodeName && { node: spec.nodeName }),
    createdAt: metadata?.creationTimestamp?.toISOString() ?? "",
  };
}

/** Reasons that are no trouble: the ordinary way up and out. */
const ordinary = new Set(["ContainerCreating", "PodInitializing", "Completed"]);

function trouble(containers: V1ContainerStatus[]): string | undefined {
  for (const { state } of containers) {
    const reason = state?.waiting?.reason ?? state?.terminated?.reason;
    if (reason && !ordinary.has(reason)) return reason;
  }
  return undefined;
}

function tagOf(image: string | undefined): string | undefined {
  return /:([^:/@]+)(?:@.*)?$/.exec(image ?? "")?.[1];
}
