import { describe, expect, it } from "vitest";
import { passesOrNever } from "../../../checkers/contract/grade.ts";
import { longestFirst } from "../../../checkers/contract/prove.ts";
import type { Checks } from "../../../checkers/core/needs.ts";
import { fail, pass, waiting } from "../../../checkers/core/verdict.ts";

const checks = {
  looks: { mode: "observe" },
  breaks: { mode: "disturb" },
  asks: { mode: "sample" },
  hangs: { mode: "disturb" },
} as unknown as Checks;
const mutants = (...names: string[]) =>
  names.map((name) => {
    const [check = "", code = ""] = name.split("/");
    return { check, code, dir: name };
  });

describe("mutants begin", () => {
  it("with those that disturb, then those that measure", () => {
    const order = longestFirst(mutants("looks/a", "asks/a", "breaks/a"), checks);
    expect(order.map(({ dir }) => dir)).toEqual(["breaks/a", "asks/a", "looks/a"]);
  });
  it("with one of each check before the second of any", () => {
    const order = longestFirst(mutants("breaks/a", "breaks/b", "breaks/c", "hangs/a", "hangs/b"), checks);
    expect(order.map(({ dir }) => dir)).toEqual(["breaks/a", "hangs/a", "breaks/b", "hangs/b", "breaks/c"]);
  });
});

describe("a check that should come to pass is looked at", () => {
  const failed = fail("wrong", { expected: "right", actual: "wrong" });
  /** After how many of these verdicts, one every ten seconds, no more is looked at. */
  const looksAt = (...verdicts: Parameters<ReturnType<typeof passesOrNever>>[0][]): number => {
    let now = 0;
    const done = passesOrNever(() => now);
    return (
      verdicts.findIndex((one) => {
        const over = done(one);
        now += 10_000;
        return over;
      }) + 1
    );
  };
  it("until it passes", () => {
    expect(looksAt(waiting("not yet"), failed, pass(), failed)).toBe(3);
  });
  it("until it has failed for twenty seconds on end", () => {
    expect(looksAt(failed, failed, failed, pass())).toBe(3);
  });
  it("for as long as it only waits", () => {
    expect(looksAt(failed, failed, waiting("not yet"), failed, failed, pass())).toBe(6);
    expect(looksAt(...Array.from({ length: 20 }, () => waiting("not yet")), pass())).toBe(21);
  });
});
