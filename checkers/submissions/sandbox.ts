import { systemClock } from "../clock.ts";
import { LookError } from "../core/errors.ts";
import type { LabDefinition } from "../core/lab.ts";
import { poll } from "../core/poll.ts";
import { Conflict, Forbidden, NotFound, Unreachable } from "../kube/errors.ts";
import type { Transport } from "../kube/transport.ts";
import { type Bounds, guards, podSecurity } from "./guards.ts";
import { creationOrder } from "./kinds.ts";
import { type KubeObject, kindOf, nameOf } from "./normalize.ts";
import { kindName, type Resource } from "./resources.ts";

/** Marks every namespace of one grading. */
export const gradingLabel = "workbook.local/grading";

export interface SandboxOptions {
  transport: Transport;
  namespace: string;
  lab: { slug: string; definition: LabDefinition };
  /** Of the grading. */
  run: string;
  podSecurity: Readonly<Record<string, string>>;
  bounds: Bounds;
  resources: readonly Resource[];
  /** The cluster was made for this submission alone: objects without a namespace may be created too. */
  wholeCluster?: boolean;
  signal: AbortSignal;
}

const rootOf = ({ group, version }: { group: string; version: string }): string =>
  group === "" ? `/api/${version}` : `/apis/${group}/${version}`;

/** Makes a namespace with its guards, ready for pods. */
export async function openSandbox(options: SandboxOptions): Promise<void> {
  const { transport, namespace, lab, run, bounds, signal } = options;
  const labels = {
    ...podSecurity(options.podSecurity),
    [gradingLabel]: run,
    "workbook.local/lab": lab.slug,
    "app.kubernetes.io/managed-by": "workbook-grading",
  };
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } };
  await transport.json("/api/v1/namespaces", { method: "POST", body, signal });
  await Promise.all(
    guards(lab.definition, bounds).map(async (object) => {
      const resource = served(options.resources, object as KubeObject);
      await transport.json(`${rootOf(resource)}/namespaces/${namespace}/${resource.plural}`, {
        method: "POST",
        body: object,
        signal,
      });
    }),
  );
  // Until the quota has counted once, pods are refused, and their controllers come back late; so too without the account.
  const quota = `/api/v1/namespaces/${namespace}/resourcequotas/workbook-sandbox`;
  const account = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
  const { done } = await poll(
    async () => {
      const [counted, there] = await Promise.all([
        transport.json<{ status?: { hard?: object } }>(quota, { signal }),
        transport.json(account, { signal }).then(Boolean, (error: unknown) => {
          if (error instanceof NotFound) return false;
          throw error;
        }),
      ]);
      return there && counted.status?.hard !== undefined;
    },
    { clock: systemClock, within: 30_000, done: Boolean, signal, pauses: [30, 60, 120, 250, 500] },
  );
  signal.throwIfAborted();
  if (!done) throw new LookError(`The namespace ${namespace} was not ready for pods within 30 s.`);
}

function served(resources: readonly Resource[], object: KubeObject): Resource {
  const found = resources.find((one) => kindName(one) === kindOf(object));
  if (found) return found;
  throw new NotFound(`This cluster does not know the kind ${kindOf(object)}.`);
}

const rank = (object: KubeObject): number => {
  const at = creationOrder.indexOf(kindOf(object));
  return at < 0 ? creationOrder.length : at;
};

/** An object that the instructor's cluster did not take, and its words. */
export interface NotCreated {
  object: string;
  why: string;
}

/**
 * Creates a submission's objects, those others refer to first. What the API server refuses is given back; rejects only when it cannot be reached.
 */
export async function fillSandbox(objects: readonly KubeObject[], options: SandboxOptions): Promise<NotCreated[]> {
  const failed: NotCreated[] = [];
  for (const step of [...new Set(objects.map(rank))].sort((a, b) => a - b)) {
    await Promise.all(
      objects
        .filter((object) => rank(object) === step)
        .map(async (object) => {
          try {
            await create(object, options);
          } catch (error) {
            if (error instanceof Unreachable || options.signal.aborted) throw error;
            failed.push({ object: nameOf(object), why: (error as Error).message });
          }
        }),
    );
  }
  return failed;
}

async function create(object: KubeObject, options: SandboxOptions): Promise<void> {
  const { transport, namespace, signal } = options;
  const resource = served(options.resources, object);
  // Beyond its namespace a submission reaches only in a cluster that was made for it.
  if (!resource.namespaced && options.wholeCluster !== true) {
    throw new LookError(`${kindOf(object)} is no kind of a namespace.`);
  }
  const path = `${rootOf(resource)}${resource.namespaced ? `/namespaces/${namespace}` : ""}/${resource.plural}`;
  const place = resource.namespaced ? { namespace } : {};
  const body = withPlaceholders({ ...object, metadata: { ...object.metadata, ...place } });
  const post = (what: object): Promise<unknown> => transport.json(path, { method: "POST", body: what, signal });
  if (resource.kind === "ServiceAccount" && object.metadata.name === "default") {
    const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...fields } = object;
    await transport.json(`${path}/default`, {
      method: "PATCH",
      contentType: "application/merge-patch+json",
      body: fields,
      signal,
    });
    return;
  }
  const { done, value } = await poll(
    () =>
      post(body).then(
        () => undefined,
        (error: unknown) => error,
      ),
    {
      clock: systemClock,
      within: 10_000,
      // A pod may come before its named account or the quota's first count.
      done: (error) =>
        !(
          error instanceof Forbidden && /status unknown for quota|error looking up service account/.test(error.message)
        ),
      signal,
    },
  );
  if (value === undefined) return;
  if (done && value instanceof LookError && takenPort.test(value.message) && resource.kind === "Service") {
    // Somebody else's NodePort: the Service is right without it, unless the lab prescribes it, which its check will tell.
    await post(withoutNodePorts(body));
    return;
  }
  if (value instanceof Conflict) throw new LookError(`It is there already: ${value.message}`);
  throw value;
}

const takenPort = /provided port is already allocated/;

function withoutNodePorts(service: KubeObject): KubeObject {
  const copy = structuredClone(service);
  const { ports } = (copy.spec ?? {}) as { ports?: { nodePort?: number }[] };
  for (const port of ports ?? []) delete port.nodePort;
  return copy;
}

/** Values that stayed with the learner (null) are stood for by a placeholder, so that what refers to their keys finds them. */
function withPlaceholders(object: KubeObject): KubeObject {
  if (object.kind !== "Secret" || typeof object.data !== "object" || object.data === null) return object;
  const placeholder = Buffer.from("withheld").toString("base64");
  const data = Object.fromEntries(Object.entries(object.data).map(([key, value]) => [key, value ?? placeholder]));
  return { ...object, data };
}

/** Milliseconds a sandbox gets to go away by itself before its objects' finalizers are taken off. */
const patience = 15_000;
const goneLimit = 120_000;

/**
 * Deletes a sandbox with everything in it: pods at once, finalizers taken off when they hold it up. Resolves when it is gone; rejects with what holds
 * it after two minutes. `podsEnded` is called once its pods take up no room any more.
 */
export async function closeSandbox(
  transport: Transport,
  namespace: string,
  resources: readonly Resource[],
  podsEnded: () => void = () => {},
  signal?: AbortSignal,
): Promise<void> {
  const options = signal ? { signal } : {};
  const path = `/api/v1/namespaces/${namespace}`;
  const gone = (error: unknown): undefined => {
    if (error instanceof NotFound || error instanceof Conflict) return undefined;
    throw error;
  };
  const endPods = (): Promise<unknown> =>
    transport
      .json(`${path}/pods`, {
        method: "DELETE",
        body: { gracePeriodSeconds: 0, propagationPolicy: "Background" },
        ...options,
      })
      .catch(gone);
  await transport.json(path, { method: "DELETE", ...options }).catch(gone);
  await endPods();
  podsEnded();
  const began = systemClock.now();
  const { done, value } = await poll(
    async () => {
      const left = await transport
        .json<{ status?: { conditions?: { status: string; message?: string }[] } }>(path, options)
        .catch(gone);
      if (left && systemClock.now() - began > 2_000) await endPods();
      if (left && systemClock.now() - began > patience) await unfinalize(transport, namespace, resources, signal);
      return left;
    },
    {
      clock: systemClock,
      within: goneLimit,
      done: (left) => left === undefined,
      pauses: [500, 1_000, 2_000],
      ...options,
    },
  );
  signal?.throwIfAborted();
  if (done) return;
  const why = (value?.status?.conditions ?? []).filter((one) => one.status === "True" && one.message);
  throw new LookError(
    `The namespace ${namespace} does not go away: ${why.map((one) => one.message).join("; ") || "the API server gives no reason"}.`,
    `Look at it: kubectl get namespace ${namespace} -o yaml`,
  );
}

/** Takes every finalizer off what is left in a namespace: nobody may hold up a grading. */
async function unfinalize(
  transport: Transport,
  namespace: string,
  resources: readonly Resource[],
  signal?: AbortSignal,
): Promise<void> {
  const options = signal ? { signal } : {};
  await Promise.all(
    resources
      .filter((one) => one.namespaced)
      .map(async (resource) => {
        const path = `${rootOf(resource)}/namespaces/${namespace}/${resource.plural}`;
        const { items } = await transport
          .json<{ items: { metadata: { name: string; finalizers?: string[] } }[] }>(path, options)
          .catch(() => ({ items: [] }));
        for (const { metadata } of items) {
          if ((metadata.finalizers ?? []).length === 0) continue;
          await transport
            .json(`${path}/${encodeURIComponent(metadata.name)}`, {
              method: "PATCH",
              contentType: "application/merge-patch+json",
              body: { metadata: { finalizers: null } },
              ...options,
            })
            .catch(() => {});
        }
      }),
  );
}

/** Names of the namespaces of a grading that are still there. */
export async function sandboxesOf(transport: Transport, run: string): Promise<string[]> {
  const { items } = await transport.json<{ items: { metadata: { name: string } }[] }>(
    `/api/v1/namespaces?labelSelector=${encodeURIComponent(`${gradingLabel}=${run}`)}`,
  );
  return items.map(({ metadata }) => metadata.name);
}
