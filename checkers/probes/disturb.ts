import type { Disturb } from "../core/check.ts";
import { LookError } from "../core/errors.ts";
import { kinds } from "../core/port.ts";
import { everywhere, pathOf } from "../kube/objects.ts";
import type { Transport } from "../kube/transport.ts";
import { evictFrom } from "./drain.ts";
import { inverse } from "./merge-patch.ts";
import { podAsk } from "./pod-get.ts";
import { kindOf, type Manifest } from "./resource.ts";
import type { Undo } from "./undo.ts";

const mergePatch = "application/merge-patch+json";

/**
 * Acts on one namespace. Before anything is done, the way back is written down; what is under way when the check ends is waited for, and
 * nothing is begun after that.
 */
export function makeDisturb(transport: Transport, namespace: string, undo: Undo, signal: AbortSignal): Disturb {
  const podPath = (pod: string): string =>
    `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
  const patch: Disturb["patch"] = async (kind, name, patch) => {
    const path = pathOf(kind, kind.namespaced ? namespace : everywhere, name);
    const before = await transport.json<Record<string, unknown>>(path, { signal });
    const back = { method: "PATCH", path, body: inverse(patch, before), contentType: mergePatch } as const;
    // Without the signal, here and below: what was sent must have been answered before it is taken back.
    await undo.act(back, () => transport.json(path, { method: "PATCH", body: patch, contentType: mergePatch }));
  };
  return {
    async deletePod(pod, graceSeconds) {
      signal.throwIfAborted();
      const body = graceSeconds === undefined ? undefined : { gracePeriodSeconds: graceSeconds };
      await transport.json(podPath(pod), { method: "DELETE", ...(body && { body }), signal });
    },
    async post(pod, port, path, undoPath) {
      signal.throwIfAborted();
      const ask = () => podAsk(transport, "POST", { namespace, pod, port, path });
      const back = (to: string) =>
        ({ method: "POST", path: `${podPath(pod)}:${port}/proxy/${to.replace(/^\//, "")}` }) as const;
      const { status, body } = await (undoPath === undefined ? ask() : undo.act(back(undoPath), ask));
      return { status, body };
    },
    patch,
    async create(object) {
      const manifest = object as Manifest;
      const kind = await kindOf(transport, manifest, signal);
      const { name } = manifest.metadata ?? {};
      if (!kind.namespaced || !name)
        throw new LookError("Only a named object of a namespace can be made, and taken away again.");
      const path = pathOf(kind, namespace, name);
      const there = await transport.raw(path, { signal });
      if (there.status !== 404) throw new LookError(`${manifest.kind} ${name} is there already, so it is left alone.`);
      const body = { ...object, metadata: { ...manifest.metadata, namespace } };
      const back = { method: "DELETE", path, body: { propagationPolicy: "Background" } } as const;
      await undo.act(back, () => transport.json(pathOf(kind, namespace), { method: "POST", body }));
    },
    async drain(node) {
      await patch(kinds.Node, node, { spec: { unschedulable: true } });
      return evictFrom(transport, namespace, node, signal);
    },
  };
}
