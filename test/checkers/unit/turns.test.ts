import { describe, expect, it } from "vitest";
import { type Check, check, type Scene } from "../../../checkers/core/check.ts";
import { Busy, LookError } from "../../../checkers/core/errors.ts";
import type { Cluster } from "../../../checkers/core/port.ts";
import { type BoundScene, glance, perform, runCheck, settle, type Turn } from "../../../checkers/core/run.ts";
import { pass } from "../../../checkers/core/verdict.ts";
import { revisions } from "../../../checkers/core/workload.ts";
import { fakeClock } from "../fake-clock.ts";

const checkThat = (mode: Check["mode"], observe: () => Promise<ReturnType<typeof pass>>): Check =>
  check({
    title: "It holds",
    points: 1,
    mode,
    within: "10s",
    evidence: "state",
    why: "because",
    failures: { wrong: { says: "It is wrong.", hints: ["Look."] } },
    observe,
  });

/** A scene that writes down what happens to it. */
function noting(log: string[], close: () => Promise<void> = async () => {}): BoundScene {
  const signal = new AbortController().signal;
  const bare = { signal } as Scene;
  return {
    ...bare,
    withSignal: (narrower) => ({
      ...bare,
      signal: narrower,
      close: async () => {
        log.push("put back");
        await close();
      },
    }),
    hold: async (of, _wait, act) => {
      log.push(`turn of ${of.title}`);
      try {
        return await act(signal);
      } finally {
        log.push("turn over");
      }
    },
  };
}

describe("a check that measures", () => {
  const observed = (log: string[]) => async () => {
    log.push("look");
    return pass();
  };
  it("looks in its turn, and has put everything back before that is over", async () => {
    const log: string[] = [];
    const { verdict } = await settle(checkThat("disturb", observed(log)), noting(log), fakeClock());
    expect(verdict).toEqual(pass());
    expect(log).toEqual(["turn of It holds", "look", "put back", "turn over"]);
  });
  it("needs no turn to observe", async () => {
    const log: string[] = [];
    await settle(checkThat("observe", observed(log)), noting(log), fakeClock());
    expect(log).toEqual(["look", "put back"]);
  });
  it("waits where an open lab looks by itself, and could not look where somebody grades, while others measure", async () => {
    const busy: BoundScene = {
      ...noting([]),
      hold: () => Promise.reject(new Busy("Another measurement is running.", "Wait.")),
    };
    const sampled = checkThat("sample", observed([]));
    expect(await glance(sampled, busy, fakeClock())).toEqual({
      state: "waiting",
      why: "another measurement is running",
      evidence: [],
    });
    expect((await settle(sampled, busy, fakeClock())).verdict).toMatchObject({
      state: "error",
      why: "Another measurement is running. Wait.",
    });
  });
  it("could not look where what it disturbed was not put back", async () => {
    const broken = noting([], () => Promise.reject(new LookError("Not everything could be put back: x.")));
    expect(await runCheck(checkThat("disturb", observed([])), broken, fakeClock())).toMatchObject({
      state: "error",
      why: "Not everything could be put back: x.",
    });
    const never = noting([], () => new Promise(() => {}));
    expect(await runCheck(checkThat("disturb", observed([])), never, fakeClock())).toMatchObject({
      state: "error",
      why: expect.stringContaining("not put back within"),
    });
  });
});

describe("a check that has to be alone with its load only", () => {
  const loading = (turn: Turn, log: string[] = []): BoundScene => {
    const bare = noting(log);
    return {
      ...bare,
      withSignal: (signal, own) =>
        ({
          ...(bare.withSignal?.(signal) as Scene),
          probes: { load: async () => own?.(async () => log.push("load")) },
        }) as unknown as Scene,
      hold: (of, wait, act) => bare.hold?.(of, wait, (signal) => act(signal, turn)) as never,
    };
  };
  const loaded = (log: string[], after: () => Promise<unknown> = async () => {}): Check => ({
    ...checkThat("disturb", async () => pass()),
    alone: "load",
    observe: async ({ probes }) => {
      log.push("copy");
      await probes.load({} as never);
      await after();
      return pass();
    },
  });

  it("makes ready before its load's turn has come", async () => {
    const log: string[] = [];
    const turn: Turn = async (act) => {
      log.push("turn");
      return act(new AbortController().signal);
    };
    expect((await settle(loaded(log), loading(turn, log), fakeClock())).verdict).toEqual(pass());
    expect(log).toEqual(["turn of It holds", "copy", "turn", "load", "put back", "turn over"]);
  });

  it("has its time for itself: what it waits for its turn does not count, what it hangs for does", async () => {
    const clock = fakeClock();
    const late: Turn = async (act) => {
      for (let second = 0; second < 60; second++) await clock.sleep(1_000);
      return act(new AbortController().signal);
    };
    expect((await settle(loaded([]), loading(late), clock)).verdict).toEqual(pass());
    const hangs = loaded([], () => new Promise(() => {}));
    expect((await settle(hangs, loading(late), clock)).verdict).toMatchObject({
      state: "error",
      why: 'The check "It holds" had no answer after 10 s.',
    });
  });

  it("waits where an open lab looks by itself, and could not look where somebody grades, while others measure", async () => {
    const busy: Turn = () => Promise.reject(new Busy("Another measurement is running.", "Wait."));
    const log: string[] = [];
    expect(await glance(loaded(log), loading(busy, log), fakeClock())).toMatchObject({
      state: "waiting",
      why: "another measurement is running",
    });
    expect((await settle(loaded([]), loading(busy), fakeClock())).verdict).toMatchObject({
      state: "error",
      why: "Another measurement is running. Wait.",
    });
  });
});

describe("an experiment", () => {
  it("runs in a turn, and puts back also when it throws", async () => {
    const log: string[] = [];
    expect(await perform("An experiment", noting(log), async () => 7)).toBe(7);
    await expect(perform("Another", noting(log), () => Promise.reject(new Error("broke")))).rejects.toThrow("broke");
    expect(log).toEqual(["turn of An experiment", "put back", "turn over", "turn of Another", "put back", "turn over"]);
  });
});

describe("a Deployment's history", () => {
  const owned = (revision: string, image: string, more: Record<string, string> = {}, uid = "d") => ({
    metadata: {
      annotations: { "deployment.kubernetes.io/revision": revision, ...more },
      ownerReferences: [{ controller: true, uid }],
    },
    spec: { template: { spec: { containers: [{ name: "app", image }] } } },
  });
  const of = (...replicaSets: object[]): Cluster => ({
    get: async () => ({ metadata: { uid: "d" } }) as never,
    list: async () => replicaSets as never,
  });
  it("is its ReplicaSets in order, with what each change was made for", async () => {
    const history = await revisions(
      of(
        owned("3", "app:1", {
          "kubernetes.io/change-cause": "back to 1",
          "deployment.kubernetes.io/revision-history": "1",
        }),
        owned("2", "app:2"),
        owned("10", "app:3"),
        owned("7", "other", {}, "someone else's"),
      ),
      "app",
    );
    expect(history.map(({ replicaSet: _, ...rest }) => rest)).toEqual([
      { revision: 2, former: [], images: ["app:2"] },
      { revision: 3, former: [1], cause: "back to 1", images: ["app:1"] },
      { revision: 10, former: [], images: ["app:3"] },
    ]);
  });
  it("is empty where there is no such Deployment", async () => {
    expect(
      await revisions({ get: async () => undefined, list: async () => [owned("1", "x")] as never }, "app"),
    ).toEqual([]);
  });
});
