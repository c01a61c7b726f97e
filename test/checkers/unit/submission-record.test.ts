import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import type { LabReport } from "../../../checkers/core/report.ts";
import { Store } from "../../../site/server/store.ts";

const dir = mkdtempSync(join(tmpdir(), "workbook-record-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
let made = 0;
const path = (): string => join(dir, `${made++}.db`);

const report = (lab: string, state: "fail" | "pass", code?: string): LabReport => ({
  ...{ lab, title: "X", namespace: "n", points: 1, earned: 0, complete: true },
  checks: [
    {
      ...{ id: "a", title: "A", points: 1, earned: 0, mode: "observe", state, evidence: [], hints: 0 },
      ...(code && { code, says: `says ${code}` }),
      at: "2026-03-01T10:00:00.000Z",
    },
  ],
});
/** A record of three rows of one lab, and one of another in between. */
const filled = (at: string): void => {
  const store = new Store(at);
  store.recordReport(report("01-x", "fail", "missing"));
  store.recordReport(report("02-y", "pass"));
  store.recordReport(report("01-x", "fail", "wrong"));
  store.recordReport(report("01-x", "pass"));
  store.close();
};
const spoil = (at: string, sql: string): void => {
  const db = new DatabaseSync(at);
  db.exec("DROP TRIGGER verdicts_stay; DROP TRIGGER verdicts_keep;");
  db.exec(sql);
  db.close();
};
const record = (at: string, lab = "01-x") => {
  const store = new Store(at);
  const found = store.record(lab);
  store.close();
  return found;
};

describe("the record of verdicts", () => {
  it("is a chain per lab that holds", () => {
    const at = path();
    filled(at);
    const { rows, broken } = record(at);
    expect(broken).toBeUndefined();
    expect(rows.map(({ state, code }) => [state, code])).toEqual([
      ["fail", "missing"],
      ["fail", "wrong"],
      ["pass", undefined],
    ]);
    expect(new Set(rows.map(({ hash }) => hash)).size).toBe(3);
    expect(record(at, "02-y").broken).toBeUndefined();
  });

  it.each([
    ["changed", "UPDATE verdicts SET state = 'pass' WHERE code = 'missing'", 0],
    ["made earlier", "UPDATE verdicts SET at = '2026-01-01T00:00:00.000Z' WHERE code = 'wrong'", 1],
    ["dropped", "DELETE FROM verdicts WHERE code = 'wrong'", 1],
    ["put in", "INSERT INTO verdicts (lab, check_id, state, at, hash) VALUES ('01-x', 'a', 'pass', 'x', 'abc')", 3],
  ])("tells where a row was %s", (_how, sql, at) => {
    const file = path();
    filled(file);
    spoil(file, sql);
    expect(record(file).broken).toBe(at);
  });

  it("lets nobody change or delete a row without taking it apart first", () => {
    const at = path();
    filled(at);
    const db = new DatabaseSync(at);
    expect(() => db.exec("DELETE FROM verdicts")).toThrow("append-only");
    expect(() => db.exec("UPDATE verdicts SET state = 'pass'")).toThrow("append-only");
    db.close();
  });

  it("takes in what was written before there was a chain", () => {
    const at = path();
    filled(at);
    spoil(at, "UPDATE verdicts SET hash = NULL; ALTER TABLE verdicts DROP COLUMN hash; PRAGMA user_version = 1;");
    expect(record(at)).toMatchObject({ rows: { length: 3 } });
    expect(record(at).broken).toBeUndefined();
    const store = new Store(at);
    store.recordReport(report("01-x", "fail", "again"));
    expect(store.record("01-x")).toMatchObject({ rows: { length: 4 } });
    expect(store.record("01-x").broken).toBeUndefined();
    store.close();
  });
});
