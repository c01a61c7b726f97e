/** What several checks and experiments of this lab read from the cluster. */
import type { V1Pod } from "@kubernetes/client-node";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import type { Evidence } from "../../../checkers/core/verdict.ts";
import { isReady, probeFailure, refusal, troubleOf, unsettled, workload } from "../../../checkers/core/workload.ts";

export const nameOf = (pod: V1Pod): string => pod.metadata?.name ?? "";
export const listed = (list: readonly string[]): string => (list.length === 0 ? "none" : list.join(", "));
export const counts = (tally: Readonly<Record<string, number>>): string =>
  listed(Object.entries(tally).map(([key, count]) => `${key}: ${count}`));

export interface Fleet {
  ready: V1Pod[];
  /** Pods whose containers run, ready or not. */
  running: V1Pod[];
  /** Why it is too early to judge them; undefined when they have settled, or will not without someone's help. */
  moving: string | undefined;
}

/** Milliseconds a pod may fail its probe before that is more than a slow start: nginx and the model need few seconds. */
export const probePatience = 10_000;

/** The living pods of a Deployment. */
export async function fleet(cluster: Cluster, name: string): Promise<Fleet> {
  const work = await workload(cluster, name);
  if (!work) return { ready: [], running: [], moving: undefined };
  const { deployment, newest, pods } = work;
  const why = unsettled(deployment);
  const events = why ? await cluster.list(kinds.Event) : [];
  const stuck =
    refusal(deployment) !== undefined ||
    newest.some((pod) => troubleOf(pod) ?? probeFailure(pod, events, Date.now(), probePatience));
  return {
    ready: pods.filter(isReady),
    running: pods.filter(({ status }) => status?.containerStatuses?.some((one) => one.state?.running)),
    moving: why && !stuck ? `${name}: ${why}` : undefined,
  };
}

/** A cluster IP, or undefined for a Service that has none or is not there. */
export async function clusterIp(cluster: Cluster, service: string): Promise<string | undefined> {
  const ip = (await cluster.get(kinds.Service, service))?.spec?.clusterIP;
  return ip && ip !== "None" ? ip : undefined;
}

export const notFound = (object: string, command: string): Evidence => ({
  object,
  expected: "exists",
  actual: "not found",
  command,
});
