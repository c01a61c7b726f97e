import type { Check, Scene } from "./check.ts";
import { milliseconds, spoken } from "./duration.ts";
import { Busy, sayError } from "./errors.ts";
import { notSettled } from "./failures.ts";
import { judged } from "./judge.ts";
import { type Clock, poll } from "./poll.ts";
import type { Evidence, Fail, Verdict } from "./verdict.ts";
import { Waited } from "./waited.ts";

/** Acts while nothing else in the cluster measures. Rejects with Busy where others do for too long; the signal aborts too when the turn was lost. */
export type Turn = <T>(act: (signal: AbortSignal) => Promise<T>) => Promise<T>;

/** A scene whose reads and probes can be bound to a narrower signal, so that a check that hangs takes nothing with it. */
export interface BoundScene extends Scene {
  /** Its loads take this turn. close(): takes back what the check disturbed. To be awaited once it has ended, however it ended. */
  withSignal?(signal: AbortSignal, turn?: Turn): Scene & { close?(): Promise<void> };
  /**
   * Acts when it is this check's turn to measure or disturb, and nothing else does (see Check.alone). Waits for others for that many
   * milliseconds, then rejects with Busy. The signal handed on aborts too when its turn was lost. Of a check that has to be alone with its load
   * only, the turn for that is handed on.
   */
  hold?<T>(
    check: Pick<Check, "title" | "alone">,
    wait: number,
    act: (signal: AbortSignal, turn?: Turn) => Promise<T>,
  ): Promise<T>;
  /** Of a check that has to be alone with its load only. */
  turn?: Turn;
  /** How many have their turn before one that has to be alone and asks for it now, as far as this process knows. */
  ahead?(): number;
}

/** A check that measures or disturbs runs in its turn; one that observes, or on a scene without turns, runs at once. */
export function inItsTurn<T>(
  check: Check,
  scene: BoundScene,
  wait: number,
  act: (scene: BoundScene) => Promise<T>,
): Promise<T> {
  if (check.mode === "observe" || !scene.hold) return act(scene);
  return scene.hold(check, wait, (signal, turn) => act({ ...scene, signal, ...(turn && { turn }) }));
}

/** Milliseconds that grading waits for other measurements on the same cluster to end. */
export const turnLimit = 10 * 60_000;
/** The same while a lab is open and looks by itself. */
const glanceLimit = 5_000;
/** The same where somebody asked and looks on. */
const performLimit = 15_000;
/** Milliseconds that taking back what a check disturbed may take. */
const closeLimit = 20_000;

const stopped = "The check was stopped before it looked.";
const error = (why: string): Verdict => ({ state: "error", why, evidence: [] });

/**
 * One look of one check, made safe: what it throws, a hang beyond its `within` (or `limit`, in milliseconds; waiting for its turn is no part of
 * either) and a nonsense answer all become the verdict "error" with a sentence for the learner. Never rejects.
 */
export const runCheck = (check: Check, scene: BoundScene, clock: Clock, limit?: number): Promise<Verdict> =>
  runUnlessBusy(check, scene, clock, limit).catch((busy: unknown) => error(sayError(busy, check.title)));

/** The same, but rejects with Busy where others measured for too long. */
async function runUnlessBusy(check: Check, scene: BoundScene, clock: Clock, limit?: number): Promise<Verdict> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(scene.signal.reason);
  if (scene.signal.aborted) return error(stopped);
  scene.signal.addEventListener("abort", onAbort, { once: true });
  const { turn } = scene;
  const waited = new Waited(clock);
  const counted: Turn | undefined = turn && ((act) => waited.in(turn, act));
  const bound: ReturnType<NonNullable<BoundScene["withSignal"]>> = scene.withSignal?.(stop.signal, counted) ?? {
    ...scene,
    signal: stop.signal,
  };
  const time = { within: limit ?? milliseconds(check.within), waited };
  const verdict = await look(check, bound, scene.signal, clock, time);
  scene.signal.removeEventListener("abort", onAbort);
  stop.abort();
  const left = await putBack(bound, clock);
  if (verdict instanceof Busy) throw verdict;
  return left && verdict.state !== "error" ? error(left) : verdict;
}

/** Takes back what the check disturbed. Resolves with what went wrong, in words. */
async function putBack(bound: { close?(): Promise<void> }, clock: Clock): Promise<string | undefined> {
  if (!bound.close) return undefined;
  const done = new AbortController();
  const late = clock
    .sleep(closeLimit, done.signal)
    .then(() => `What the check disturbed was not put back within ${spoken(closeLimit)}.`);
  const closed = bound.close().then(
    () => undefined,
    (thrown: unknown) => sayError(thrown, "put back"),
  );
  return Promise.race([closed, late]).finally(() => done.abort());
}

/** The time a check has, in milliseconds, and what does not count of it. */
interface Time {
  within: number;
  waited: Waited;
}

/** Resolves when a check's time is up, or when the signal aborts. */
async function timeUp({ within, waited }: Time, clock: Clock, signal: AbortSignal): Promise<void> {
  const began = clock.now();
  for (;;) {
    const left = began + within + waited.ms - clock.now();
    if (left <= 0 || signal.aborted) return;
    await clock.sleep(left, signal);
  }
}

async function look(check: Check, bound: Scene, whole: AbortSignal, clock: Clock, time: Time): Promise<Verdict | Busy> {
  const given = new AbortController();
  try {
    const outcome = check.observe(bound);
    const late = Symbol("late");
    const first = await Promise.race([
      outcome,
      timeUp(time, clock, AbortSignal.any([bound.signal, given.signal])).then(() => late),
    ]);
    if (first === late) {
      // Whatever it says after its time is up interests nobody, an unhandled rejection least of all.
      Promise.resolve(outcome).catch(() => {});
      return whole.aborted
        ? error("The check was stopped before it had an answer.")
        : error(`The check "${check.title}" had no answer after ${spoken(time.within)}.`);
    }
    const verdict = judged(check, first);
    return typeof verdict === "string"
      ? error(`The check "${check.title}" ${verdict}: a mistake in the lab, not yours.`)
      : verdict;
  } catch (thrown) {
    return thrown instanceof Busy ? thrown : error(sayError(thrown, check.title));
  } finally {
    given.abort();
  }
}

/** One look of a check that measures, as an open lab takes it by itself: where others measure for long, it waits and says so. */
export async function glance(check: Check, scene: BoundScene, clock: Clock): Promise<Verdict> {
  try {
    return await inItsTurn(check, scene, glanceLimit, (held) => runUnlessBusy(check, held, clock));
  } catch (thrown) {
    if (thrown instanceof Busy) return { state: "waiting", why: lowerFirst(thrown.message), evidence: [] };
    return error(scene.signal.aborted ? stopped : sayError(thrown, check.title));
  }
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");

/**
 * Acts with a scene outside a check, as an experiment does: in its turn, and what it disturbed is taken back before this resolves.
 * Rejects as `act` does, with Busy, or with LookError where something could not be put back.
 */
export async function perform<T>(title: string, scene: BoundScene, act: (scene: Scene) => Promise<T>): Promise<T> {
  const once = async (signal: AbortSignal): Promise<T> => {
    const bound = scene.withSignal?.(signal);
    if (!bound) return act({ ...scene, signal });
    try {
      return await act(bound);
    } finally {
      await bound.close?.();
    }
  };
  return scene.hold ? scene.hold({ title }, performLimit, once) : once(scene.signal);
}

/** How long an error is looked at again before it is believed, in milliseconds. */
const errorPatience = 3_000;

export interface Settled {
  verdict: Verdict;
  looks: number;
  /** Milliseconds. */
  took: number;
}

/**
 * A check's final verdict for grading. Only "waiting" is retried until `within`, and an error for a moment: the first pass or fail
 * stands. So a sampled check measures once, after its objects have settled: measuring again until it suits hands out wrong passes.
 * Still waiting at the deadline is fail("not-settled") with the reason as evidence.
 */
export async function settle(check: Check, scene: BoundScene, clock: Clock): Promise<Settled> {
  try {
    return await inItsTurn(check, scene, turnLimit, (held) => settleNow(check, held, clock));
  } catch (thrown) {
    return { verdict: error(scene.signal.aborted ? stopped : sayError(thrown, check.title)), looks: 0, took: 0 };
  }
}

async function settleNow(check: Check, scene: BoundScene, clock: Clock): Promise<Settled> {
  const within = milliseconds(check.within);
  let errorSince: number | undefined;
  const polled = await poll(() => runCheck(check, scene, clock), {
    clock,
    within,
    signal: scene.signal,
    done: (verdict) => {
      if (verdict.state !== "error") {
        errorSince = undefined;
        return verdict.state !== "waiting";
      }
      errorSince ??= clock.now();
      return clock.now() - errorSince >= errorPatience;
    },
  }).catch(() => undefined);
  if (!polled) return { verdict: error(stopped), looks: 0, took: 0 };
  const { value, looks, took } = polled;
  const verdict = value.state === "waiting" && !scene.signal.aborted ? notSettledAfter(within, value) : value;
  return { verdict, looks, took };
}

const notSettledAfter = (within: number, last: { why: string; evidence: Evidence[] }): Fail => ({
  state: "fail",
  code: notSettled,
  evidence: [{ expected: `settled within ${spoken(within)}`, actual: last.why }, ...last.evidence],
});
