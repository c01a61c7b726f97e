/** Readings of a Deployment and its pods that many labs' checks need. Pure: they read objects and say what is so. */
import type {
  CoreV1Event,
  V1ContainerStatus,
  V1Deployment,
  V1ObjectMeta,
  V1Pod,
  V1ReplicaSet,
} from "@kubernetes/client-node";
import { type Cluster, kinds } from "./port.ts";
import type { Evidence } from "./verdict.ts";

const revision = "deployment.kubernetes.io/revision";

const ownedBy = (meta: V1ObjectMeta | undefined, uid: string | undefined): boolean =>
  uid !== undefined && (meta?.ownerReferences ?? []).some((owner) => owner.controller === true && owner.uid === uid);

/** True where the pod may be sent traffic, as Kubernetes sees it: its Ready condition is True and nobody is deleting it. */
export const isReady = (pod: V1Pod): boolean =>
  pod.metadata?.deletionTimestamp === undefined &&
  (pod.status?.conditions ?? []).some((one) => one.type === "Ready" && one.status === "True");

export interface Workload {
  deployment: V1Deployment;
  /** Every living pod the Deployment owns through its ReplicaSets, whatever its labels say. */
  pods: V1Pod[];
  /** Those of the newest revision. */
  newest: V1Pod[];
}

/** A Deployment with the pods it owns, or undefined where there is none of that name. Finished and leaving pods are left out. */
export async function workload(cluster: Cluster, name: string): Promise<Workload | undefined> {
  const deployment = await cluster.get(kinds.Deployment, name);
  if (!deployment) return undefined;
  const [replicaSets, pods] = await Promise.all([cluster.list(kinds.ReplicaSet), cluster.list(kinds.Pod)]);
  const own = replicaSets
    .filter((one) => ownedBy(one.metadata, deployment.metadata?.uid))
    .sort((one, other) => numbered(other) - numbered(one));
  const living = pods.filter(
    ({ metadata, status }) =>
      metadata?.deletionTimestamp === undefined && status?.phase !== "Failed" && status?.phase !== "Succeeded",
  );
  const of = (replicaSet: V1ReplicaSet | undefined): V1Pod[] =>
    living.filter((pod) => ownedBy(pod.metadata, replicaSet?.metadata?.uid));
  return { deployment, pods: own.flatMap(of), newest: of(own[0]) };
}

export interface Revision {
  /** As `kubectl rollout history` numbers it. */
  revision: number;
  /** Numbers it had before: a rollback makes a former revision the newest one. */
  former: number[];
  /** What the change was made for: the annotation kubernetes.io/change-cause. */
  cause?: string;
  /** Of its containers, in order. */
  images: string[];
  replicaSet: V1ReplicaSet;
}

/** A Deployment's history, oldest first: the ReplicaSets it owns, as far as revisionHistoryLimit kept them. Empty where there is none. */
export async function revisions(cluster: Cluster, name: string): Promise<Revision[]> {
  const [deployment, replicaSets] = await Promise.all([
    cluster.get(kinds.Deployment, name),
    cluster.list(kinds.ReplicaSet),
  ]);
  return replicaSets
    .filter((one) => ownedBy(one.metadata, deployment?.metadata?.uid))
    .map((replicaSet) => {
      const { annotations = {} } = replicaSet.metadata ?? {};
      const cause = annotations["kubernetes.io/change-cause"];
      return {
        revision: numbered(replicaSet),
        former: (annotations["deployment.kubernetes.io/revision-history"] ?? "").split(",").filter(Boolean).map(Number),
        ...(cause && { cause }),
        images: (replicaSet.spec?.template?.spec?.containers ?? []).map(({ image }) => image ?? ""),
        replicaSet,
      };
    })
    .sort((one, other) => one.revision - other.revision);
}

const numbered = (replicaSet: V1ReplicaSet): number => Number(replicaSet.metadata?.annotations?.[revision] ?? 0);

/** What the Deployment is still doing, in words, or undefined when it has come to rest. Never a promise that it will. */
export function unsettled({ metadata, spec, status }: V1Deployment): string | undefined {
  const want = spec?.replicas ?? 1;
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) {
    return "the Deployment controller has not yet taken in your last change";
  }
  const updated = status?.updatedReplicas ?? 0;
  if (updated < want) return `rollout in progress: ${updated} of ${want} pods are made from the present template`;
  const surplus = (status?.replicas ?? 0) - updated;
  if (surplus > 0)
    return `rollout in progress: ${surplus} pod${surplus === 1 ? "" : "s"} of the former template still there`;
  const ready = status?.readyReplicas ?? 0;
  if (ready < want) return `${ready} of ${want} pods ready`;
  return undefined;
}

export interface Trouble {
  kind: "image-pull" | "crash-loop" | "unschedulable";
  evidence: Evidence;
}

const pulling = new Set(["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"]);
const starting = new Set(["ContainerCreating", "PodInitializing"]);

const clean = (text: string | undefined): string => (text ?? "").replaceAll(/\s+/g, " ").trim().slice(0, 400);

/** Why this pod will not get going without someone's help, or undefined while it is merely on its way. */
export function troubleOf(pod: V1Pod): Trouble | undefined {
  const name = pod.metadata?.name ?? "";
  const object = `pod/${name}`;
  const unplaced = (pod.status?.conditions ?? []).find(
    (one) => one.type === "PodScheduled" && one.status === "False" && one.reason === "Unschedulable",
  );
  if (unplaced) {
    return {
      kind: "unschedulable",
      evidence: {
        object,
        path: "status.conditions[PodScheduled]",
        expected: "scheduled to a node",
        actual: `${unplaced.reason}: ${clean(unplaced.message)}`,
        command: `kubectl describe pod ${name}`,
      },
    };
  }
  for (const status of [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]) {
    const trouble = containerTrouble(object, name, status);
    if (trouble) return trouble;
  }
  return undefined;
}

function containerTrouble(object: string, pod: string, status: V1ContainerStatus): Trouble | undefined {
  const { waiting, terminated } = status.state ?? {};
  const path = `container ${status.name}`;
  if (waiting?.reason && pulling.has(waiting.reason)) {
    return {
      kind: "image-pull",
      evidence: {
        object,
        path,
        expected: `image ${status.image} pulled`,
        actual: `${waiting.reason}: ${clean(waiting.message)}`,
        command: `kubectl describe pod ${pod}`,
      },
    };
  }
  if (status.ready) return undefined;
  // A failing container runs again for moments between its ends: the restart count, not the present state, tells it from a slow start.
  const ended = terminated ?? status.lastState?.terminated;
  if (ended && (status.restartCount > 0 || ended.exitCode !== 0)) {
    const said = clean(ended.message);
    return {
      kind: "crash-loop",
      evidence: {
        object,
        path,
        expected: "keeps running",
        actual: `ended with exit code ${ended.exitCode} (${ended.reason ?? "no reason given"})${said ? `: ${said}` : ""}, ${status.restartCount} restart${status.restartCount === 1 ? "" : "s"}`,
        command: `kubectl logs ${pod} -c ${status.name}${status.restartCount > 0 ? " --previous" : ""}`,
      },
    };
  }
  if (waiting?.reason && !starting.has(waiting.reason)) {
    return {
      kind: "crash-loop",
      evidence: {
        object,
        path,
        expected: "runs",
        actual: `${waiting.reason}: ${clean(waiting.message)}`,
        command: `kubectl describe pod ${pod}`,
      },
    };
  }
  return undefined;
}

/** Why the API server refuses to create the Deployment's pods (quota, missing ServiceAccount, admission), or undefined. */
export function refusal({ metadata, status }: V1Deployment): Evidence | undefined {
  const condition = (status?.conditions ?? []).find((one) => one.type === "ReplicaFailure" && one.status === "True");
  if (!condition) return undefined;
  return {
    object: `deployment/${metadata?.name}`,
    path: "status.conditions[ReplicaFailure]",
    expected: "pods created",
    actual: `${condition.reason}: ${clean(condition.message)}`,
    command: `kubectl describe deployment ${metadata?.name}`,
  };
}

/**
 * What the kubelet says about a probe that keeps failing on a running pod, or undefined while that may still be a slow start: it takes
 * three failures and `patience` (milliseconds since the last container started), or a restart for a failed liveness probe. What a startup probe said
 * counts until it has succeeded: a pod that took its time to start and now collects its readiness probe's successes has no failure.
 * `now`: milliseconds of the epoch.
 */
export function probeFailure(
  pod: V1Pod,
  events: readonly CoreV1Event[],
  now: number,
  patience = 30_000,
): Evidence | undefined {
  if (isReady(pod)) return undefined;
  const containers = pod.status?.containerStatuses ?? [];
  const started = containers.length > 0 && containers.every((one) => one.started);
  const said = events.filter(
    (event) =>
      event.involvedObject.uid === pod.metadata?.uid &&
      event.reason === "Unhealthy" &&
      / probe failed/.test(event.message ?? "") &&
      !(started && /Startup probe failed/.test(event.message ?? "")),
  );
  const times = said.reduce((sum, event) => sum + (event.series?.count ?? event.count ?? 1), 0);
  if (times < 3) return undefined;
  const killed =
    containers.some((one) => one.restartCount > 0) && said.some((event) => event.message?.startsWith("Liveness"));
  if (!killed) {
    if (containers.length === 0 || !containers.every((one) => one.state?.running)) return undefined;
    if (now - Math.max(...containers.map((one) => time(one.state?.running?.startedAt))) < patience) return undefined;
  }
  const last = said.reduce((one, other) => (seenAt(other) >= seenAt(one) ? other : one));
  const name = pod.metadata?.name ?? "";
  return {
    object: `pod/${name}`,
    path: "status.conditions[Ready]",
    expected: "True",
    actual: `False after ${times} failed probes${killed ? " and a restart" : ""}: ${clean(last.message)}`,
    command: `kubectl describe pod ${name}`,
  };
}

/** Objects come with Date in a live read and with text from a recorded one. */
const time = (value: Date | string | undefined): number => (value === undefined ? 0 : new Date(value).getTime());
const seenAt = (event: CoreV1Event): number =>
  time(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp);
