import { LookError } from "../core/errors.ts";
import { Forbidden, NotFound } from "../kube/errors.ts";
import type { Transport } from "../kube/transport.ts";
import { authored, type KubeObject, kindOf, nodePortsOf, normalize } from "./normalize.ts";
import { kindName, resources } from "./resources.ts";
import { caps } from "./schema.ts";

/**
 * The author's own objects of a namespace, normalized, in order of kind and name. Kinds that may not be listed are told and left out. `beyond`: kinds
 * without a namespace ("ClusterRole.rbac.authorization.k8s.io") of which those younger than the namespace come along, for labs that make such.
 */
export async function collect(
  transport: Transport,
  namespace: string,
  facts: unknown,
  signal?: AbortSignal,
  beyond: readonly string[] = [],
): Promise<{ objects: KubeObject[]; left: string[]; podSecurity: Record<string, string> }> {
  const options = signal ? { signal } : {};
  const found = await transport
    .json<{ metadata: { labels?: Record<string, string>; creationTimestamp: string } }>(
      `/api/v1/namespaces/${namespace}`,
      options,
    )
    .catch((error: unknown) => {
      if (!(error instanceof NotFound)) throw error;
      throw new LookError(`There is no namespace ${namespace}: this lab was not begun here.`, "Open the lab first.");
    });
  const podSecurity = Object.fromEntries(
    Object.entries(found.metadata.labels ?? {}).filter(([key]) => key.startsWith("pod-security.kubernetes.io/")),
  );
  const nodePorts = nodePortsOf(facts);
  const left: string[] = [];
  const lists = await Promise.all(
    (await resources(transport, signal))
      .filter((one) => one.namespaced || beyond.includes(kindName(one)))
      .map(async ({ group, version, plural, kind, namespaced }) => {
        const apiVersion = group === "" ? version : `${group}/${version}`;
        const root = group === "" ? `/api/${version}` : `/apis/${apiVersion}`;
        const { items } = await transport
          .json<{ items: KubeObject[] }>(`${root}${namespaced ? `/namespaces/${namespace}` : ""}/${plural}`, options)
          .catch((error: unknown) => {
            if (error instanceof Forbidden || error instanceof NotFound) {
              left.push(`${plural}: ${(error as Error).message}`);
              return { items: [] };
            }
            throw error;
          });
        const began = Date.parse(found.metadata.creationTimestamp);
        const own = namespaced
          ? items
          : items.filter(({ metadata }) => Date.parse(String(metadata.creationTimestamp)) >= began);
        // Items of a list carry no kind of their own.
        return own.map((item) => ({ ...item, apiVersion, kind }));
      }),
  );
  const objects = lists
    .flat()
    .filter(authored)
    .map((object) => normalize(object, { nodePorts }))
    .sort((a, b) => order(a).localeCompare(order(b)));
  if (objects.length > caps.objects) {
    throw new LookError(
      `The namespace ${namespace} holds ${objects.length} objects; a submission takes ${caps.objects}.`,
      "Delete what does not belong to your answer.",
    );
  }
  return { objects, left, podSecurity };
}

const order = (object: KubeObject): string => `${kindOf(object)}/${object.metadata.name}`;
