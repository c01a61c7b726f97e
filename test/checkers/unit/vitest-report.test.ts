import { describe, expect, it } from "vitest";
import { failedOutsideTests, tally, type VitestReport } from "../../../checkers/commands/vitest-report.ts";

type File = VitestReport["testResults"][number];
const test = (status: string, ...failureMessages: string[]) => ({ status, fullName: "does it", failureMessages });
const file = (name: string, status: string, assertionResults: File["assertionResults"], message = ""): File => ({
  name: `/project/${name}`,
  status,
  message,
  assertionResults,
});
const report = (code: number, ...testResults: File[]): VitestReport => ({ code, testResults });
const counted = (first: VitestReport, second?: VitestReport) => tally(first, "/project", second);

const good = file("good", "passed", [test("passed"), test("passed")]);
const hook = file("hook", "failed", [test("skipped"), test("skipped")], "no pods\n  at line 3");

describe("tally", () => {
  it("counts test by test, and tells what failed and why in a line", () => {
    const bad = file("bad", "failed", [test("passed"), test("failed", "expected 1\n  at line 2", "expected 1")]);
    expect(counted(report(1, good, bad))).toEqual({
      passed: 3,
      failed: 1,
      remarks: ["✗ bad: does it: expected 1"],
    });
  });
  it("names what passed at its second try", () => {
    const late = file("late", "passed", [test("passed", "too late\n  at line 2")]);
    expect(counted(report(0, late))).toEqual({
      passed: 1,
      failed: 0,
      remarks: ["~ late: does it: second try: too late"],
    });
  });
  it("takes a file whose hook failed for a failure, beside others too", () => {
    const inner = file("inner", "failed", [test("passed"), test("skipped")]);
    const bad = file("bad", "failed", [test("failed", "expected 1")]);
    expect([hook, inner, bad, good].map(failedOutsideTests)).toEqual([true, true, false, false]);
    expect(counted(report(1, hook, inner, bad, good))).toEqual({
      passed: 3,
      failed: 3,
      remarks: ["✗ hook: no pods", "✗ inner", "✗ bad: does it: expected 1"],
    });
  });
  it("lets a second run of a file decide, and names it", () => {
    expect(counted(report(1, good, hook), report(0, file("hook", "passed", [test("passed"), test("passed")])))).toEqual(
      {
        passed: 4,
        failed: 0,
        remarks: ["~ hook: second try: no pods"],
      },
    );
    expect(counted(report(1, good, hook), report(1, hook))).toMatchObject({ passed: 2, failed: 1 });
  });
  it("takes a run without a test, or with an error that belongs to none, for a failure", () => {
    expect(counted(report(1))).toMatchObject({ passed: 0, failed: 1 });
    expect(counted(report(1, good))).toMatchObject({ passed: 2, failed: 1 });
    expect(counted(report(0, good))).toEqual({ passed: 2, failed: 0, remarks: [] });
  });
});
