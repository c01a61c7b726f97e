import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { type Cluster, type Kind, kinds, type Scope } from "../core/port.ts";
import { defaults, sandboxLabel } from "./guards.ts";

interface Labelled {
  metadata?: { labels?: Record<string, string> };
}

/**
 * The cluster as a submission's author left it: without the sandbox's own guards, and with pods as they were declared, without the
 * requests and limits that the sandbox's LimitRange put in.
 */
export class AuthoredCluster implements Cluster {
  readonly #cluster: Cluster;
  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async get<T>(kind: Kind<T>, name: string, scope?: Scope): Promise<T | undefined> {
    const object = await this.#cluster.get(kind, name, scope);
    return object === undefined || guard(object) ? undefined : asDeclared(kind, object);
  }

  async list<T>(kind: Kind<T>, scope?: Scope): Promise<T[]> {
    const all = await this.#cluster.list(kind, scope);
    return all.filter((object) => !guard(object)).map((object) => asDeclared(kind, object));
  }
}

const guard = (object: unknown): boolean => (object as Labelled).metadata?.labels?.[sandboxLabel] !== undefined;

function asDeclared<T>(kind: Kind<T>, object: T): T {
  if (kind.group !== kinds.Pod.group || kind.plural !== kinds.Pod.plural) return object;
  return undefaulted(object as V1Pod) as T;
}

const annotation = "kubernetes.io/limit-ranger";

/** A pod without what the admission plugin LimitRanger says in its annotation that it put in, where that is the sandbox's own value. */
export function undefaulted(pod: V1Pod): V1Pod {
  const said = pod.metadata?.annotations?.[annotation];
  if (!said?.startsWith("LimitRanger plugin set:")) return pod;
  const copy = structuredClone(pod);
  delete copy.metadata?.annotations?.[annotation];
  // "LimitRanger plugin set: cpu, memory request for container a; cpu limit for init container b"
  for (const part of said.slice(said.indexOf(":") + 1).split(";")) {
    const [, names = "", which, init, container] =
      /^\s*(.+) (request|limit) for (init )?container (\S+)\s*$/.exec(part) ?? [];
    const all = (init ? copy.spec?.initContainers : copy.spec?.containers) ?? [];
    const found = all.find((one) => one.name === container);
    if (!found || (which !== "request" && which !== "limit")) continue;
    drop(
      found,
      which,
      names.split(",").map((name) => name.trim()),
    );
  }
  if (copy.status) copy.status.qosClass = qosClass(copy);
  return copy;
}

function drop(container: V1Container, which: "request" | "limit", names: readonly string[]): void {
  const map = which === "request" ? container.resources?.requests : container.resources?.limits;
  for (const name of names) {
    const own = (defaults[which] as Record<string, string>)[name];
    if (map && own !== undefined && map[name] === own) delete map[name];
  }
  if (container.resources && map && Object.keys(map).length === 0) delete container.resources[`${which}s`];
}

/** As Kubernetes documents it: Guaranteed where every container's CPU and memory limits equal its requests, BestEffort where there are none. */
function qosClass(pod: V1Pod): string {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const of = (name: string): [string | undefined, string | undefined][] =>
    all.map(({ resources }) => [resources?.requests?.[name] ?? resources?.limits?.[name], resources?.limits?.[name]]);
  const both = [...of("cpu"), ...of("memory")];
  if (both.every(([request, limit]) => request === undefined && limit === undefined)) return "BestEffort";
  return both.every(([request, limit]) => limit !== undefined && request === limit) ? "Guaranteed" : "Burstable";
}
