/** The model's pods, by the version that each of them says it is. */
import type { V1Pod } from "@kubernetes/client-node";
import type { Scene, TrafficSample } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import type { Evidence } from "../../../checkers/core/verdict.ts";
import { isReady } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";

export interface Member {
  pod: V1Pod;
  name: string;
  ready: boolean;
  /** What the process answers in X-Version; undefined where it does not answer (yet). */
  version?: string;
}

/** Every living pod that runs the model's image, whatever made it and whatever its labels. Asks each one once. */
export async function fleetOf({ cluster, probes }: Pick<Scene, "cluster" | "probes">, f: Facts): Promise<Member[]> {
  const pods = (await cluster.list(kinds.Pod)).filter(
    ({ metadata, spec, status }) =>
      metadata?.deletionTimestamp === undefined &&
      status?.phase !== "Failed" &&
      status?.phase !== "Succeeded" &&
      spec?.containers.some(({ image }) => image?.startsWith(`${f.repository}:`)),
  );
  return Promise.all(
    pods.map(async (pod) => {
      const name = pod.metadata?.name ?? "";
      const running = pod.status?.containerStatuses?.some(({ state }) => state?.running) ?? false;
      const answer = running ? await probes.podGet(name, f.port, "/config").catch(() => undefined) : undefined;
      const version = answer?.headers["x-version"];
      return { pod, name, ready: isReady(pod), ...(version && { version }) };
    }),
  );
}

/** Of "2.0" and "10.1": by their numbers, so that the newest comes last. */
export const byVersion = (one: string, other: string): number =>
  one.localeCompare(other, "en", { numeric: true, sensitivity: "base" });

/** Ready pods of each version, the oldest version first. */
export function readyByVersion(fleet: readonly Member[]): Map<string, Member[]> {
  const versions = [...new Set(fleet.flatMap(({ version }) => version ?? []))].sort(byVersion);
  return new Map(
    versions
      .map((version) => [version, fleet.filter((one) => one.ready && one.version === version)] as const)
      .filter(([, members]) => members.length > 0),
  );
}

export const shownFleet = (fleet: readonly Member[]): string =>
  [...readyByVersion(fleet)].map(([version, { length }]) => `${version}: ${length}`).join(", ") || "none";

export const fleetEvidence = (fleet: readonly Member[], f: Facts, expected: string): Evidence => ({
  object: `pods of ${f.repository}`,
  path: "ready, by version",
  expected,
  actual: shownFleet(fleet),
  command: "kubectl get pods --show-labels",
});

/** Answers that tell their version: the rest came from no pod. */
export const told = ({ versions }: TrafficSample): [string, number][] =>
  Object.entries(versions)
    .filter(([version]) => version !== "unknown")
    .sort(([one], [other]) => byVersion(one, other));

/** "200: 190, 500: 10" in words. */
export const shownStatuses = ({ statuses }: TrafficSample): string =>
  Object.entries(statuses)
    .map(([status, n]) => `${status === "0" ? "no answer" : status}: ${n}`)
    .join(", ");
export const shownVersions = (sample: TrafficSample): string =>
  told(sample)
    .map(([version, n]) => `${version}: ${n}`)
    .join(", ") || "nobody";
