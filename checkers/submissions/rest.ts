import type { V1Pod } from "@kubernetes/client-node";
import { type Clock, poll } from "../core/poll.ts";
import { type Cluster, type Kind, kinds } from "../core/port.ts";
import { isReady, refusal, troubleOf } from "../core/workload.ts";
import { podNeed } from "./room.ts";

/** Milliseconds that a pod in trouble gets to come out of it: others may be starting what it needs. */
const patience = { "image-pull": 3_000, unschedulable: 8_000, "crash-loop": 20_000, "not-ready": 30_000 } as const;
/** Milliseconds that all has to be well before it counts as rest: controllers follow one another. */
const calm = 300;
const limit = 90_000;

interface Named {
  metadata?: { namespace?: string };
}
/** Cores and bytes the biggest node has for pods. */
export interface NodeSize {
  cpu: number;
  memory: number;
}
type Trouble = keyof typeof patience;
type Standing = "rest" | "busy" | Trouble;

/**
 * Waits until what was created has come to rest: every pod ready, finished or in trouble for so long that it is beyond help, every Service's
 * endpoints in step. Reads a live cache, so it costs the API server nothing. Resolves whatever the outcome, false when time was up: it is the checks that judge.
 */
export async function comeToRest(
  cluster: Cluster,
  namespace: string,
  biggestNode: NodeSize,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  /** Since when each pod (or what is not created) has been in trouble; a crash loop runs again for moments. */
  const since = new Map<string, number>();
  let well: number | undefined;
  const { done } = await poll(
    async () => {
      const now = clock.now();
      const { busy, troubles } = await look(cluster, namespace, biggestNode);
      for (const name of since.keys()) if (!troubles.has(name)) since.delete(name);
      for (const name of troubles.keys()) if (!since.has(name)) since.set(name, now);
      const hopeless = [...troubles].every(([name, kind]) => now - (since.get(name) ?? now) >= patience[kind]);
      if (busy || !hopeless) {
        well = undefined;
        return false;
      }
      well ??= now;
      return now - well >= calm;
    },
    { clock, within: limit, done: Boolean, signal, pauses: [50, 100, 150] },
  );
  return done;
}

async function look(
  cluster: Cluster,
  namespace: string,
  biggestNode: NodeSize,
): Promise<{ busy: boolean; troubles: Map<string, Trouble> }> {
  const own = <T extends Named>(kind: Kind<T>): Promise<T[]> => ownOf(cluster, kind, namespace);
  const [pods, deployments, sets, services, slices] = await Promise.all([
    own(kinds.Pod),
    own(kinds.Deployment),
    own(kinds.StatefulSet),
    own(kinds.Service),
    own(kinds.EndpointSlice),
  ]);
  const standings = pods.map(
    (pod) => [pod.metadata?.name ?? "", squeezed(pod, biggestNode) ? "busy" : standingOf(pod)] as const,
  );
  const troubles = new Map(
    standings.filter((one): one is readonly [string, Trouble] => one[1] !== "rest" && one[1] !== "busy"),
  );
  const short = [...deployments, ...sets].some(({ metadata, spec, status }) => {
    if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return true;
    return (status?.replicas ?? 0) < (spec?.replicas ?? 1);
  });
  const refused = deployments.some((one) => refusal(one) !== undefined);
  const lagging = services.some(({ metadata, spec }) => {
    const selector = Object.entries(spec?.selector ?? {});
    if (selector.length === 0) return false;
    const listed = new Set(
      slices
        .filter((slice) => slice.metadata?.labels?.["kubernetes.io/service-name"] === metadata?.name)
        .flatMap((slice) => slice.endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready !== false)
        .map(({ targetRef }) => targetRef?.name),
    );
    return pods.some(
      (pod) =>
        isReady(pod) &&
        selector.every(([key, value]) => pod.metadata?.labels?.[key] === value) &&
        !listed.has(pod.metadata?.name),
    );
  });
  // Pods that are still to be made: nobody will where they are refused, but that is tried again for a while.
  if (short && refused) troubles.set("pods that are refused", "unschedulable");
  const busy = standings.some(([, one]) => one === "busy") || lagging || (short && troubles.size === 0);
  return { busy, troubles };
}

/** One watch for all sandboxes, read by namespace. */
const ownOf = async <T extends Named>(cluster: Cluster, kind: Kind<T>, namespace: string): Promise<T[]> =>
  (await cluster.list(kind, { namespace: "" })).filter((one) => one.metadata?.namespace === namespace);

/** No room for it just now, though it would fit on an empty node: that is the cluster's fault, not its author's. */
function squeezed(pod: V1Pod, biggest: NodeSize): boolean {
  const unplaced = (pod.status?.conditions ?? []).find(
    (one) => one.type === "PodScheduled" && one.reason === "Unschedulable",
  );
  if (!/Insufficient|Too many pods/.test(unplaced?.message ?? "")) return false;
  const { cpu, memory } = podNeed(pod.spec);
  return cpu <= biggest.cpu && memory <= biggest.memory;
}

/**
 * What an overloaded cluster may have brought about and not the submission: pods that found no room, that run and are not ready, that were
 * killed (137, 143) and started again. undefined where nothing of the kind is to be seen.
 */
export async function underLoad(
  cluster: Cluster,
  namespace: string,
  biggestNode: NodeSize,
): Promise<"no room" | "shaky" | undefined> {
  const pods = await ownOf(cluster, kinds.Pod, namespace);
  if (pods.some((pod) => squeezed(pod, biggestNode))) return "no room";
  const killed = (pod: V1Pod): boolean =>
    (pod.status?.containerStatuses ?? []).some(
      ({ lastState, restartCount }) => restartCount > 0 && [137, 143].includes(lastState?.terminated?.exitCode ?? 0),
    );
  return pods.some((pod) => killed(pod) || standingOf(pod) === "not-ready" || standingOf(pod) === "busy")
    ? "shaky"
    : undefined;
}

function standingOf(pod: V1Pod): Standing {
  const { phase } = pod.status ?? {};
  if (phase === "Succeeded" || phase === "Failed") return "rest";
  if (pod.metadata?.deletionTimestamp) return "busy";
  if (isReady(pod)) return "rest";
  const trouble = troubleOf(pod);
  if (trouble) return trouble.kind;
  const containers = pod.status?.containerStatuses ?? [];
  return containers.length > 0 && containers.every((one) => one.state?.running) ? "not-ready" : "busy";
}
