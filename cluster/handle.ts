import { adminKubeconfig, type ClusterRecord, nodePorts, plainKubeconfig } from "./kind.ts";
import type { Paths } from "./paths.ts";
import type { ClusterHandle } from "./types.ts";
import { imagePrefix } from "./versions.ts";

/** How to reach a cluster of ours, for everyone outside this folder. */
export async function toHandle(
  at: Paths,
  record: ClusterRecord,
  serverVersion: string,
  nodes: string[],
): Promise<ClusterHandle> {
  const kubeconfig = adminKubeconfig(at, record.name);
  await plainKubeconfig(kubeconfig);
  return {
    provider: "kind",
    name: record.name,
    kubeconfig,
    bin: at.bin,
    serverVersion,
    nodes,
    nodePorts: record.hostPorts.map((host, index) => ({ container: nodePorts[index]!, host })),
    source: record.source,
    engine: record.engine,
    // kindest/node brings an enforcer along; the network of our own node image does not.
    networkPolicy: !record.image.startsWith(`${imagePrefix}/`),
  };
}
