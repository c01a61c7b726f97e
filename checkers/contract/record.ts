import { systemClock as clock } from "../clock.ts";
import type { Learner, Probes } from "../core/check.ts";
import type { Checks } from "../core/needs.ts";
import { poll } from "../core/poll.ts";
import { type Cluster, type Kind, kinds, type Scope } from "../core/port.ts";
import { type BoundScene, runCheck } from "../core/run.ts";
import { record, type Snapshot, SnapshotCluster } from "../kube/snapshot.ts";
import { failsWith } from "./grade.ts";
import type { Stand } from "./stand.ts";

/** A state of a lab as its observing checks saw it, as plain JSON: enough to grade it again without a cluster. */
export interface RecordedState {
  /** Slug. */
  lab: string;
  /** "solution", "variants/NAME", "mutants/CHECK/CODE". */
  name: string;
  namespace: string;
  /** Its node port, where it had another than the lab's own. */
  nodePort?: number;
  snapshot: Snapshot;
  /** What learner.METHOD(ARGUMENT) gave; null: nothing. */
  learner: Record<string, string | null>;
  /** Checks that looked at nothing but objects and the learner's own: those can be asked again. */
  checks: string[];
  /** The check that must fail in this state and its code; left out: all of them pass. */
  fails?: { check: string; code: string };
}

/** Milliseconds that a state gets to show once more what it is about: what comes and goes (a crash loop) has to be caught at the right moment. */
const limit = 20_000;

/** Records a stand where somebody wants to be told, and where that can be done. `fails`: the mutant that was proved on it; one that only a measurement shows is not recorded. */
export async function recordFor(
  { recorded }: { recorded?(state: RecordedState): void },
  stand: Stand,
  name: string,
  fails?: { check: string; code: string },
): Promise<void> {
  if (!recorded || (fails && stand.lab.checks(stand.namespace)[fails.check]?.mode !== "observe")) return;
  const state = await recordState(stand, name, fails && { check: fails.check, code: fails.code });
  if (state) recorded(state);
}

/**
 * Records a stand as it is. Resolves to nothing where the check it is about asks more than objects, or where it does not show that any more.
 */
async function recordState(
  stand: Stand,
  name: string,
  fails?: RecordedState["fails"],
): Promise<RecordedState | undefined> {
  const scene = stand.scene();
  const { value, done } = await poll(
    async () => {
      const state = await recordOnce(stand, scene, name, fails);
      return { state, shown: await shows(stand, scene, state) };
    },
    { clock, within: limit, done: ({ shown }) => shown !== false, signal: scene.signal, pauses: [500, 1_000] },
  );
  return done && value.shown ? value.state : undefined;
}

async function recordOnce(
  stand: Stand,
  scene: BoundScene,
  name: string,
  fails: RecordedState["fails"],
): Promise<RecordedState> {
  const { namespace, nodePort } = stand;
  const reads = new Map<string, { kind: Kind; scope?: Scope }>();
  const note = (kind: Kind, scope?: Scope): void => {
    reads.set(`${kind.group}/${kind.plural} ${scope?.namespace ?? ""}`, {
      kind,
      ...(scope?.namespace !== undefined && { scope: { namespace: scope.namespace } }),
    });
  };
  // All there is in the namespace: checks that look in another order may read more of it.
  for (const kind of Object.values(kinds) as Kind[]) if (kind.namespaced) note(kind);
  const cluster: Cluster = {
    get: (kind, object, scope) => {
      note(kind, scope);
      return scene.cluster.get(kind, object, scope);
    },
    list: (kind, scope) => {
      note(kind, scope);
      return scene.cluster.list(kind, scope);
    },
  };
  const told: RecordedState["learner"] = {};
  const learner = telling(scene.learner, (key, value) => {
    told[key] = value ?? null;
  });
  const checks: string[] = [];
  for (const [id, check] of Object.entries(observing(stand.lab.checks(namespace)))) {
    let asked = false;
    const probes = new Proxy(scene.probes, {
      get: (target, key) => {
        asked = true;
        return Reflect.get(target, key);
      },
    });
    const watched: BoundScene = { ...scene, cluster, learner, probes };
    delete watched.withSignal;
    await runCheck(check, watched, clock);
    if (!asked) checks.push(id);
  }
  const snapshot = await record(scene.cluster, namespace, [...reads.values()]);
  const lab = stand.lab.slug;
  return {
    lab,
    name,
    namespace,
    ...(nodePort && { nodePort }),
    snapshot,
    learner: told,
    checks,
    ...(fails && { fails }),
  };
}

/** Checks that only look, by id. */
export const observing = (checks: Checks): Checks =>
  Object.fromEntries(Object.entries(checks).filter(([, check]) => check.mode === "observe"));

/** The same learner; each answer is told as METHOD(ARGUMENT). */
function telling(learner: Learner, tell: (key: string, value: string | undefined) => void): Learner {
  const told = <T extends string | undefined>(key: string, value: Promise<T>): Promise<T> =>
    value.then((one) => {
      tell(key, one);
      return one;
    });
  return {
    currentNamespace: () => told("currentNamespace()", learner.currentNamespace()),
    answer: (key) => told(`answer(${key})`, learner.answer(key)),
    file: (path) => told(`file(${path})`, learner.file(path)),
  };
}

/** A scene of a recorded state: whatever was not recorded is an error. */
export function sceneOf(state: RecordedState, facts: unknown): BoundScene {
  const recalled = async (key: string): Promise<string | undefined> => {
    if (key in state.learner) return state.learner[key] ?? undefined;
    throw new Error(`Nobody recorded ${key}.`);
  };
  return {
    facts,
    namespace: state.namespace,
    cluster: new SnapshotCluster(state.snapshot),
    learner: {
      currentNamespace: () => recalled("currentNamespace()") as Promise<string>,
      answer: (key) => recalled(`answer(${key})`),
      file: (path) => recalled(`file(${path})`),
    },
    probes: undefined as unknown as Probes,
    signal: new AbortController().signal,
  };
}

/** Whether a state shows what it is about: its failure, or none; undefined where its check asks more than was recorded. */
async function shows(stand: Stand, scene: BoundScene, state: RecordedState): Promise<boolean | undefined> {
  const { fails, checks } = state;
  if (checks.length === 0 || (fails && !checks.includes(fails.check))) return undefined;
  const all = stand.lab.checks(stand.namespace);
  const recorded = sceneOf(state, scene.facts);
  for (const id of fails ? [fails.check] : checks) {
    const check = all[id];
    if (!check) return undefined;
    const verdict = await runCheck(check, recorded, clock);
    if (fails ? !failsWith(verdict, fails.code) : verdict.state !== "pass") return false;
  }
  // What asks how long ago something was is to be asked about this moment: a second before, it may have been patient still.
  state.snapshot.recordedAt = new Date().toISOString();
  return true;
}
