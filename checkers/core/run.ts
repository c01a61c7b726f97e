import type { Check, Scene } from "./check.ts";
import { milliseconds, spoken } from "./duration.ts";
import { sayError } from "./errors.ts";
import { notSettled } from "./failures.ts";
import { type Clock, poll } from "./poll.ts";
import type { Evidence, Fail, Verdict } from "./verdict.ts";

/** A scene whose reads and probes can be bound to a narrower signal, so that a check that hangs takes nothing with it. */
export interface BoundScene extends Scene {
  withSignal?(signal: AbortSignal): Scene;
}

const error = (why: string): Verdict => ({ state: "error", why, evidence: [] });

const isEvidence = (value: unknown): value is Evidence => {
  if (typeof value !== "object" || value === null) return false;
  const { expected, actual } = value as Record<string, unknown>;
  return typeof expected === "string" && typeof actual === "string";
};

/** The outcome as it should be, or a sentence on what is wrong with it. */
function judged(check: Check, outcome: unknown): Verdict | string {
  if (typeof outcome !== "object" || outcome === null) return `returned ${outcome === null ? "null" : typeof outcome}`;
  const { state, code, why, evidence } = outcome as Record<string, unknown>;
  if (!Array.isArray(evidence) || !evidence.every(isEvidence)) {
    return "returned evidence without an expected and an actual text";
  }
  if (state === "pass") return { state, evidence };
  if (state === "waiting") {
    return typeof why === "string" && why !== "" ? { state, why, evidence } : "is waiting without saying what for";
  }
  if (state === "fail") {
    if (typeof code === "string" && Object.hasOwn(check.failures, code)) return { state, code, evidence };
    return `failed with the code ${JSON.stringify(code)}, which it does not declare`;
  }
  return `returned the state ${JSON.stringify(state)}`;
}

/**
 * One look of one check, made safe: what it throws, a hang beyond its `within` (or `limit`, in milliseconds) and a nonsense
 * answer all become the verdict "error" with a sentence for the learner. Never rejects.
 */
export async function runCheck(check: Check, scene: BoundScene, clock: Clock, limit?: number): Promise<Verdict> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(scene.signal.reason);
  if (scene.signal.aborted) return error("The check was stopped before it looked.");
  scene.signal.addEventListener("abort", onAbort, { once: true });
  try {
    const within = limit ?? milliseconds(check.within);
    const bound = scene.withSignal?.(stop.signal) ?? { ...scene, signal: stop.signal };
    const outcome = check.observe(bound);
    const late = Symbol("late");
    const first = await Promise.race([outcome, clock.sleep(within, stop.signal).then(() => late)]);
    if (first === late) {
      // Whatever it says after its time is up interests nobody, an unhandled rejection least of all.
      Promise.resolve(outcome).catch(() => {});
      return scene.signal.aborted
        ? error("The check was stopped before it had an answer.")
        : error(`The check "${check.title}" had no answer after ${spoken(within)}.`);
    }
    const verdict = judged(check, first);
    return typeof verdict === "string"
      ? error(`The check "${check.title}" ${verdict}: a mistake in the lab, not yours.`)
      : verdict;
  } catch (thrown) {
    return error(sayError(thrown, check.title));
  } finally {
    scene.signal.removeEventListener("abort", onAbort);
    stop.abort();
  }
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
  if (!polled) return { verdict: error("The check was stopped before it looked."), looks: 0, took: 0 };
  const { value, looks, took } = polled;
  const verdict = value.state === "waiting" && !scene.signal.aborted ? notSettledAfter(within, value) : value;
  return { verdict, looks, took };
}

const notSettledAfter = (within: number, last: { why: string; evidence: Evidence[] }): Fail => ({
  state: "fail",
  code: notSettled,
  evidence: [{ expected: `settled within ${spoken(within)}`, actual: last.why }, ...last.evidence],
});
