/** What the checks and experiments of this lab read, and how they wait while something they did takes effect. */
import { setTimeout as pause } from "node:timers/promises";
import type { CoreV1Event, V1Container, V1Pod, V1Probe } from "@kubernetes/client-node";
import { slicesOf } from "../../../checkers/core/behind.ts";
import type { Scene } from "../../../checkers/core/check.ts";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import { isReady, unsettled, type Workload, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";

export type Ask = "liveness" | "readiness" | "startup";

/** Milliseconds between two looks. */
const beat = 400;

export const nameOf = (pod: V1Pod): string => pod.metadata?.name ?? "";
export const restartsOf = (pod: V1Pod | undefined): number =>
  (pod?.status?.containerStatuses ?? []).reduce((sum, one) => sum + one.restartCount, 0);

/** The probes of one kind that the pods are made with. */
export const probesOf = (containers: readonly V1Container[], ask: Ask): V1Probe[] =>
  containers.map((one) => one[`${ask}Probe`]).filter((one) => one !== undefined);
export const templateOf = ({ deployment }: Workload): V1Container[] => deployment.spec?.template.spec?.containers ?? [];

/** A probe as one would say it: "httpGet /health on http, every 3 s, 3 failures". */
export function shown(probe: V1Probe): string {
  const how = probe.httpGet
    ? `httpGet ${probe.httpGet.path ?? "/"} on ${probe.httpGet.port}`
    : probe.tcpSocket
      ? `tcpSocket ${probe.tcpSocket.port}`
      : probe.grpc
        ? `grpc ${probe.grpc.port}${probe.grpc.service ? ` service ${probe.grpc.service}` : ""}`
        : `exec ${(probe.exec?.command ?? []).join(" ")}`;
  const wait = probe.initialDelaySeconds ? `, first after ${probe.initialDelaySeconds} s` : "";
  return `${how}, every ${probe.periodSeconds ?? 10} s, ${probe.failureThreshold ?? 3} failures${wait}`;
}
export const allShown = (probes: readonly V1Probe[]): string => probes.map(shown).join("; ") || "none";

/** Looks until there is something to say or the time (seconds) is up. Rejects only when the look does or the check is stopped. */
export async function until<T>(
  seconds: number,
  signal: AbortSignal,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined || performance.now() >= end) return seen;
    await pause(beat, undefined, { signal });
  }
}

/** Seconds since a moment of performance.now(), with one decimal. */
export const since = (moment: number): number => Math.round((performance.now() - moment) / 100) / 10;

/** The workload at rest, or why it is too early to disturb it. */
export async function atRest(cluster: Cluster, f: Facts): Promise<{ found: Workload } | { why: string }> {
  const found = await workload(cluster, f.deployment);
  if (!found) return { why: `there is no deployment/${f.deployment} yet` };
  const why = unsettled(found.deployment);
  if (why) return { why };
  const ready = found.pods.filter(isReady);
  if (ready.length < f.replicas) return { why: `${ready.length} of ${f.replicas} pods ready` };
  return { found };
}

/**
 * A ready pod whose container has not been restarted yet: the kubelet lets a container that ends repeatedly wait (10 s, 20 s, 40 s …), and
 * that wait is not what a check wants to time. Where every pod has been restarted, one is deleted and its successor taken.
 */
export async function freshPod(
  { cluster, probes, signal }: Scene,
  f: Facts,
  pods: V1Pod[],
): Promise<V1Pod | undefined> {
  const ready = pods.filter(isReady);
  const fresh = ready.find((one) => restartsOf(one) === 0);
  if (fresh) return fresh;
  const [worn] = ready.toSorted((one, other) => restartsOf(other) - restartsOf(one));
  if (!worn) return undefined;
  await probes.disturb.deletePod(nameOf(worn), 0);
  return until(60, signal, async () => {
    const now = await atRest(cluster, f);
    return "found" in now ? now.found.pods.find((one) => isReady(one) && restartsOf(one) === 0) : undefined;
  });
}

/** Milliseconds of the epoch; 0 for no time. */
export const at = (time: Date | string | undefined): number => (time === undefined ? 0 : new Date(time).getTime());

/** What the kubelet has said about this pod since a moment (milliseconds of the epoch; events carry whole seconds). */
export async function eventsOf(cluster: Cluster, pod: V1Pod, from = 0): Promise<CoreV1Event[]> {
  const all = await cluster.list(kinds.Event);
  return all.filter(
    (one) =>
      one.involvedObject.uid === pod.metadata?.uid &&
      at(one.lastTimestamp ?? one.eventTime ?? one.metadata.creationTimestamp) >= Math.floor(from / 1000) * 1000,
  );
}
const clean = (text = ""): string => text.replaceAll(/\s+/g, " ").trim().slice(0, 300);

/** The kubelet's latest words on a failed probe of one kind. */
export const failedProbe = (events: readonly CoreV1Event[], ...asks: Ask[]): string | undefined =>
  events
    .filter((one) => one.reason === "Unhealthy")
    .map((one) => clean(one.message))
    // Not at its start: many alike are told as "(combined from similar events): Liveness probe failed …".
    .findLast((text) => asks.some((ask) => text.toLowerCase().includes(`${ask} probe failed`)));

/** Set once the kubelet has decided to end the container because a probe failed. */
export const killing = (events: readonly CoreV1Event[]): string | undefined =>
  events
    .filter((one) => one.reason === "Killing" && /failed (liveness|startup) probe/.test(one.message ?? ""))
    .map((one) => clean(one.message))[0];

export interface Listed {
  ready: boolean;
  /** What its readiness probe says, also while it is being deleted. */
  serving: boolean;
  terminating: boolean;
}
/** How the Service's EndpointSlices list a pod, or undefined where they do not. */
export async function listed(cluster: Cluster, service: string, pod: string): Promise<Listed | undefined> {
  const slices = await slicesOf(cluster, service);
  const found = slices.flatMap((one) => one.endpoints ?? []).find((one) => one.targetRef?.name === pod);
  if (!found) return undefined;
  const { ready, serving, terminating } = found.conditions ?? {};
  return { ready: ready !== false, serving: serving ?? ready !== false, terminating: terminating === true };
}

/** Whether the process behind a port answers a path with 200 now. */
export const answers = async ({ probes }: Scene, pod: string, port: number, path: string): Promise<boolean> =>
  probes.podGet(pod, port, path).then(
    ({ status }) => status === 200,
    () => false,
  );
