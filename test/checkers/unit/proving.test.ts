import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Durations, longestFirst } from "../../../checkers/contract/durations.ts";
import { passesOrNever } from "../../../checkers/contract/grade.ts";
import { byMode } from "../../../checkers/contract/prove.ts";
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
    const order = byMode(mutants("looks/a", "asks/a", "breaks/a"), checks);
    expect(order.map(({ dir }) => dir)).toEqual(["breaks/a", "asks/a", "looks/a"]);
  });
  it("with one of each check before the second of any", () => {
    const order = byMode(mutants("breaks/a", "breaks/b", "breaks/c", "hangs/a", "hangs/b"), checks);
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

describe("runs begin", () => {
  const file = join(mkdtempSync(join(tmpdir(), "workbook-durations-")), "deep/proofs.json");
  const runs = ["quick", "slow", "middling"].map((name) => ({ lab: "27-my-lab", name }));
  const order = (): string[] => {
    const known = new Durations(file);
    return longestFirst(runs.map((run) => ({ ...run, takes: known.of(run) }))).map(({ name }) => name);
  };
  it("as they stand where nobody knows how long they take", () => {
    expect(order()).toEqual(["quick", "slow", "middling"]);
  });
  it("with what took longest the last time, and before it what nobody has proved yet", () => {
    const known = new Durations(file);
    known.note({ lab: "27-my-lab", name: "quick" }, 1_200.4);
    known.note({ lab: "27-my-lab", name: "slow" }, 90_000);
    known.write();
    expect(order()).toEqual(["middling", "slow", "quick"]);
    known.note({ lab: "27-my-lab", name: "middling" }, 30_000);
    known.write();
    expect(order()).toEqual(["slow", "middling", "quick"]);
    expect(new Durations(file).of(...runs)).toBe(121_200);
  });
  it("with one that soon measures, the longest of its kind", () => {
    const runs = [
      { name: "solution", takes: 90 },
      { name: "too early", takes: 20, soon: true },
      { name: "cut off", takes: 40, soon: true },
      { name: "stuck", takes: 5, soon: false },
    ];
    expect(longestFirst(runs).map(({ name }) => name)).toEqual(["cut off", "solution", "too early", "stuck"]);
  });
  it.each(["no JSON", "null", '["a"]', '{"27-my-lab slow": "long", "27-my-lab quick": -1}'])(
    "as they stand where what is kept says %s",
    (text) => {
      writeFileSync(file, text);
      expect(order()).toEqual(["quick", "slow", "middling"]);
    },
  );
  it("also where nothing can be kept", () => {
    const known = new Durations(join(file, "below-a-file"));
    known.note({ lab: "27-my-lab", name: "slow" }, 1);
    expect(() => known.write()).not.toThrow();
  });
});
