import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { defaults } from "./guards.ts";
import type { KubeObject } from "./normalize.ts";

const suffixes: Readonly<Record<string, number>> = {
  "": 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Cores, bytes or pieces of a Kubernetes quantity ("100m" is 0.1); 0 for what is none. */
export function quantity(text: unknown): number {
  const [, number, suffix = ""] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(String(text ?? "")) ?? [];
  const value = Number(number) * (suffixes[suffix] ?? Number.NaN);
  return Number.isFinite(value) ? value : 0;
}

export interface Need {
  /** Cores. */
  cpu: number;
  /** Bytes. */
  memory: number;
  pods: number;
}
const nothing: Need = { cpu: 0, memory: 0, pods: 0 };
const plus = (a: Need, b: Need, times = 1): Need => ({
  cpu: a.cpu + b.cpu * times,
  memory: a.memory + b.memory * times,
  pods: a.pods + b.pods * times,
});

interface PodSpec {
  initContainers?: Container[];
  containers?: Container[];
}
interface Container {
  resources?: { requests?: Record<string, unknown>; limits?: Record<string, unknown> } | null;
}

/** What the scheduler reserves for a pod: the sum over its containers, or its biggest init container. */
export function podNeed(spec: PodSpec | undefined): Need {
  const of = (container: Container, name: "cpu" | "memory"): number =>
    quantity(container.resources?.requests?.[name] ?? container.resources?.limits?.[name] ?? defaults.request[name]);
  const need = (name: "cpu" | "memory"): number =>
    Math.max(
      (spec?.containers ?? []).reduce((sum, one) => sum + of(one, name), 0),
      ...(spec?.initContainers ?? []).map((one) => of(one, name)),
    );
  return { cpu: need("cpu"), memory: need("memory"), pods: 1 };
}

/** What a submission's workloads ask for, with a pod per replica. */
export function needOf(objects: readonly KubeObject[], nodes: number): Need {
  let need = nothing;
  for (const { kind, spec } of objects) {
    const { replicas, template, parallelism, jobTemplate } = (spec ?? {}) as {
      replicas?: number;
      parallelism?: number;
      template?: { spec?: PodSpec };
      jobTemplate?: { spec?: { template?: { spec?: PodSpec } } };
    };
    if (kind === "Pod") need = plus(need, podNeed(spec as PodSpec));
    else if (jobTemplate) need = plus(need, podNeed(jobTemplate.spec?.template?.spec));
    else if (template?.spec) {
      const times = kind === "DaemonSet" ? nodes : kind === "Job" ? (parallelism ?? 1) : (replicas ?? 1);
      need = plus(need, podNeed(template.spec), Math.max(0, Math.min(times, 1_000)));
    }
  }
  return need;
}

export interface Capacity extends Need {
  /** Nodes that take pods. */
  nodes: number;
}

/** What a cluster has for pods of its own accord, less what is reserved already. `ours` tells pods that do not count. */
export function capacityOf(
  nodes: readonly V1Node[],
  pods: readonly V1Pod[],
  ours: (pod: V1Pod) => boolean = () => false,
): Capacity {
  const open = nodes.filter(
    ({ spec }) =>
      spec?.unschedulable !== true &&
      !(spec?.taints ?? []).some(({ effect }) => effect === "NoSchedule" || effect === "NoExecute"),
  );
  const names = new Set(open.map(({ metadata }) => metadata?.name));
  const all = open.reduce((sum, { status }) => {
    const { cpu, memory, pods: most } = status?.allocatable ?? {};
    return plus(sum, { cpu: quantity(cpu), memory: quantity(memory), pods: quantity(most) });
  }, nothing);
  const taken = pods
    .filter(
      (pod) =>
        names.has(pod.spec?.nodeName) &&
        pod.status?.phase !== "Succeeded" &&
        pod.status?.phase !== "Failed" &&
        !ours(pod),
    )
    .reduce((sum, pod) => plus(sum, podNeed(pod.spec as PodSpec)), nothing);
  return { ...plus(all, taken, -1), nodes: open.length };
}

/**
 * Lets work in as far as there is room for what it needs, in the order it came. What needs more than there will ever be goes in alone: it then
 * shows by itself that it does not fit.
 */
export class Room {
  readonly #size: Need;
  readonly #most: number;
  readonly #crowded: () => void;
  #used: Need = nothing;
  #inside = 0;
  readonly #waiting: { need: Need; enter: () => void }[] = [];

  /** `most`: pieces of work inside at a time, whatever they need. */
  /** `crowded` is called whenever somebody has to wait: what is kept without need can be let go then. */
  constructor(size: Need, most: number, crowded: () => void = () => {}) {
    this.#size = size;
    this.#most = most;
    this.#crowded = crowded;
  }

  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves when there is room, with the function that gives it back (once; more often does nothing). */
  async enter(need: Need): Promise<() => void> {
    if (this.#waiting.length > 0 || !this.#fits(need)) {
      await new Promise<void>((enter) => {
        this.#waiting.push({ need, enter });
        this.#crowded();
      });
    } else this.#take(need);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#used = plus(this.#used, need, -1);
      this.#inside--;
      while (this.#waiting[0] && this.#fits(this.#waiting[0].need)) {
        const next = this.#waiting.shift() as { need: Need; enter: () => void };
        this.#take(next.need);
        next.enter();
      }
    };
  }

  #fits(need: Need): boolean {
    if (this.#inside === 0) return true;
    const then = plus(this.#used, need);
    return (
      this.#inside < this.#most &&
      then.cpu <= this.#size.cpu &&
      then.memory <= this.#size.memory &&
      then.pods <= this.#size.pods
    );
  }

  #take(need: Need): void {
    this.#used = plus(this.#used, need);
    this.#inside++;
  }
}
