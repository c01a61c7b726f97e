/** Shapes that cross out of cluster/. ClusterStep and ClusterView are structurally what the page shows. */

export interface ClusterStep {
  id: string;
  title: string;
  state: "todo" | "running" | "done" | "failed";
  detail?: string;
  /** Milliseconds spent so far. */
  elapsed: number;
  /** Milliseconds it took here before, or the recipe's own figure. */
  estimate: number;
}

export interface ClusterView {
  state: "absent" | "building" | "ready" | "unreachable" | "failed" | "stopped";
  /** One line for the header's pill. */
  summary: string;
  provider?: string;
  version?: string;
  nodes?: number;
  steps: ClusterStep[];
  /** 0 to 1, by estimated time. */
  progress: number;
  /** Milliseconds still to go, by estimate. */
  remaining?: number;
  /** ISO time since it is in this state. */
  since: string;
  error?: { what: string; kept: string; todo: string };
}

/** How the node image came to this machine. */
export type ImageSource = "registry" | "source" | "bundle";

export type Provider = "kind" | "context";

/** A node port of the cluster, and the port of this machine's loopback that leads to it. */
export interface MappedPort {
  container: number;
  host: number;
}

export interface ClusterHandle {
  provider: Provider;
  /** kind's cluster name, or the context's. */
  name: string;
  /** Admin kubeconfig (mode 0600) that names nothing but this cluster. */
  kubeconfig: string;
  /** Folder with the pinned kubectl and kind, for PATH. */
  bin: string;
  serverVersion: string;
  nodes: string[];
  /** Node ports of the cluster that a port of this machine's loopback leads to, the labs' own (30080) first; none on a context that isn't ours. */
  nodePorts: readonly MappedPort[];
  /** Where the node image came from; absent on a context that isn't ours. */
  source?: ImageSource;
  /** Container engine command; absent on a context that isn't ours. */
  engine?: "docker" | "podman";
  /** False where the node network enforces no NetworkPolicy. */
  networkPolicy: boolean;
}

/** A failure told to the person: what happened, what was kept, what to do. */
export class ClusterError extends Error {
  readonly kept: string;
  readonly todo: string;
  constructor(what: string, kept: string, todo: string, options?: { cause?: unknown }) {
    super(what, options);
    this.name = "ClusterError";
    this.kept = kept;
    this.todo = todo;
  }
}

/** Something would be installed on the machine and nobody has agreed yet. Call again with `yes: true`. */
export class NeedsConsent extends ClusterError {
  /** Plain sentences, one per thing that would be done. */
  readonly would: string[];
  constructor(what: string, would: string[]) {
    super(what, "Nothing was changed.", "Agree, or run again with --yes.");
    this.name = "NeedsConsent";
    this.would = would;
  }
}
