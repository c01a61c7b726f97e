import type { Transport } from "../kube/transport.ts";

/** A namespaced or cluster-scoped resource type as a cluster serves it. */
export interface Resource {
  group: string;
  version: string;
  plural: string;
  kind: string;
  namespaced: boolean;
}

/** "Deployment.apps", "Service": how this code names a kind. The version is left to the cluster. */
export const kindName = ({ group, kind }: { group: string; kind: string }): string =>
  group === "" ? kind : `${kind}.${group}`;

interface ResourceList {
  resources: { name: string; kind: string; namespaced: boolean; verbs: string[] }[];
}

/**
 * What can be listed and created in a cluster, in each group's preferred version. A group whose server does not answer (an aggregated
 * API that is down) is left out: what it serves is no part of a submission.
 */
export async function resources(transport: Transport, signal?: AbortSignal): Promise<Resource[]> {
  const options = signal ? { signal } : {};
  const { groups } = await transport.json<{ groups: { name: string; preferredVersion: { groupVersion: string } }[] }>(
    "/apis",
    options,
  );
  const all = [
    { group: "", groupVersion: "v1", path: "/api/v1" },
    ...groups.map(({ name, preferredVersion: { groupVersion } }) => ({
      group: name,
      groupVersion,
      path: `/apis/${groupVersion}`,
    })),
  ];
  const lists = await Promise.all(
    all.map(async ({ group, groupVersion, path }) => {
      const list = await transport.json<ResourceList>(path, options).catch((error: unknown) => {
        if (group === "" || signal?.aborted) throw error;
        return { resources: [] };
      });
      const version = groupVersion.split("/").at(-1) ?? "v1";
      return list.resources
        .filter(({ name, verbs }) => !name.includes("/") && verbs.includes("list") && verbs.includes("create"))
        .map(({ name, kind, namespaced }) => ({ group, version, plural: name, kind, namespaced }));
    }),
  );
  return lists.flat();
}
