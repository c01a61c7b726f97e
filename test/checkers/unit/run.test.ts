import { describe, expect, it } from "vitest";
import { type Check, check, type Scene } from "../../../checkers/core/check.ts";
import { LookError } from "../../../checkers/core/errors.ts";
import { runCheck, settle } from "../../../checkers/core/run.ts";
import { fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { fakeClock } from "../fake-clock.ts";

const scene = (signal = new AbortController().signal): Scene => ({ signal }) as Scene;

const checkThat = (observe: (scene: Scene) => unknown, more: Partial<Check> = {}): Check =>
  check({
    title: "The thing is so",
    points: 2,
    mode: "observe",
    within: "10s",
    evidence: "state",
    why: "because",
    failures: { wrong: { says: "It is wrong.", hints: ["Look."] } },
    observe: observe as never,
    ...more,
  } as Parameters<typeof check>[0]);

describe("one look", () => {
  it("hands on a pass, a failure and a wait", async () => {
    const evidence = { expected: "2", actual: "1" };
    expect(
      await runCheck(
        checkThat(async () => pass(evidence)),
        scene(),
        fakeClock(),
      ),
    ).toEqual(pass(evidence));
    expect(
      await runCheck(
        checkThat(async () => fail("wrong", evidence)),
        scene(),
        fakeClock(),
      ),
    ).toEqual(fail("wrong", evidence));
    expect(
      await runCheck(
        checkThat(async () => waiting("soon")),
        scene(),
        fakeClock(),
      ),
    ).toEqual(waiting("soon"));
  });

  it("tells what could not be looked at, and what to do, without a stack", async () => {
    const thrower = checkThat(async () => {
      throw new LookError("The API server is away.", "Start it.");
    });
    expect(await runCheck(thrower, scene(), fakeClock())).toEqual({
      state: "error",
      why: "The API server is away. Start it.",
      evidence: [],
    });
  });

  it.each([
    ["a rejection", async (): Promise<never> => Promise.reject(new TypeError("x is undefined\n    at lab.ts:1"))],
    [
      "a throw before any promise",
      (): never => {
        throw new TypeError("x is undefined\n    at lab.ts:1");
      },
    ],
  ])("blames itself for a bug, not the learner: %s", async (_name, observe) => {
    const verdict = await runCheck(checkThat(observe), scene(), fakeClock());
    expect(verdict).toMatchObject({
      state: "error",
      why: expect.stringContaining('"The thing is so" has a mistake of its own (x is undefined)'),
    });
    expect(JSON.stringify(verdict)).not.toContain("at lab.ts");
  });

  it.each([[undefined], [null], ["boom"], [42], [{}]])("survives the thrown value %j", async (thrown) => {
    const verdict = await runCheck(
      checkThat(() => Promise.reject(thrown)),
      scene(),
      fakeClock(),
    );
    expect(verdict.state).toBe("error");
  });

  it("ends a check that hangs at its time, and tells it to stop", async () => {
    let told = false;
    const hanging = checkThat(
      ({ signal }) =>
        new Promise(() => {
          signal.addEventListener("abort", () => {
            told = true;
          });
        }),
    );
    const verdict = await runCheck(hanging, scene(), fakeClock());
    expect(verdict).toMatchObject({ state: "error", why: 'The check "The thing is so" had no answer after 10 s.' });
    expect(told).toBe(true);
  });

  it("lets nothing escape from a check that rejects after its time", async () => {
    const late = checkThat(
      ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("late")))),
    );
    expect((await runCheck(late, scene(), fakeClock())).state).toBe("error");
    // An unhandled rejection would fail this file.
    await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it.each([
    ["undefined", undefined, "returned undefined"],
    ["null", null, "returned null"],
    ["true", true, "returned boolean"],
    ["an unknown state", { state: "ok", evidence: [] }, 'returned the state "ok"'],
    [
      "an error state, which is the runner's alone",
      { state: "error", why: "x", evidence: [] },
      'returned the state "error"',
    ],
    [
      "an undeclared code",
      { state: "fail", code: "other", evidence: [] },
      'failed with the code "other", which it does not declare',
    ],
    ["a code of Object's", { state: "fail", code: "constructor", evidence: [] }, "does not declare"],
    ["a wait without a reason", { state: "waiting", why: "", evidence: [] }, "without saying what for"],
    ["no evidence list", { state: "pass" }, "evidence without"],
    ["evidence without texts", { state: "pass", evidence: [{ expected: 2, actual: 1 }] }, "evidence without"],
  ])("names the check that returned %s", async (_name, outcome, says) => {
    const verdict = await runCheck(
      checkThat(async () => outcome),
      scene(),
      fakeClock(),
    );
    expect(verdict.state).toBe("error");
    expect(verdict).toHaveProperty("why", expect.stringContaining(says));
    expect(verdict).toHaveProperty("why", expect.stringContaining("The thing is so"));
  });

  it("is stopped by its scene's signal", async () => {
    const stop = new AbortController();
    const running = runCheck(
      checkThat(() => new Promise(() => {})),
      scene(stop.signal),
      {
        now: () => 0,
        sleep: (_ms, signal) => new Promise((resolve) => signal?.addEventListener("abort", () => resolve())),
      },
    );
    stop.abort();
    expect(await running).toMatchObject({ state: "error", why: expect.stringContaining("stopped") });
  });
});

describe("settling", () => {
  const sequence = (...outcomes: unknown[]): { observe: () => Promise<unknown>; looks: () => number } => {
    let looks = 0;
    return {
      looks: () => looks,
      observe: async () => {
        const outcome = outcomes[Math.min(looks++, outcomes.length - 1)];
        if (outcome instanceof Error) throw outcome;
        return outcome;
      },
    };
  };

  it("waits while it is waiting", async () => {
    const { observe, looks } = sequence(waiting("a"), waiting("b"), pass());
    const settled = await settle(checkThat(observe), scene(), fakeClock());
    expect(settled.verdict.state).toBe("pass");
    expect(looks()).toBe(3);
  });

  it("takes the first failure, of a sampling check above all: it is measured once", async () => {
    const { observe, looks } = sequence(waiting("a"), fail("wrong"), pass());
    const settled = await settle(checkThat(observe, { mode: "sample" }), scene(), fakeClock());
    expect(settled.verdict).toEqual(fail("wrong"));
    expect(looks()).toBe(2);
  });

  it("turns waiting at the deadline into a failure with the reason as evidence", async () => {
    const { observe } = sequence(waiting("a rollout in progress", { expected: "2 ready", actual: "1 ready" }));
    const { verdict } = await settle(checkThat(observe, { within: "3s" }), scene(), fakeClock());
    expect(verdict).toEqual({
      state: "fail",
      code: "not-settled",
      evidence: [
        { expected: "settled within 3.0 s", actual: "a rollout in progress" },
        { expected: "2 ready", actual: "1 ready" },
      ],
    });
  });

  it("looks again after an error, for a moment", async () => {
    const { observe } = sequence(new LookError("away"), new LookError("away"), pass());
    expect((await settle(checkThat(observe), scene(), fakeClock())).verdict.state).toBe("pass");
  });

  it("believes an error that stays, long before the deadline", async () => {
    const clock = fakeClock();
    const { observe } = sequence(new LookError("away"));
    const { verdict } = await settle(checkThat(observe, { within: "2m" }), scene(), clock);
    expect(verdict).toMatchObject({ state: "error", why: "away" });
    expect(clock.now()).toBeLessThan(10_000);
  });

  it("has a verdict even when it was stopped before", async () => {
    const settled = await settle(
      checkThat(async () => pass()),
      scene(AbortSignal.abort()),
      fakeClock(),
    );
    expect(settled.verdict.state).toBe("error");
  });
});
