/** What several checks and experiments read from the cluster. */
import type { V1Deployment, V1Pod, V1ReplicaSet } from "@kubernetes/client-node";
import { slicesOf } from "../../checkers/core/behind.ts";
import type { Failure } from "../../checkers/core/check.ts";
import { type Cluster, kinds } from "../../checkers/core/port.ts";
import type { Evidence } from "../../checkers/core/verdict.ts";
import { refusal, troubleOf } from "../../checkers/core/workload.ts";

type Pairs = Readonly<Record<string, string>>;

/** Label pairs as kubectl writes them: "app=ml-demo,tier=backend". */
export const shown = (pairs: Pairs) =>
  Object.entries(pairs)
    .map(([key, value]) => `${key}=${value}`)
    .join(",") || "(none)";

/** Whether every pair of the selector stands among the labels: that, and nothing else, is selection. */
export const selects = (selector: Pairs, labels: Pairs = {}) =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

export const isReady = (pod: V1Pod) =>
  pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

/** A time of an object in milliseconds; live objects carry strings, parsed ones dates. */
export const at = (time: Date | string | undefined) => (time === undefined ? 0 : new Date(time).getTime());

export interface Fleet {
  deployment: V1Deployment;
  sets: V1ReplicaSet[];
  wanted: number;
  /** Pods that the Deployment's ReplicaSets own and that are not on their way out. */
  pods: V1Pod[];
  ready: V1Pod[];
  /** Why it is too early to judge, or undefined when what runs is what is wanted. */
  unsettled: string | undefined;
  /** What keeps a pod from getting going until someone helps: waiting would be for ever. */
  trouble: Evidence | undefined;
}

/** The Deployment and the pods it owns by way of its ReplicaSets, or undefined when it is not there. */
export const fleet = async (cluster: Cluster, name: string): Promise<Fleet | undefined> => {
  const [deployment, sets, all] = await Promise.all([
    cluster.get(kinds.Deployment, name),
    cluster.list(kinds.ReplicaSet),
    cluster.list(kinds.Pod),
  ]);
  if (!deployment) return undefined;
  const owned = (by: readonly (string | undefined)[], uids: { uid: string }[] = []) =>
    uids.some(({ uid }) => by.includes(uid));
  const own = sets.filter((set) => owned([deployment.metadata?.uid], set.metadata?.ownerReferences));
  const ids = own.map((set) => set.metadata?.uid);
  const mine = all.filter((pod) => owned(ids, pod.metadata?.ownerReferences));
  const pods = mine.filter((pod) => !pod.metadata?.deletionTimestamp);
  const ready = pods.filter(isReady);
  const wanted = deployment.spec?.replicas ?? 1;
  const behind = (deployment.status?.observedGeneration ?? 0) < (deployment.metadata?.generation ?? 0);
  const unsettled = behind
    ? `deployment/${name} was just changed`
    : ready.length !== wanted || pods.length !== wanted || mine.length !== pods.length
      ? `deployment/${name} wants ${wanted} pods; ${ready.length} are Ready, ${mine.length - ready.length} starting or stopping`
      : undefined;
  const trouble =
    refusal(deployment) ??
    pods
      .filter((pod) => !isReady(pod))
      .map(troubleOf)
      .find((one) => one !== undefined)?.evidence;
  return { deployment, sets: own, wanted, pods, ready, unsettled, trouble };
};

/** What to say where the Deployment's pods will not get going by themselves. */
export const brokenFailure = (deployment: string): Failure => ({
  says: `A pod of ${deployment} does not get going, and waiting will not mend it: the first rung of the ladder, running, does not hold.`,
  hints: [
    "The evidence says what is in its way. kubectl describe pod tells the whole story, under Events at the end.",
    "ImagePullBackOff is a wrong image name; CrashLoopBackOff a process that ends, whose last words kubectl logs POD --previous shows; Pending for long is a request that no node can meet.",
    `kubectl rollout undo deployment/${deployment} takes back the last change of the template. Resetting the lab brings back its start.`,
  ],
});

export const named = (pods: V1Pod[]) => pods.map((pod) => pod.metadata?.name ?? "?");

/** Who stands as ready in the Service's EndpointSlices: names of pods, or addresses that none of `pods` has. Sorted. */
export const endpoints = async (cluster: Cluster, service: string, pods: V1Pod[] = []) => {
  const slices = await slicesOf(cluster, service);
  const owner = (address = "?") => pods.find((pod) => pod.status?.podIP === address)?.metadata?.name ?? address;
  return slices
    .flatMap((slice) => slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .map(({ targetRef, addresses }) => targetRef?.name ?? owner(addresses[0]))
    .sort();
};
