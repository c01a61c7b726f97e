import type { Learner } from "../../../checkers/core/check.ts";
import type { Clock } from "../../../checkers/core/poll.ts";
import { type Cluster, type Kind, kinds, type Scope } from "../../../checkers/core/port.ts";
import { type BoundScene, runCheck } from "../../../checkers/core/run.ts";
import { gradeLabs, withoutTiming } from "../../../checkers/grading/grade.ts";
import { defaultPolicy } from "../../../checkers/grading/policy.ts";
import type { Grade } from "../../../checkers/grading/schema.ts";
import { record, type Snapshot, SnapshotCluster } from "../../../checkers/kube/snapshot.ts";
import type { LoadedLab } from "../../../checkers/labs.ts";

/** A state of a lab, recorded: its objects, and what the learner has outside the cluster. */
export interface Recorded {
  name: string;
  lab: LoadedLab;
  namespace: string;
  snapshot: Snapshot;
  /** What learner.METHOD(ARGUMENT) gave. */
  learner: Record<string, string | undefined>;
  /** The check that must fail in this state and its code; none: all pass. */
  fails: { check: string; code: string } | undefined;
}

/** The lab with its observing checks only: those are graded from objects alone. */
export const observing = (lab: LoadedLab): LoadedLab => ({
  ...lab,
  checks: (namespace, seed) =>
    Object.fromEntries(Object.entries(lab.checks(namespace, seed)).filter(([, check]) => check.mode === "observe")),
});

/** Records everything the observing checks read, and all that is in the namespace besides: another order may read more. */
export async function recordState(
  name: string,
  lab: LoadedLab,
  namespace: string,
  scene: BoundScene,
  clock: Clock,
  fails?: Recorded["fails"],
): Promise<Recorded> {
  const reads = new Map<string, { kind: Kind; scope?: Scope }>();
  const note = (kind: Kind, scope?: Scope): void => {
    reads.set(`${kind.group}/${kind.plural} ${scope?.namespace ?? ""}`, {
      kind,
      ...(scope?.namespace !== undefined && { scope: { namespace: scope.namespace } }),
    });
  };
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
  const told: Recorded["learner"] = {};
  const telling = <T>(method: string, argument: string, value: Promise<T>): Promise<T> =>
    value.then((one) => {
      told[`${method}(${argument})`] = one as string | undefined;
      return one;
    });
  const learner: Learner = {
    currentNamespace: () => telling("currentNamespace", "", scene.learner.currentNamespace()),
    answer: (key) => telling("answer", key, scene.learner.answer(key)),
    file: (path) => telling("file", path, scene.learner.file(path)),
  };
  const watched: BoundScene = { ...scene, cluster, learner };
  delete watched.withSignal;
  for (const check of Object.values(observing(lab).checks(namespace))) await runCheck(check, watched, clock);
  const snapshot = await record(scene.cluster, namespace, [...reads.values()]);
  // As a file would have it: plain JSON.
  return { name, lab, namespace, snapshot: JSON.parse(JSON.stringify(snapshot)), learner: told, fails };
}

/** Time that passes only when somebody waits, and at once. */
const jumping = (): Clock => {
  let now = 0;
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        setImmediate(() => {
          if (!signal?.aborted) now += ms;
          resolve();
        });
      }),
  };
};

/** Grades a recorded state. */
export function gradeRecorded({ lab, namespace, snapshot, learner }: Recorded): Promise<Grade> {
  const cluster = new SnapshotCluster(snapshot);
  const recalled = async (key: string): Promise<string | undefined> => {
    if (key in learner) return learner[key];
    throw new Error(`Nobody recorded ${key}.`);
  };
  const scene = {
    facts: lab.facts(namespace),
    namespace,
    cluster,
    learner: {
      currentNamespace: () => recalled("currentNamespace()") as Promise<string>,
      answer: (key: string) => recalled(`answer(${key})`),
      file: (path: string) => recalled(`file(${path})`),
    },
    signal: new AbortController().signal,
  } as unknown as BoundScene;
  const target = { lab: observing(lab), namespace, scene };
  return gradeLabs([{ ...target, open: async () => target }], { policy: defaultPolicy, clock: jumping() });
}

/** Everything a grade says apart from when it was given, as text. */
export const said = (grade: Grade): string => JSON.stringify(withoutTiming(grade), null, 2);

/** The verdicts alone: "replicas pass", "service fail(wrong-port)". */
export const verdicts = (grade: Grade): string[] =>
  grade.labs.flatMap((lab) => lab.checks.map(({ id, state, code }) => `${id} ${state}${code ? `(${code})` : ""}`));
