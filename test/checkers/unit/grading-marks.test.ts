import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { toLabReport, toReport } from "../../../checkers/core/reports.ts";
import { fail, pass } from "../../../checkers/core/verdict.ts";
import { Store } from "../../../site/server/store.ts";
import { fated } from "./grading-kit.ts";

const folder = mkdtempSync(join(tmpdir(), "workbook-marks-"));
const stores: Store[] = [];
afterAll(() => {
  for (const store of stores) store.close();
  rmSync(folder, { recursive: true, force: true });
});

const lab = "02-lab";
let store: Store;
let now = 0;
beforeEach(() => {
  store = new Store(join(folder, `${stores.length}.db`));
  stores.push(store);
});
/** What a session reports: these checks pass, the others fail. */
const report = (...passing: string[]) => {
  now += 1_000;
  const at = new Date(Date.UTC(2026, 0, 1) + now).toISOString();
  const checks = ["a", "b"].map((id) =>
    toReport(id, fated(id, "pass"), { verdict: passing.includes(id) ? pass() : fail("wrong"), at, took: 1 }),
  );
  return store.recordReport(toLabReport({ slug: lab, title: "Lab" }, "lab-02", checks));
};

describe("what the workbook solved", () => {
  it("is no pass of the learner's, while what they passed before stays theirs", () => {
    report("a");
    store.mark(lab, "solved", "The workbook applied its solution.");
    expect(report("a", "b")).toBe(false);
    expect(store.passed(lab)).toEqual(["a"]);
    expect(store.marked(lab)).toBe("solved");
    expect(store.solvedLabs()).toEqual([lab]);
  });
  it("can be done by the learner after a reset, also what is green all the while", () => {
    store.mark(lab, "solved", "The workbook applied its solution.");
    report("a", "b");
    expect(store.begunAgain(lab)).toBe(true);
    expect(store.solvedLabs()).toEqual([]);
    expect(report("a", "b")).toBe(true);
    expect(store.passed(lab)).toEqual(["a", "b"]);
  });
  it("stays in the record, which still holds", () => {
    report("a");
    store.mark(lab, "solved", "The workbook applied its solution.");
    report("a", "b");
    store.begunAgain(lab);
    const { rows, broken } = store.record(lab);
    expect(broken).toBeUndefined();
    expect(rows.filter(({ check }) => check === "workbook").map(({ state }) => state)).toEqual(["solved", "reset"]);
  });
  it("is nothing where nothing was solved", () => {
    expect(store.begunAgain(lab)).toBe(false);
    expect(store.record(lab).rows).toEqual([]);
  });
  it("is not what was skipped: that can be passed any time", () => {
    store.mark(lab, "skipped", "The learner went on.");
    expect(store.solvedLabs()).toEqual([]);
    expect(report("a")).toBe(true);
    expect(store.passed(lab)).toEqual(["a"]);
  });
});
