import { describe, expect, it } from "vitest";
import type { Check } from "../../../checkers/core/check.ts";
import { groundOf, inOrder, needsProblems } from "../../../checkers/core/needs.ts";
import { toReport } from "../../../checkers/core/reports.ts";
import type { BoundScene } from "../../../checkers/core/run.ts";
import { runCheck } from "../../../checkers/core/run.ts";
import { fail, parts, pass, waiting } from "../../../checkers/core/verdict.ts";
import { fakeClock } from "../fake-clock.ts";
import { fated, seeded } from "./grading-kit.ts";

const needs = (...ids: string[]): Partial<Check> => ({ needs: ids });
const told = (checks: Record<string, Check>): string[] =>
  needsProblems(checks).map(({ check, says }) => `${check} ${says}`);

describe("who needs whom", () => {
  it("is all right without circles and strangers", () => {
    const checks = { a: fated("a", "pass"), b: fated("b", "pass", needs("a")), c: fated("c", "pass", needs("a", "b")) };
    expect(told(checks)).toEqual([]);
    expect([...groundOf(checks, "c")].sort()).toEqual(["a", "b"]);
  });
  it("names a check that is not there, also where Object has something of that name", () => {
    expect(told({ a: fated("a", "pass", needs("gone", "constructor")) })).toEqual([
      'a needs "gone", which is no check',
      'a needs "constructor", which is no check',
    ]);
  });
  it("names circles with the way round", () => {
    const checks = {
      a: fated("a", "pass", needs("b")),
      b: fated("b", "pass", needs("c")),
      c: fated("c", "pass", needs("a")),
      d: fated("d", "pass", needs("a")),
      self: fated("self", "pass", needs("self")),
    };
    expect(told(checks)).toEqual([
      "a needs itself: a needs b needs c needs a",
      "b needs itself: b needs c needs a needs b",
      "c needs itself: c needs a needs b needs c",
      "self needs itself: self needs self",
    ]);
  });
  it("lets no visible check wait for a hidden one", () => {
    const secret = fated("secret", "pass", { hidden: true });
    expect(told({ secret, a: fated("a", "pass", needs("secret")) })).toEqual(['a needs the hidden check "secret"']);
    expect(told({ secret, a: fated("a", "pass", { ...needs("secret"), hidden: true }) })).toEqual([]);
  });
});

/** Looks at checks whose fates are known; tells who was looked at, in which order. */
async function looked(
  checks: Record<string, Check>,
  fates: Record<string, string>,
  ahead?: (order: string[]) => number,
) {
  const order: string[] = [];
  const look = async (id: string) => {
    order.push(id);
    await new Promise((resolve) => setImmediate(resolve));
    return { state: fates[id] ?? "pass" };
  };
  const seen = await inOrder(checks, look, ahead && (() => ahead(order)));
  return { order, states: Object.fromEntries([...seen].map(([id, { state }]) => [id, state])), seen };
}

describe("the order of looking", () => {
  it("lays the ground first, and leaves out what stands on none", async () => {
    const checks = {
      late: fated("late", "pass", needs("middle")),
      middle: fated("middle", "pass", needs("first")),
      other: fated("other", "pass", needs("broken", "first")),
      further: fated("further", "pass", needs("other")),
      broken: fated("broken", "pass"),
      first: fated("first", "pass"),
    };
    const { order, states, seen } = await looked(checks, { broken: "fail" });
    expect(order.indexOf("first")).toBeLessThan(order.indexOf("middle"));
    expect(order.indexOf("middle")).toBeLessThan(order.indexOf("late"));
    expect(states).toEqual({
      late: "pass",
      middle: "pass",
      other: "blocked",
      further: "blocked",
      broken: "fail",
      first: "pass",
    });
    expect([...seen.keys()]).toEqual(Object.keys(checks));
    expect(seen.get("other")).toEqual({ state: "blocked", needs: ["broken"], evidence: [] });
  });

  it("measures one by one after what observes, and disturbs last unless something stands on it", async () => {
    const mode = (name: Check["mode"], ...ids: string[]): Partial<Check> => ({ mode: name, needs: ids });
    const checks = {
      kill: fated("kill", "pass", mode("disturb")),
      after: fated("after", "pass", mode("observe", "kill")),
      share: fated("share", "pass", mode("sample")),
      seen: fated("seen", "pass", mode("observe")),
      second: fated("second", "pass", mode("sample", "share")),
    };
    expect((await looked(checks, {})).order).toEqual(["seen", "share", "second", "kill", "after"]);
  });

  it("does not wait to be alone while something can run beside others", async () => {
    const checks = {
      update: fated("update", "pass", { mode: "disturb", alone: "load" }),
      latency: fated("latency", "pass", { mode: "disturb" }),
      hang: fated("hang", "pass", { mode: "disturb", alone: false }),
      share: fated("share", "pass", { mode: "sample" }),
      answers: fated("answers", "pass", { mode: "sample", alone: false }),
    };
    expect((await looked(checks, {})).order).toEqual(["share", "answers", "update", "latency", "hang"]);
    const busy = await looked(checks, {}, () => 2);
    expect(busy.order, "sampled before anything is disturbed").toEqual([
      "answers",
      "share",
      "hang",
      "update",
      "latency",
    ]);
    const soon = await looked(checks, {}, () => 1);
    expect(soon.order, "while one measures, the next makes ready").toEqual([
      "answers",
      "share",
      "update",
      "hang",
      "latency",
    ]);
    expect((await looked(checks, {}, (order) => (order.includes("update") ? 1 : 0))).order).toEqual([
      "share",
      "answers",
      "update",
      "hang",
      "latency",
    ]);
  });

  it("ends with circles and strangers blocked, instead of waiting for ever", async () => {
    const checks = {
      a: fated("a", "pass", needs("b")),
      b: fated("b", "pass", needs("a")),
      c: fated("c", "pass", needs("x")),
    };
    const { order, states } = await looked(checks, {});
    expect(order).toEqual([]);
    expect(states).toEqual({ a: "blocked", b: "blocked", c: "blocked" });
  });

  it("whatever the needs: everything has a verdict, nothing is looked at twice or before its ground, and blocked is exactly what lacks some", async () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seeded(seed);
      const ids = Array.from({ length: 1 + Math.floor(random() * 9) }, (_, at) => `c${at}`);
      const modes: Check["mode"][] = ["observe", "sample", "disturb"];
      const checks = Object.fromEntries(
        ids.map((id, at) => [
          id,
          fated(id, "pass", {
            mode: modes[Math.floor(random() * 3)] as Check["mode"],
            needs: ids.slice(0, at).filter(() => random() < 0.3),
          }),
        ]),
      );
      const shuffled = Object.fromEntries(Object.entries(checks).sort(() => random() - 0.5));
      const fates = Object.fromEntries(
        ids.map((id) => [id, random() < 0.7 ? "pass" : random() < 0.5 ? "fail" : "error"]),
      );
      const { order, states } = await looked(shuffled, fates);
      expect(Object.keys(states).sort(), `seed ${seed}`).toEqual([...ids].sort());
      expect(new Set(order).size).toBe(order.length);
      for (const id of ids) {
        const ground = checks[id]?.needs ?? [];
        const laid = ground.every((need) => states[need] === "pass");
        expect(states[id], `seed ${seed}, ${id}`).toBe(laid ? fates[id] : "blocked");
        if (laid) for (const need of ground) expect(order.indexOf(need)).toBeLessThan(order.indexOf(id));
      }
    }
  });
});

const scene = { signal: new AbortController().signal } as BoundScene;
const withParts = (outcome: () => unknown, declared: Check["parts"] = {}): Check =>
  fated("p", "pass", {
    points: 3,
    parts: { one: { title: "One", points: 1 }, two: { title: "Two", points: 2 }, ...declared },
    failures: {
      wrong: { says: "It is wrong.", hints: ["h1"] },
      off: { says: "It is off.", hints: ["h2", "h3"] },
      nothing: { says: "Nothing yet.", hints: ["h4"], untouched: true },
    },
    observe: (async () => outcome()) as never,
  });
const verdictOf = (outcome: () => unknown, declared?: Check["parts"]) =>
  runCheck(withParts(outcome, declared), scene, fakeClock());

describe("parts", () => {
  it("pass together, and fail with the first failing one as declared, in whatever order they are given", async () => {
    expect((await verdictOf(() => parts({ one: pass(), two: pass() }))).state).toBe("pass");
    expect(await verdictOf(() => parts({ two: fail("off"), one: fail("wrong") }))).toMatchObject({
      state: "fail",
      code: "wrong",
      parts: { one: { state: "fail", code: "wrong" }, two: { state: "fail", code: "off" } },
    });
  });
  it("may wait as a whole", async () => {
    expect((await verdictOf(() => waiting("a rollout"))).state).toBe("waiting");
  });
  it.each<[string, () => unknown, string]>([
    ["one is left out", () => parts({ one: pass() }), "said nothing of its part two"],
    [
      "one is too many",
      () => parts({ one: pass(), two: pass(), three: pass() }),
      "the part three, which it does not declare",
    ],
    ["there are none", () => pass(), "did not end with parts()"],
    [
      "one has an undeclared code",
      () => parts({ one: fail("other" as never), two: pass() }),
      "which it does not declare",
    ],
    [
      "one has a code of Object's",
      () => ({ ...fail("wrong"), parts: { one: { state: "fail", code: "toString" }, two: { state: "pass" } } }),
      "toString",
    ],
    [
      "one waits",
      () => ({ ...pass(), parts: { one: { state: "waiting" }, two: { state: "pass" } } }),
      'the state "waiting" for its part one',
    ],
    ["one is nothing", () => ({ ...pass(), parts: { one: null, two: { state: "pass" } } }), "for its part one"],
    [
      "they say another thing than the whole",
      () => ({ ...pass(), parts: { one: { state: "fail", code: "off" }, two: { state: "pass" } } }),
      "passed although one of its parts failed",
    ],
    [
      "they all pass and the whole fails",
      () => ({ ...fail("wrong"), parts: { one: { state: "pass" }, two: { state: "pass" } } }),
      "failed although all of its parts passed",
    ],
  ])("are a mistake in the lab where %s", async (_name, outcome, says) => {
    const verdict = await verdictOf(outcome);
    expect(verdict).toMatchObject({ state: "error", why: expect.stringContaining(says) });
    expect(verdict).toHaveProperty("why", expect.stringContaining("a mistake in the lab, not yours"));
  });
  it("are a mistake in a check that declares none", async () => {
    const check = fated("x", "pass", { observe: (async () => parts({ one: pass() })) as never });
    expect(await runCheck(check, scene, fakeClock())).toMatchObject({ why: expect.stringContaining("declares none") });
  });

  const report = async (outcome: () => unknown) => {
    const check = withParts(outcome);
    return toReport("p", check, {
      verdict: await runCheck(check, scene, fakeClock()),
      at: "2026-01-01T00:00:00Z",
      took: 1,
    });
  };
  it("earn their own points, and each failing one says why and how many hints it has", async () => {
    expect(await report(() => parts({ one: fail("off"), two: pass() }))).toMatchObject({
      state: "fail",
      earned: 2,
      points: 3,
      code: "off",
      hints: 2,
      parts: [
        { id: "one", state: "fail", code: "off", says: "It is off.", hints: 2 },
        { id: "two", state: "pass", points: 2 },
      ],
    });
    expect(await report(() => parts({ one: pass(), two: pass() }))).toMatchObject({ state: "pass", earned: 3 });
  });
  it("are to do while nothing was begun, and not yet as soon as something was", async () => {
    expect((await report(() => parts({ one: fail("nothing"), two: fail("nothing") }))).state).toBe("todo");
    expect((await report(() => parts({ one: fail("nothing"), two: pass() }))).state).toBe("fail");
    expect((await report(() => parts({ one: fail("nothing"), two: fail("off") }))).state).toBe("fail");
  });
});

describe("what may be seen", () => {
  const secret = fated("secret", "fail", { points: 4, hidden: true, mode: "sample" });
  const looks = {
    verdict: fail("wrong", { expected: "EXPECTED", actual: "ACTUAL" }),
    at: "2026-01-01T00:00:00Z",
    took: 1,
  };
  it("of a hidden check is nothing but what it is worth", () => {
    for (const seen of [undefined, looks, { ...looks, verdict: pass({ expected: "EXPECTED", actual: "ACTUAL" }) }]) {
      expect(toReport("secret", secret, seen)).toEqual({
        id: "secret",
        title: "A hidden check",
        points: 4,
        earned: 0,
        mode: "observe",
        state: "todo",
        hidden: true,
        evidence: [],
        hints: 0,
      });
    }
  });
  it("is everything when it is graded", () => {
    const graded = toReport("secret", secret, looks, { reveal: true });
    expect(graded).toMatchObject({ title: "The secret is so", state: "fail", code: "wrong", says: "WRONG-secret" });
    expect(graded).not.toHaveProperty("hidden");
  });
  it("of a blocked check is what it comes after, by title, without what it once saw", () => {
    const checks = { a: fated("a", "fail"), secret, b: fated("b", "pass", needs("a", "secret")) };
    const blocked = { verdict: { state: "blocked" as const, needs: ["a", "secret"], evidence: [] }, at: "", took: 0 };
    expect(toReport("b", checks.b, blocked, { checks })).toEqual({
      id: "b",
      title: "The b is so",
      points: 1,
      earned: 0,
      mode: "observe",
      state: "blocked",
      needs: ["a", "secret"],
      says: "It comes after: The a is so; A hidden check",
      evidence: [],
      hints: 0,
    });
  });
});
