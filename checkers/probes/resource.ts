import { LookError } from "../core/errors.ts";
import { type Kind, kinds } from "../core/port.ts";
import { NotFound } from "../kube/errors.ts";
import type { Transport } from "../kube/transport.ts";

export interface Manifest {
  apiVersion?: unknown;
  kind?: unknown;
  metadata?: { name?: string; namespace?: string };
}

/** The resource type an object belongs to: of those the labs read, else as the API server tells. Rejects when it serves none such. */
export async function kindOf(transport: Transport, object: Manifest, signal: AbortSignal): Promise<Kind> {
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== "string" || typeof kind !== "string")
    throw new LookError("An object needs an apiVersion and a kind.");
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const known = (Object.values(kinds) as Kind[]).find(
    (one) => one.kind === kind && one.group === group && one.version === version,
  );
  if (known) return known;
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const { resources = [] } = await transport.json<{
    resources?: { name: string; kind: string; namespaced: boolean }[];
  }>(root, { signal });
  const found = resources.find((one) => one.kind === kind && !one.name.includes("/"));
  if (!found) throw new NotFound(`The API server has no kind ${kind} in ${apiVersion}.`);
  return { group, version, plural: found.name, kind, namespaced: found.namespaced };
}
