import { randomBytes } from "node:crypto";
import { LookError } from "../core/errors.ts";
import { NotFound } from "../kube/errors.ts";
import type { Transport } from "../kube/transport.ts";
import { ensureSystemNamespace, systemNamespace } from "./toolbox.ts";

/** One request to the API server that takes something back. Doing it twice, or when there is nothing left to take back, does no harm. */
export interface Step {
  method: "PATCH" | "DELETE" | "POST";
  path: string;
  body?: unknown;
  contentType?: string;
}

/** Milliseconds for one step. */
const limit = 5_000;
const label = "workbook.local/undo";
const configMaps = `/api/v1/namespaces/${systemNamespace}/configmaps`;
const nameOf = (namespace: string): string => `undo.${namespace}`;
const mergePatch = "application/merge-patch+json";

interface Journal {
  metadata: { name: string; resourceVersion: string; annotations?: Record<string, string> };
  data?: Record<string, string>;
}

/**
 * What takes back what was done to a namespace, newest first. Each step is written down in the cluster (a ConfigMap of the workbook's
 * own namespace) before what it takes back is done, so that whoever measures next can do it when this process has died.
 */
export class Undo {
  readonly #transport: Transport;
  readonly #namespace: string;
  readonly #run = randomBytes(3).toString("hex");
  readonly #steps: { key: string; step: Step }[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
  #count = 0;
  #closed = false;

  constructor(transport: Transport, namespace: string) {
    this.#transport = transport;
    this.#namespace = namespace;
  }

  /** Notes the way back, then acts. Where it cannot be noted, or everything has been taken back already, nothing is done. */
  async act<T>(back: Step, action: () => Promise<T>): Promise<T> {
    const acting = this.#act(back, action);
    this.#underWay.add(acting);
    return acting.finally(() => this.#underWay.delete(acting));
  }

  async #act<T>(back: Step, action: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new LookError("The check has ended: nothing may be disturbed any more.");
    const key = `${Date.now()}-${String(this.#count++).padStart(4, "0")}-${this.#run}`;
    await write(this.#transport, this.#namespace, { [key]: JSON.stringify(back) });
    this.#steps.push({ key, step: back });
    return action();
  }

  /** Takes everything back, in reverse order, once nothing is under way. Rejects with LookError naming what could not be. */
  async revert(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
    const steps = this.#steps.splice(0).reverse();
    if (steps.length > 0) await takeAllBack(this.#transport, this.#namespace, steps);
  }
}

/** Takes back what runs on this namespace left behind that died before they could. Rejects as revert() does. */
export async function takeLeftoversBack(transport: Transport, namespace: string): Promise<void> {
  const path = `${configMaps}/${nameOf(namespace)}`;
  const journal = await transport.json<Journal>(path, { timeout: limit }).catch(unlessMissing);
  if (!journal) return;
  const steps = Object.entries(journal.data ?? {})
    .sort(([one], [other]) => (one < other ? 1 : -1))
    .map(([key, step]) => ({ key, step: JSON.parse(step) as Step }));
  await takeAllBack(transport, namespace, steps);
}

/** Namespaces in which something is written down that has not been taken back. */
export async function unfinished(transport: Transport): Promise<string[]> {
  const path = `${configMaps}?labelSelector=${encodeURIComponent(label)}`;
  const { items } = await transport.json<{ items: Journal[] }>(path, { timeout: limit });
  return items.map(({ metadata }) => metadata.name.slice(nameOf("").length));
}

async function takeAllBack(
  transport: Transport,
  namespace: string,
  steps: readonly { key: string; step: Step }[],
): Promise<void> {
  const failed: string[] = [];
  const done: string[] = [];
  for (const { key, step } of steps) {
    const { trouble, unanswered } = await takeBack(transport, step);
    if (trouble) failed.push(trouble);
    // What the API server refused once it refuses again: only what it did not hear stays written down.
    if (!unanswered) done.push(key);
  }
  await strike(transport, namespace, done);
  if (failed.length > 0) throw new LookError(`Not everything could be put back: ${failed.join("; ")}.`);
}

async function write(transport: Transport, namespace: string, data: Record<string, string>): Promise<void> {
  const name = nameOf(namespace);
  const patch = () =>
    transport.json(`${configMaps}/${name}`, {
      method: "PATCH",
      body: { data },
      contentType: mergePatch,
      timeout: limit,
    });
  await patch().catch(async (error: unknown) => {
    if (!(error instanceof NotFound)) throw error;
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels: { [label]: "true" } }, data };
    const post = () => transport.json(configMaps, { method: "POST", body, timeout: limit });
    await post().catch(async (missing: unknown) => {
      if (!(missing instanceof NotFound)) throw missing;
      await ensureSystemNamespace(transport, AbortSignal.timeout(limit));
      await post();
    });
  });
}

async function strike(transport: Transport, namespace: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const path = `${configMaps}/${nameOf(namespace)}`;
  const data = Object.fromEntries(keys.map((key) => [key, null]));
  const body = { data };
  const left = await transport
    .json<Journal>(path, { method: "PATCH", body, contentType: mergePatch, timeout: limit })
    .catch(unlessMissing);
  if (!left || Object.keys(left.data ?? {}).length > 0) return;
  // Unless someone noted something meanwhile.
  const { resourceVersion } = left.metadata;
  await transport.raw(path, { method: "DELETE", body: { preconditions: { resourceVersion } }, timeout: limit });
}

/** Whether there is nothing left to take back: the object is gone, or no process answers at the port where a switch was turned. */
const isGone = (method: Step["method"], status: number): boolean =>
  status === 404 || status === 410 || (method === "POST" && status >= 502 && status <= 504);

/** Does one step. */
async function takeBack(
  transport: Transport,
  { method, path, body, contentType }: Step,
): Promise<{ trouble?: string; unanswered?: true }> {
  try {
    const { status } = await transport.raw(path, {
      method,
      ...(body !== undefined && { body }),
      ...(contentType && { contentType }),
      timeout: limit,
    });
    return status < 400 || isGone(method, status) ? {} : { trouble: `${method} ${path}: HTTP ${status}` };
  } catch (error) {
    return { trouble: `${method} ${path}: ${(error as Error).message}`, unanswered: true };
  }
}

const unlessMissing = (error: unknown): undefined => {
  if (error instanceof NotFound) return undefined;
  throw error;
};
