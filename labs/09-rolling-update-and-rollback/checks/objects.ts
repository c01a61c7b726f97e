/** What the checks and experiments of this lab read of Deployments and their history. */
import { setTimeout as pause } from "node:timers/promises";
import type { V1Deployment, V1PodTemplateSpec, V1ReplicaSet } from "@kubernetes/client-node";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import { isReady } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";

export const changeCause = "kubernetes.io/change-cause";
const revision = "deployment.kubernetes.io/revision";
const formerRevisions = "deployment.kubernetes.io/revision-history";

export const isRecreate = ({ spec }: V1Deployment): boolean => spec?.strategy?.type === "Recreate";

/** The strategy as one would say it. */
export function shownStrategy({ spec }: V1Deployment): string {
  const { type, rollingUpdate } = spec?.strategy ?? {};
  if (type === "Recreate") return "Recreate";
  return `RollingUpdate, maxSurge ${rollingUpdate?.maxSurge ?? "25%"}, maxUnavailable ${rollingUpdate?.maxUnavailable ?? "25%"}`;
}

/** One remembered template of a Deployment: a ReplicaSet with its number. */
export interface Revision {
  number: number;
  /** Numbers the same template had before it was gone back to. */
  former: number[];
  image: string;
  logLevel: string;
  cause: string;
  name: string;
}

const containerOf = (template: V1PodTemplateSpec | undefined, f: Facts) =>
  template?.spec?.containers.find((one) => one.image?.startsWith(`${f.repository}:`)) ?? template?.spec?.containers[0];

function revisionOf(set: V1ReplicaSet, f: Facts): Revision {
  const marks = set.metadata?.annotations ?? {};
  const container = containerOf(set.spec?.template, f);
  return {
    number: Number(marks[revision] ?? 0),
    former: (marks[formerRevisions] ?? "").split(",").filter(Boolean).map(Number),
    image: container?.image ?? "",
    logLevel: container?.env?.find((one) => one.name === "LOG_LEVEL")?.value ?? "",
    cause: marks[changeCause] ?? "",
    name: set.metadata?.name ?? "",
  };
}

/** A Deployment's history, oldest number first: what `kubectl rollout history` prints. */
export async function history(cluster: Cluster, deployment: V1Deployment, f: Facts): Promise<Revision[]> {
  const sets = await cluster.list(kinds.ReplicaSet);
  return sets
    .filter((one) => one.metadata?.ownerReferences?.some(({ uid }) => uid === deployment.metadata?.uid))
    .map((one) => revisionOf(one, f))
    .sort((one, other) => one.number - other.number);
}

/** The number of the template that the Deployment has now. */
export const current = ({ metadata }: V1Deployment): number => Number(metadata?.annotations?.[revision] ?? 0);

/** A revision as a line of evidence. */
export const shownRevision = ({ number, image, logLevel, cause }: Revision): string =>
  `${number}: ${image.split(":").at(-1)}${logLevel ? ` LOG_LEVEL=${logLevel}` : ""} (${cause || "no change-cause"})`;
export const shownHistory = (all: readonly Revision[]): string => all.map(shownRevision).join("; ") || "none";

/** Looks until there is something to say or the time (seconds) is up. */
export async function until<T>(
  seconds: number,
  signal: AbortSignal,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined || performance.now() >= end) return seen;
    await pause(400, undefined, { signal });
  }
}

export const since = (moment: number): number => Math.round((performance.now() - moment) / 100) / 10;

/** How many pods with this label are ready now. */
export const readyWith = async (cluster: Cluster, labels: Record<string, string>): Promise<number> =>
  (await cluster.list(kinds.Pod, { labels })).filter(isReady).length;
