import { describe, expect, it } from "vitest";
import { fail, parts, pass } from "../../../checkers/core/verdict.ts";
import { withoutTiming } from "../../../checkers/grading/grade.ts";
import { gradeSchema, type LabGrade } from "../../../checkers/grading/schema.ts";
import { outOfAll } from "../../../checkers/grading/sum.ts";
import { type Fate, fated, gradeOf, gradeOne, labOf, seeded } from "./grading-kit.ts";

const ladder = (service: Fate) => ({
  service: fated("service", service, { points: 2 }),
  share: fated("share", "pass", { points: 4, needs: ["service"], mode: "sample" }),
  labels: fated("labels", "pass", { points: 8 }),
});

describe("a check that needs another", () => {
  it("counts like any other where its ground is laid", async () => {
    expect(await gradeOne(ladder("pass"))).toMatchObject({
      status: "passed",
      points: 14,
      counted: 14,
      earned: 14,
      score: 1,
    });
  });
  it("is left out where its ground was tried and failed: one mistake, one penalty", async () => {
    const grade = await gradeOne(ladder("fail"));
    expect(grade).toMatchObject({ status: "not-passed", points: 14, counted: 10, earned: 8, score: 0.8 });
    expect(grade.says).toBe("8 of 10 points counted; 4 points could not be judged because service did not pass.");
    expect(grade.checks[1]).toMatchObject({
      state: "blocked",
      counts: false,
      leftOut: "blocked",
      because: ["service"],
    });
  });
  it("is not earned where the ground was never laid", async () => {
    const grade = await gradeOne(ladder("untouched"));
    expect(grade).toMatchObject({ status: "not-passed", counted: 14, earned: 8, says: "8 of 14 points." });
    expect(grade.checks[1]).toMatchObject({ state: "blocked", counts: true, earned: 0 });
  });
  it("is lost where the policy says so", async () => {
    expect(await gradeOne(ladder("fail"), { blocked: "lost" })).toMatchObject({
      counted: 14,
      earned: 8,
      says: "8 of 14 points.",
    });
  });
  it("is told by its root, however far down that is, and lost when a part of the ground was never begun", async () => {
    const chain = (second: Fate) => ({
      a: fated("a", "fail"),
      b: fated("b", "pass", { needs: ["a"] }),
      other: fated("other", second),
      c: fated("c", "pass", { needs: ["b", "other"], points: 5 }),
    });
    const tried = await gradeOne(chain("pass"));
    expect(tried.checks.find(({ id }) => id === "c")).toMatchObject({ needs: ["b"], because: ["a"], counts: false });
    expect(tried.says).toContain("6 points could not be judged because a did not pass");
    const never = await gradeOne(chain("untouched"));
    expect(never.checks.find(({ id }) => id === "c")).toMatchObject({ because: ["a", "other"], counts: true });
  });
});

describe("a grade that could not look", () => {
  it("has no final score, and names what and why; the rest is graded", async () => {
    const grade = await gradeOf([
      labOf({ a: fated("a", "error"), b: fated("b", "pass", { points: 3 }) }, {}, "01-a"),
      labOf({ c: fated("c", "pass") }, {}, "02-b"),
    ]);
    expect(grade).toMatchObject({ status: "incomplete", score: null });
    expect(grade.says).toContain("01-a");
    expect(grade.labs[0]).toMatchObject({ status: "incomplete", score: null, earned: 3 });
    expect(grade.labs[0]?.says).toMatch(/^Incomplete, no final score: a could not be looked at/);
    expect(grade.labs[0]?.checks[0]).toMatchObject({ state: "error", says: "the API server is away" });
    expect(grade.labs[1]).toMatchObject({ status: "passed", score: 1 });
  });
  it("is incomplete too where only the ground could not be looked at", async () => {
    const grade = await gradeOne(ladder("error"));
    expect(grade).toMatchObject({ status: "incomplete", score: null });
  });
  it("survives checks that hang, answer nonsense, or cannot be made up at all", async () => {
    const bad = labOf({}, {}, "03-bad");
    bad.checks = () => {
      throw new Error("no facts\n    at lab.ts:1");
    };
    const grade = await gradeOf([
      labOf(
        { hang: fated("hang", "hang"), nonsense: fated("n", "pass", { observe: (async () => 7) as never }) },
        {},
        "01-a",
      ),
      bad,
      labOf({ c: fated("c", "pass") }, {}, "04-c"),
    ]);
    expect(grade.labs.map(({ lab, status }) => `${lab} ${status}`)).toEqual([
      "01-a incomplete",
      "03-bad incomplete",
      "04-c passed",
    ]);
    expect(grade.labs[0]?.checks.map(({ says }) => says)).toEqual([
      'The check "The hang is so" had no answer after 10 s.',
      expect.stringContaining("a mistake in the lab, not yours"),
    ]);
    expect(grade.labs[1]?.problem).toBe("The lab's checks cannot be made up: no facts");
    expect(JSON.stringify(grade)).not.toContain("lab.ts:1");
  });
  it("names a lab that could not even be opened, and grades the others", async () => {
    const { gradeLabs } = await import("../../../checkers/grading/grade.ts");
    const { defaultPolicy } = await import("../../../checkers/grading/policy.ts");
    const lab = labOf({ a: fated("a", "pass") });
    const grade = await gradeLabs(
      [{ lab, namespace: "x", open: () => Promise.reject(new Error("The cluster died.\n at y")) }],
      { policy: defaultPolicy },
    );
    expect(grade).toMatchObject({ status: "incomplete", labs: [{ problem: "The cluster died." }] });
  });
});

describe("partial credit, process and weights", () => {
  const both = (one: boolean, two: boolean) =>
    fated("p", "pass", {
      points: 3,
      parts: { one: { title: "One", points: 1 }, two: { title: "Two", points: 2 } },
      observe: (async () => parts({ one: one ? pass() : fail("wrong"), two: two ? pass() : fail("wrong") })) as never,
    });
  it("earns the parts that pass, and is passed only whole", async () => {
    expect(await gradeOne({ p: both(true, true) })).toMatchObject({ status: "passed", earned: 3 });
    expect(await gradeOne({ p: both(false, true) })).toMatchObject({ status: "not-passed", earned: 2, score: 0.6667 });
  });
  it("blocks what stands on a check of which only a part passed", async () => {
    const grade = await gradeOne({ p: both(true, false), q: fated("q", "pass", { needs: ["p"] }) });
    expect(grade.checks[1]).toMatchObject({ state: "blocked", counts: false });
  });
  it("leaves out what is only attested where the policy says so", async () => {
    const checks = { a: fated("a", "pass"), ramp: fated("ramp", "pass", { evidence: "process", points: 4 }) };
    expect(await gradeOne(checks)).toMatchObject({ counted: 5, earned: 5 });
    const left = await gradeOne(checks, { process: "left-out" });
    expect(left).toMatchObject({ counted: 1, earned: 1, status: "passed" });
    expect(left.says).toContain("4 points rest on what the learner's machine attests");
  });
  it("weighs domains, not points, where the policy names weights", async () => {
    const labs = [
      labOf({ a: fated("a", "pass", { points: 9 }) }, { domain: "deploy" }, "01-a"),
      labOf({ b: fated("b", "fail", { points: 1 }) }, { domain: "release" }, "02-b"),
    ];
    expect((await gradeOf(labs)).score).toBe(0.9);
    expect((await gradeOf(labs, { weights: { release: 3 } })).score).toBe(0.25);
    expect((await gradeOf(labs, { weights: { release: 0 } })).score).toBe(1);
  });
  it("makes points out of all points of what counted", () => {
    expect(outOfAll({ score: 0.8, points: 14 })).toBe(11.2);
    expect(outOfAll({ score: null, points: 14 })).toBeNull();
  });
});

describe("hidden checks", () => {
  it("are graded and shown, and missing one of them is missing the pass", async () => {
    const grade = await gradeOne({
      a: fated("a", "pass"),
      secret: fated("secret", "fail", { hidden: true, points: 2 }),
    });
    expect(grade).toMatchObject({ status: "not-passed", points: 3, earned: 1 });
    expect(grade.checks[1]).toMatchObject({
      title: "The secret is so",
      hidden: true,
      code: "wrong",
      says: "WRONG-secret",
    });
    expect(grade.checks[1]?.evidence).toHaveLength(1);
  });
});

/** A lab of random checks, needs and fates: the same for the same seed. */
function randomLab(seed: number) {
  const random = seeded(seed);
  const fates: Fate[] = ["pass", "pass", "pass", "fail", "untouched", "error"];
  const ids = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, at) => `c${at}`);
  return labOf(
    Object.fromEntries(
      ids.map((id, at) => [
        id,
        fated(id, fates[Math.floor(random() * (seed % 3 === 0 ? 6 : 5))] as Fate, {
          points: 1 + Math.floor(random() * 50) / 10,
          needs: ids.slice(0, at).filter(() => random() < 0.3),
          ...(random() < 0.2 && { hidden: true as const }),
          evidence: random() < 0.2 ? "process" : "state",
        }),
      ]),
    ),
  );
}
const sum = (lab: LabGrade, of: (check: LabGrade["checks"][number]) => number): number =>
  Math.round(lab.checks.reduce((total, one) => total + of(one), 0) * 1e6) / 1e6;

describe("whatever the lab", () => {
  it("the figures agree, the schema holds, and the same state gives the same grade", async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const policy = {
        process: seed % 2 === 0 ? "left-out" : "counted",
        blocked: seed % 5 === 0 ? "lost" : "left-out",
      } as const;
      const grade = await gradeOf([randomLab(seed)], policy);
      const lab = grade.labs[0] as LabGrade;
      const at = `seed ${seed}`;
      expect(() => gradeSchema.parse(JSON.parse(JSON.stringify(grade))), at).not.toThrow();
      expect(lab.points, at).toBe(sum(lab, (one) => one.points));
      expect(lab.counted, at).toBe(sum(lab, (one) => (one.counts ? one.points : 0)));
      expect(lab.earned, at).toBe(sum(lab, (one) => one.earned));
      expect(lab.earned, at).toBeLessThanOrEqual(lab.counted);
      const errors = lab.checks.some((one) => one.counts && one.state === "error");
      expect(lab.status === "incomplete", at).toBe(errors);
      expect(lab.status === "passed", at).toBe(!errors && lab.checks.every((one) => one.state === "pass"));
      expect(lab.score === null, at).toBe(errors || lab.counted === 0);
      for (const one of lab.checks) {
        if (one.leftOut === "blocked") {
          expect(one.state, at).toBe("blocked");
          expect(one.because?.length, at).toBeGreaterThan(0);
        }
      }
      expect(withoutTiming(await gradeOf([randomLab(seed)], policy)), at).toEqual(withoutTiming(grade));
    }
  });
  it("beginning on something never lowers what is earned", async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const worse = (await gradeOf([randomLab(seed)])).labs[0] as LabGrade;
      const broken = worse.checks.find(({ state }) => state === "untouched");
      if (!broken || worse.status === "incomplete") continue;
      const lab = randomLab(seed);
      const checks = lab.checks("");
      lab.checks = () => ({
        ...checks,
        [broken.id]: { ...(checks[broken.id] as object), observe: async () => pass() } as never,
      });
      const better = (await gradeOf([lab])).labs[0] as LabGrade;
      expect(better.earned, `seed ${seed}`).toBeGreaterThanOrEqual(worse.earned);
    }
  });
});
