import type { Probes } from "../core/check.ts";
import { defaultSeed, type LabDefinition } from "../core/lab.ts";
import { type Cluster, kinds } from "../core/port.ts";
import type { BoundScene, Turn } from "../core/run.ts";
import { FreshCluster } from "../kube/fresh.ts";
import type { Transport } from "../kube/transport.ts";
import { canI } from "./can-i.ts";
import { findDashboards } from "./dashboard.ts";
import { judgeDashboard } from "./dashboard-judge.ts";
import { debug } from "./debug.ts";
import { makeDisturb } from "./disturb.ts";
import { dns } from "./dns.ts";
import { dryRun } from "./dry-run.ts";
import { exec } from "./exec.ts";
import { inside } from "./inside.ts";
import { makeLearner } from "./learner.ts";
import { during, type LoadPlace, load } from "./load.ts";
import { logs } from "./logs.ts";
import { podAsk } from "./pod-get.ts";
import { processOf } from "./process.ts";
import { ownPrometheus, prometheus } from "./prometheus.ts";
import { mapped, type NodePorts, outside } from "./target.ts";
import { traffic } from "./traffic.ts";
import { alone, inTurn, type Line } from "./turn.ts";
import { Undo } from "./undo.ts";

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
  /** Which ports of this machine the cluster's node ports are mapped to; default: none, they are asked from inside. */
  nodePorts?: NodePorts;
  /** Default: the one the pages are built with. */
  seed?: number;
  /** Where this process lets in what measures, one after the other. Default: each asks the cluster at once. */
  line?: Line;
}

/** Milliseconds for which what a check made ready for a load stays there, while others measure: it is not thrown away for less. */
const readyFor = 60_000;

/** Everything a check gets to look with. */
export function makeScene(options: SceneOptions): BoundScene {
  const { lab, namespace, cluster, transport, seed = defaultSeed } = options;
  const facts = lab.facts(seed, namespace);
  const learner = makeLearner({ kubeconfig: options.learnerKubeconfig, folder: options.folder });
  const bind = (signal: AbortSignal, turn?: Turn): ReturnType<NonNullable<BoundScene["withSignal"]>> => {
    const { close, ...probes } = makeProbes(transport, namespace, signal, options.nodePorts, turn);
    return { facts, namespace, cluster, learner, probes, signal, close };
  };
  const hold: NonNullable<BoundScene["hold"]> = (check, wait, act) => {
    const own = { says: `"${check.title}" in ${namespace}`, wait, line: options.line };
    if (check.alone !== "load") {
      return inTurn(transport, namespace, { ...own, alone: check.alone !== false }, options.signal, act);
    }
    return inTurn(transport, namespace, { ...own, alone: false }, options.signal, (held) =>
      act(held, (load) => alone(transport, namespace, { ...own, wait: Math.max(wait, readyFor) }, held, load)),
    );
  };
  return { ...bind(options.signal), withSignal: bind, hold, ahead: () => options.line?.ahead ?? 0 };
}

/** Probes over one connection, for one namespace, that stop on the signal; loads in their turn. close() takes back what they disturbed. */
export function makeProbes(
  transport: Transport,
  namespace: string,
  signal: AbortSignal,
  nodePorts: NodePorts = mapped(),
  turn: Turn = (load) => load(signal),
): Probes & { close(): Promise<void> } {
  const undo = new Undo(transport, namespace);
  const endings: (() => Promise<void>)[] = [];
  let held: AbortSignal | undefined;
  const loading = async <T>(run: (place: LoadPlace) => Promise<T>): Promise<T> => {
    const inside = (until: AbortSignal): Promise<T> =>
      run({ namespace, nodePorts, signal: AbortSignal.any([signal, until]), ending: (stop) => endings.push(stop) });
    // A load within what happens under another has that one's turn: it would wait for it for ever.
    if (held) return inside(held);
    return turn(async (own) => {
      held = own;
      return inside(own).finally(() => {
        held = undefined;
      });
    });
  };
  return {
    exec: (pod, command, options = {}) =>
      exec(
        transport,
        { namespace: options.namespace ?? namespace, pod, ...(options.container && { container: options.container }) },
        command,
        signal,
      ),
    debug: (pod, command, options = {}) => debug(transport, { namespace, pod, ...options }, command, signal),
    process: (pod, options = {}) => processOf(transport, { namespace, pod, ...options }, signal),
    inside: (command) => inside(transport, command, signal),
    podGet: (pod, port, path) => podAsk(transport, "GET", { namespace, pod, port, path }, signal),
    outside: (nodePort) => outside(transport, nodePort, nodePorts),
    traffic: (target) => traffic(transport, target, { namespace, nodePorts }, signal),
    load: (wanted) => loading((place) => load(transport, wanted, place)),
    during: (wanted, act) => loading((place) => during(transport, wanted, act, place)),
    logs: (pod, options = {}) => logs(transport, { namespace, pod, ...options }, signal),
    dryRun: (object, options = {}) => dryRun(transport, namespace, object, options, signal),
    canI: (account, verb, resource) => canI(transport, { namespace, name: account }, { verb, ...resource }, signal),
    dns: (name) => dns(transport, namespace, name, signal),
    prometheus: (at = ownPrometheus) => prometheus(transport, at, signal),
    dashboards: (places = {}) =>
      findDashboards(places, {
        configMaps: () => new FreshCluster(transport, namespace, signal).list(kinds.ConfigMap),
        inside: (command) => inside(transport, command, signal),
      }),
    judgeDashboard: (text, { prometheus: at = ownPrometheus, ...known }) =>
      judgeDashboard(text, { ...known, prometheus: prometheus(transport, at, signal) }),
    disturb: makeDisturb(transport, namespace, undo, signal),
    async close() {
      await Promise.all(endings.map((end) => end()));
      await undo.revert();
    },
  };
}
