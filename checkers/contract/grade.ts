import { systemClock as clock } from "../clock.ts";
import type { Check } from "../core/check.ts";
import { milliseconds } from "../core/duration.ts";
import { notSettled } from "../core/failures.ts";
import { groundOf, inOrder } from "../core/needs.ts";
import { type Clock, poll } from "../core/poll.ts";
import { kinds } from "../core/port.ts";
import { type BoundScene, inItsTurn, runCheck, settle, turnLimit } from "../core/run.ts";
import type { Blocked, Verdict } from "../core/verdict.ts";
import { Waited } from "../core/waited.ts";
import { podViews } from "../pods.ts";
import type { Line } from "../probes/turn.ts";
import type { Stand } from "./stand.ts";

export type Verdicts = Map<string, Verdict | Blocked>;

/** Milliseconds that the start gets to come to rest, and each of its checks. */
const startLimit = 20_000;
/** Milliseconds beyond its `within` in which a mutant must be caught. */
const mutantGrace = 10_000;

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
export async function gradeAnswer(stand: Stand, places: Line): Promise<{ verdicts: Verdicts; hasty: Hasty[] }> {
  const scene = stand.scene(places);
  const hasty: Hasty[] = [];
  const look = async (id: string, check: Check): Promise<Verdict> => {
    scene.signal.throwIfAborted();
    if (check.mode !== "observe") return (await settle(check, scene, clock)).verdict;
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
    return value;
  };
  const verdicts = await inOrder(stand.lab.checks(stand.namespace), look, scene.ahead);
  return { verdicts, hasty };
}

/**
 * Grades the start, once it has come to rest: nobody has done anything, so nothing will become better by waiting. A check whose ground does not
 * pass there is blocked, as a learner would see it.
 */
export async function gradeStart(stand: Stand, places: Line): Promise<Verdicts> {
  const scene = stand.scene(places);
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
  return inOrder<Verdict>(stand.lab.checks(stand.namespace), async (_id, check) => {
    signal.throwIfAborted();
    const { value } = await inItsTurn(check, scene, turnLimit, (held) =>
      poll(() => runCheck(check, held, clock), {
        clock,
        within: Math.min(startLimit, milliseconds(check.within)),
        signal,
        done: (verdict) => verdict.state === "pass" || verdict.state === "fail",
      }),
    );
    return value;
  });
}

/** Whether this is the failure meant: the check's own code, or that of one of its parts. */
export const failsWith = (verdict: Verdict, code: string): boolean =>
  verdict.state === "fail" &&
  (verdict.code === code ||
    Object.values(verdict.parts ?? {}).some((part) => part.state === "fail" && part.code === code));

/**
 * What a check needs must pass for anyone to see its failure: looks at all of it and gives what does not pass, which is empty for a check that
 * needs nothing.
 */
export async function missingGround(stand: Stand, id: string, places: Line): Promise<Verdicts> {
  const all = stand.lab.checks(stand.namespace);
  const ground = groundOf(all, id);
  if (ground.size === 0) return new Map();
  const scene = stand.scene(places);
  const checks = Object.fromEntries(Object.entries(all).filter(([one]) => ground.has(one)));
  const verdicts = await inOrder<Verdict>(checks, async (_id, check) => (await settle(check, scene, clock)).verdict);
  return new Map([...verdicts].filter(([, { state }]) => state !== "pass"));
}

/** Milliseconds of one failure after another from which on nobody expects a check to pass. */
const hopeless = 20_000;

/** Told verdict after verdict, says when to look no more: at a pass, or when the check has failed for so long that it will go on to. */
export function passesOrNever(now: () => number): (verdict: Verdict) => boolean {
  let failing: number | undefined;
  return ({ state }) => {
    failing = state === "fail" ? (failing ?? now()) : undefined;
    return state === "pass" || (failing !== undefined && now() - failing >= hopeless);
  };
}

/** Looks with one check until it passes, or these milliseconds are over, or nobody expects it to pass. */
export async function comesToPass(stand: Stand, id: string, places: Line, within: number): Promise<boolean> {
  const check = stand.lab.checks(stand.namespace)[id] as Check;
  const scene = stand.scene(places);
  const look = lookingWith(check, scene, new Waited(clock));
  const done = passesOrNever(clock.now);
  const { value } = await poll(look, { clock, within, done, signal: scene.signal, pauses: pausesOf(check) });
  return value.state === "pass";
}

const pausesOf = (check: Check): number[] =>
  check.mode === "observe" ? [100, 250, 500, 1_000] : [1_000, 2_000, 5_000];

/** One look with a check, in its turn where it needs one; what it waits for that is counted. */
const lookingWith =
  (check: Check, scene: BoundScene, waited: Waited): (() => Promise<Verdict>) =>
  () =>
    waited.in(
      (act: (held: BoundScene) => Promise<Verdict>) => inItsTurn(check, scene, turnLimit, act),
      (held) => {
        const { turn } = held;
        return runCheck(check, turn ? { ...held, turn: (act) => waited.in(turn, act) } : held, clock);
      },
    );

/**
 * Looks with one check until it fails with this code, or time is up: its own and a little more, or `most` milliseconds. States it passes on the way do
 * not count.
 */
export async function gradeMutant(
  stand: Stand,
  id: string,
  code: string,
  places: Line,
  most = Number.POSITIVE_INFINITY,
): Promise<Verdict> {
  const check = stand.lab.checks(stand.namespace)[id] as Check;
  const scene = stand.scene(places);
  const { signal } = scene;
  const within = Math.min(milliseconds(check.within) + mutantGrace, most);
  if (code === notSettled) return (await settle(check, scene, clock)).verdict;
  // Waiting for its turn must not use up the time in which a mutant must be caught.
  const waited = new Waited(clock);
  const own: Clock = { now: () => clock.now() - waited.ms, sleep: clock.sleep };
  const look = lookingWith(check, scene, waited);
  const done = (verdict: Verdict): boolean => failsWith(verdict, code);
  return (await poll(look, { clock: own, within, done, signal, pauses: pausesOf(check) })).value;
}

/** A verdict in a line or two, for an author. */
export function inWords(check: Check | undefined, verdict: Verdict | Blocked | undefined): string {
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
    case "blocked":
      return `blocked: ${verdict.needs.join(", ")} did not pass`;
    default:
      return `${verdict.state}: ${verdict.why}${seen}`;
  }
}
