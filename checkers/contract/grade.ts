import { systemClock as clock } from "../clock.ts";
import type { Check } from "../core/check.ts";
import { milliseconds } from "../core/duration.ts";
import { notSettled } from "../core/failures.ts";
import { poll } from "../core/poll.ts";
import { kinds } from "../core/port.ts";
import { runCheck, settle } from "../core/run.ts";
import type { Verdict } from "../core/verdict.ts";
import { podViews } from "../pods.ts";
import type { Slots } from "./gates.ts";
import type { Stand } from "./stand.ts";

export type Verdicts = Map<string, Verdict>;

/** Milliseconds that the start gets to come to rest, and each of its checks. */
const startLimit = 20_000;
/** Milliseconds beyond its `within` in which a mutant must be caught. */
const mutantGrace = 10_000;

const byMode = (stand: Stand): { observing: [string, Check][]; measuring: [string, Check][] } => {
  const all = Object.entries(stand.lab.checks(stand.namespace));
  const rank = { observe: 0, sample: 1, disturb: 2 };
  return {
    observing: all.filter(([, check]) => check.mode === "observe"),
    // What disturbs comes last: it would falsify what the others measure.
    measuring: all.filter(([, check]) => check.mode !== "observe").sort(([, a], [, b]) => rank[a.mode] - rank[b.mode]),
  };
};

export interface Hasty {
  check: string;
  code: string;
  /** Milliseconds. */
  after: number;
}

/**
 * Grades a right answer. Objects take a moment to follow, so an observing check may say "not yet" until its `within` is over; one that
 * failed on the way although nothing was wrong is reported as hasty: a learner would have been told off for being fast.
 */
export async function gradeAnswer(stand: Stand, measure: Slots): Promise<{ verdicts: Verdicts; hasty: Hasty[] }> {
  const scene = stand.scene();
  const { observing, measuring } = byMode(stand);
  const hasty: Hasty[] = [];
  const verdicts: Verdicts = new Map();
  await Promise.all(
    observing.map(async ([id, check]) => {
      let failed: Hasty | undefined;
      const began = clock.now();
      const { value, done } = await poll(() => runCheck(check, scene, clock), {
        clock,
        within: milliseconds(check.within),
        signal: scene.signal,
        done: (verdict) => {
          if (verdict.state === "fail") failed = { check: id, code: verdict.code, after: clock.now() - began };
          return verdict.state === "pass";
        },
      });
      if (done && failed) hasty.push(failed);
      verdicts.set(id, value);
    }),
  );
  for (const [id, check] of measuring) {
    scene.signal.throwIfAborted();
    await measure.use(async () => verdicts.set(id, (await settle(check, scene, clock)).verdict));
  }
  return { verdicts, hasty };
}

/** Grades the start, once it has come to rest: nobody has done anything, so nothing will become better by waiting. */
export async function gradeStart(stand: Stand, measure: Slots): Promise<Verdicts> {
  const scene = stand.scene();
  const { signal } = scene;
  await poll(
    async () => {
      const [pods, deployments] = await Promise.all([
        podViews(scene.cluster, stand.namespace),
        scene.cluster.list(kinds.Deployment),
      ]);
      const wanted = deployments.reduce((sum, one) => sum + (one.spec?.replicas ?? 1), 0);
      return pods.length >= wanted && pods.every((pod) => pod.ready && !pod.deleting);
    },
    { clock, within: startLimit, done: Boolean, signal },
  );
  const verdicts: Verdicts = new Map();
  const look = async ([id, check]: [string, Check]): Promise<void> => {
    const { value } = await poll(() => runCheck(check, scene, clock), {
      clock,
      within: Math.min(startLimit, milliseconds(check.within)),
      signal,
      done: (verdict) => verdict.state === "pass" || verdict.state === "fail",
    });
    verdicts.set(id, value);
  };
  const { observing, measuring } = byMode(stand);
  await Promise.all(observing.map(look));
  for (const one of measuring) {
    signal.throwIfAborted();
    await measure.use(() => look(one));
  }
  return verdicts;
}

/** Looks with one check until it fails with this code, or time is up: states it passes on the way do not count. */
export async function gradeMutant(stand: Stand, id: string, code: string, measure: Slots): Promise<Verdict> {
  const check = stand.lab.checks(stand.namespace)[id] as Check;
  const scene = stand.scene();
  const { signal } = scene;
  const within = milliseconds(check.within) + mutantGrace;
  if (code === notSettled) return (await settle(check, scene, clock)).verdict;
  const look = (): Promise<Verdict> =>
    check.mode === "observe" ? runCheck(check, scene, clock) : measure.use(() => runCheck(check, scene, clock));
  const done = (verdict: Verdict): boolean => verdict.state === "fail" && verdict.code === code;
  const pauses = check.mode === "observe" ? [100, 250, 500, 1_000] : [1_000, 2_000, 5_000];
  return (await poll(look, { clock, within, done, signal, pauses })).value;
}

/** A verdict in a line or two, for an author. */
export function inWords(check: Check | undefined, verdict: Verdict | undefined): string {
  if (!verdict) return "no verdict";
  const evidence = verdict.evidence
    .slice(0, 3)
    .map((one) =>
      `${[one.object, one.path].filter(Boolean).join(" ")}: expected ${one.expected}, seen ${one.actual}`.replace(
        /^: /,
        "",
      ),
    )
    .join("; ");
  const seen = evidence === "" ? "" : ` (${evidence})`;
  switch (verdict.state) {
    case "pass":
      return `pass${seen}`;
    case "fail":
      return `fail(${verdict.code})${check?.failures[verdict.code] ? "" : " [built in]"}${seen}`;
    default:
      return `${verdict.state}: ${verdict.why}${seen}`;
  }
}
