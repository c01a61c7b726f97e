import type { Probes, Scene } from "../core/check.ts";
import { defaultSeed, type LabDefinition } from "../core/lab.ts";
import type { Cluster } from "../core/port.ts";
import type { BoundScene } from "../core/run.ts";
import type { Transport } from "../kube/transport.ts";
import { exec } from "./exec.ts";
import { makeLearner } from "./learner.ts";
import { podGet } from "./pod-get.ts";
import { traffic } from "./traffic.ts";

export interface SceneOptions {
  lab: Pick<LabDefinition, "facts">;
  namespace: string;
  /** What checks read: live, fresh or recorded. */
  cluster: Cluster;
  /** The checkers' own connection, with their own credential: probes go over it. */
  transport: Transport;
  /** The terminal's kubeconfig of this lab. */
  learnerKubeconfig: string;
  /** The lab's working folder. */
  folder: string;
  signal: AbortSignal;
  /** Default: the one the pages are built with. */
  seed?: number;
}

/** Everything a check gets to look with. */
export function makeScene(options: SceneOptions): BoundScene {
  const { lab, namespace, cluster, transport, seed = defaultSeed } = options;
  const facts = lab.facts(seed, namespace);
  const learner = makeLearner({ kubeconfig: options.learnerKubeconfig, folder: options.folder });
  const bind = (signal: AbortSignal): Scene => ({
    facts,
    namespace,
    cluster,
    learner,
    probes: makeProbes(transport, namespace, signal),
    signal,
  });
  return { ...bind(options.signal), withSignal: bind };
}

/** Probes over one connection, for one namespace, that stop on the signal. */
export function makeProbes(transport: Transport, namespace: string, signal: AbortSignal): Probes {
  return {
    exec: (pod, command, options = {}) =>
      exec(
        transport,
        { namespace: options.namespace ?? namespace, pod, ...(options.container && { container: options.container }) },
        command,
        signal,
      ),
    podGet: (pod, port, path) => podGet(transport, { namespace, pod, port, path }, signal),
    traffic: (target) => traffic(transport, { ...target, namespace: target.namespace ?? namespace }, signal),
  };
}
