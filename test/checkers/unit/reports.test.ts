import { describe, expect, it } from "vitest";
import { type Check, check } from "../../../checkers/core/check.ts";
import { nextHint } from "../../../checkers/core/hints.ts";
import { toLabReport, toReport } from "../../../checkers/core/reports.ts";
import { fail, pass, type Verdict, waiting } from "../../../checkers/core/verdict.ts";

const one: Check = check({
  title: "The thing is so",
  points: 3,
  mode: "observe",
  within: "10s",
  evidence: "state",
  why: "THE-WHY",
  failures: {
    nothing: { says: "Nothing yet.", hints: ["HINT-A", "HINT-B"], untouched: true },
    wrong: { says: "It is wrong.", hints: ["HINT-C"] },
  },
  observe: async () => pass(),
});
const report = (verdict: Verdict) => toReport("one", one, { verdict, at: "2026-01-01T00:00:00Z", took: 1.234 });

describe("a check's report", () => {
  it("is to do before the first look", () => {
    expect(toReport("one", one)).toEqual({
      id: "one",
      title: "The thing is so",
      points: 3,
      earned: 0,
      mode: "observe",
      state: "todo",
      evidence: [],
      hints: 0,
    });
  });

  it("is to do, with its code and hints to ask for, while the learner has not begun", () => {
    expect(report(fail("nothing"))).toMatchObject({ state: "todo", code: "nothing", says: "Nothing yet.", hints: 2 });
  });

  it("says what is so when it fails", () => {
    const evidence = { expected: "2", actual: "1" };
    expect(report(fail("wrong", evidence))).toMatchObject({
      state: "fail",
      code: "wrong",
      says: "It is wrong.",
      hints: 1,
      evidence: [evidence],
      took: 1.2,
    });
  });

  it("has words and hints for what did not settle, which no lab declares", () => {
    const { state, says, hints } = report(fail("not-settled"));
    expect({ state, says: says !== "", hints: hints > 0 }).toEqual({ state: "fail", says: true, hints: true });
  });

  it("explains itself only once it passed", () => {
    expect(report(pass()).why).toBe("THE-WHY");
    for (const verdict of [fail("wrong"), waiting("x"), { state: "error", why: "x", evidence: [] } as Verdict]) {
      expect(JSON.stringify(report(verdict))).not.toContain("THE-WHY");
    }
  });

  it("never carries the text of a hint", () => {
    for (const verdict of [pass(), fail("wrong"), fail("nothing"), fail("not-settled"), waiting("x")]) {
      expect(JSON.stringify(report(verdict))).not.toMatch(/HINT|kubectl/);
    }
  });
});

describe("a lab's report", () => {
  it("counts points of what passed", () => {
    expect(toLabReport({ slug: "01-a", title: "A" }, "lab-01", [report(pass()), report(fail("wrong"))])).toMatchObject({
      lab: "01-a",
      points: 6,
      earned: 3,
      complete: true,
    });
  });

  it("is incomplete while something could not be looked at", () => {
    const error: Verdict = { state: "error", why: "x", evidence: [] };
    expect(toLabReport({ slug: "01-a", title: "A" }, "lab-01", [report(pass()), report(error)]).complete).toBe(false);
  });
});

describe("hints", () => {
  it("come one at a time and stay on the last", () => {
    expect(nextHint(one, "nothing", 0)).toEqual({ step: 1, of: 2, text: "HINT-A", shown: ["HINT-A"] });
    expect(nextHint(one, "nothing", 1)).toEqual({ step: 2, of: 2, text: "HINT-B", shown: ["HINT-A", "HINT-B"] });
    expect(nextHint(one, "nothing", 9)).toMatchObject({ step: 2, text: "HINT-B" });
  });
  it("are none for a code that is not the check's", () => {
    expect(nextHint(one, "toString", 0)).toBeUndefined();
  });
  it("help with what did not settle", () => {
    expect(nextHint(one, "not-settled", 0)?.text).toContain("kubectl");
  });
});
