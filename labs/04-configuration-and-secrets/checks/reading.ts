/** What several checks and experiments of this lab read from the cluster and from its processes. */
import type { V1Container, V1Deployment, V1Pod } from "@kubernetes/client-node";
import type { Probes } from "../../../checkers/core/check.ts";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import type { Evidence } from "../../../checkers/core/verdict.ts";
import { isReady, probeFailure, refusal, troubleOf, unsettled, workload } from "../../../checkers/core/workload.ts";

export const nameOf = (pod: V1Pod): string => pod.metadata?.name ?? "";
export const listed = (list: readonly string[]): string => (list.length === 0 ? "none" : list.join(", "));

export const notFound = (object: string, command: string): Evidence => ({
  object,
  expected: "exists",
  actual: "not found",
  command,
});

export interface Fleet {
  deployment: V1Deployment | undefined;
  ready: V1Pod[];
  /** Why it is too early to judge; undefined when the pods have settled, or will not without someone's help. */
  moving: string | undefined;
  /** What keeps the newest pods from getting going. */
  trouble: Evidence | undefined;
}

/** Milliseconds a pod may fail its probe before that is more than a slow start. */
const patience = 15_000;

/** The living pods of a Deployment. */
export async function fleet(cluster: Cluster, name: string): Promise<Fleet> {
  const work = await workload(cluster, name);
  if (!work) return { deployment: undefined, ready: [], moving: undefined, trouble: undefined };
  const { deployment, newest, pods } = work;
  const why = unsettled(deployment);
  const events = why ? await cluster.list(kinds.Event) : [];
  const trouble =
    refusal(deployment) ??
    newest.map((pod) => troubleOf(pod)?.evidence ?? probeFailure(pod, events, Date.now(), patience)).find(Boolean);
  return {
    deployment,
    ready: pods.filter(isReady),
    moving: why && !trouble ? `${name}: ${why}` : undefined,
    trouble: why ? trouble : undefined,
  };
}

/** The container that runs this image, else the first: sidecars have settings of their own. */
export function mainContainer(pod: V1Pod, image: string): V1Container | undefined {
  const [repository] = image.split(":");
  const containers = pod.spec?.containers ?? [];
  return containers.find((one) => one.image?.startsWith(`${repository}:`)) ?? containers[0];
}

/** "A=1\0B=2\0" as a map; undefined where there is no variable in it. */
export function variables(text: string, separator: "\0" | "\n"): Map<string, string> | undefined {
  const pairs = text
    .split(separator)
    .map((line) => /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, name, value]) => [name as string, value as string] as const);
  return pairs.length > 0 ? new Map(pairs) : undefined;
}

/**
 * The environment that a container's first process was started with, from the kernel; nginx writes its title over that, so there, and wherever it
 * can't be read, what the runtime gives every process of the container.
 */
export async function environmentOf(
  { exec }: Probes,
  pod: string,
  container: string | undefined,
): Promise<Map<string, string>> {
  const options = container ? { container } : {};
  const own = await exec(pod, ["cat", "/proc/1/environ"], options);
  const kernel = own.code === 0 ? variables(own.stdout, "\0") : undefined;
  if (kernel) return kernel;
  const { stdout } = await exec(pod, ["env"], options);
  return variables(stdout, "\n") ?? new Map();
}

/** A Secret's values, decoded. */
export async function secretOf(cluster: Cluster, name: string): Promise<Map<string, string> | undefined> {
  const found = await cluster.get(kinds.Secret, name);
  if (!found) return undefined;
  return new Map(
    Object.entries(found.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
  );
}

/** Where a container's variable comes from, as its spec says it. */
export type Origin = "value" | "configmap" | "secret" | "other";
export function originOf(container: V1Container | undefined, variable: string): Origin {
  // Of two entries with one name, the last counts.
  const one = container?.env?.findLast(({ name }) => name === variable);
  if (one?.valueFrom?.configMapKeyRef) return "configmap";
  if (one?.valueFrom?.secretKeyRef) return "secret";
  if (one?.valueFrom) return "other";
  if (one) return "value";
  return "other";
}
