import type { V1Pod } from "@kubernetes/client-node";
import { systemClock } from "../clock.ts";
import { poll } from "../core/poll.ts";
import { kinds } from "../core/port.ts";
import { FreshCluster } from "../kube/fresh.ts";
import { statusMessage, type Transport } from "../kube/transport.ts";

/** Milliseconds in which an eviction that a PodDisruptionBudget refuses is tried again, as kubectl drain does. */
const budgetLimit = 20_000;
/** Milliseconds that evicted pods get to end. */
const endLimit = 40_000;

export interface Drained {
  evicted: string[];
  refused: { pod: string; message: string }[];
}

/**
 * Evicts one namespace's pods from a node by the eviction API, which honors PodDisruptionBudgets, all at once as kubectl drain does. A
 * refused eviction is tried again each second for 20 s, as pods evicted before may be replaced meanwhile. Pods of DaemonSets and static
 * pods stay, as there. Resolves once the evicted ones have ended (40 s at most).
 */
export async function evictFrom(
  transport: Transport,
  namespace: string,
  node: string,
  signal: AbortSignal,
): Promise<Drained> {
  const cluster = new FreshCluster(transport, namespace, signal);
  const pods = (await cluster.list(kinds.Pod)).filter((pod) => pod.spec?.nodeName === node && evictable(pod));
  const refused: Drained["refused"] = [];
  const evicted: V1Pod[] = [];
  await Promise.all(
    pods.map(async (pod) => {
      const name = pod.metadata?.name ?? "";
      const { value } = await poll(() => evict(transport, namespace, name, signal), {
        clock: systemClock,
        within: budgetLimit,
        done: (message) => message === undefined,
        signal,
        pauses: [1_000],
      });
      signal.throwIfAborted();
      if (value === undefined) evicted.push(pod);
      else refused.push({ pod: name, message: value });
    }),
  );
  const uids = new Set(evicted.map((pod) => pod.metadata?.uid));
  await poll(async () => (await cluster.list(kinds.Pod)).every((pod) => !uids.has(pod.metadata?.uid)), {
    clock: systemClock,
    within: endLimit,
    done: Boolean,
    signal,
    pauses: [250, 500],
  });
  signal.throwIfAborted();
  return { evicted: evicted.map((pod) => pod.metadata?.name ?? "").sort(), refused };
}

const evictable = ({ metadata, status }: V1Pod): boolean =>
  metadata?.deletionTimestamp === undefined &&
  status?.phase !== "Succeeded" &&
  status?.phase !== "Failed" &&
  metadata?.annotations?.["kubernetes.io/config.mirror"] === undefined &&
  !metadata?.ownerReferences?.some((owner) => owner.controller && owner.kind === "DaemonSet");

/** One try: undefined when it is evicted (or gone), else what the API server said. */
async function evict(
  transport: Transport,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/eviction`;
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
  const answer = await transport.raw(path, { method: "POST", body, signal });
  if (answer.status < 400 || answer.status === 404) return undefined;
  return statusMessage(answer.body) ?? `HTTP ${answer.status}`;
}
