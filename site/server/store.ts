import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { brokenAt, type ChainedRow, chainHash, chainStart } from "../../checkers/core/chain.ts";
import type { LabReport } from "../../checkers/core/report.ts";
import type { MeasureReply } from "../protocol.ts";
import { type Log, silent } from "./deps.ts";
import { ServerError, sentence } from "./fault.ts";

const version = 2;

const schema = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS passes (lab TEXT NOT NULL, check_id TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (lab, check_id)) STRICT;
CREATE TABLE IF NOT EXISTS verdicts (
  id INTEGER PRIMARY KEY, lab TEXT NOT NULL, check_id TEXT NOT NULL, state TEXT NOT NULL, code TEXT, says TEXT, at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS verdicts_latest ON verdicts (lab, check_id, id);
CREATE TABLE IF NOT EXISTS quiz (
  lab TEXT NOT NULL, item TEXT NOT NULL, choice INTEGER, text TEXT, is_right INTEGER, at TEXT NOT NULL, PRIMARY KEY (lab, item)
) STRICT;
CREATE TABLE IF NOT EXISTS predictions (
  lab TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (lab, id)
) STRICT;
CREATE TABLE IF NOT EXISTS measurements (
  row INTEGER PRIMARY KEY, lab TEXT NOT NULL, id TEXT NOT NULL, measured TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS measurements_latest ON measurements (lab, id, row);
CREATE TABLE IF NOT EXISTS hints (
  lab TEXT NOT NULL, check_id TEXT NOT NULL, code TEXT NOT NULL, shown INTEGER NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (lab, check_id, code)
) STRICT;
CREATE TABLE IF NOT EXISTS visited (lab TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT;
`;

/** Since version 2 the verdicts are a record one can only add to, each row sealed with a hash over itself and the one before it. */
const sealed = `
CREATE TRIGGER IF NOT EXISTS verdicts_stay BEFORE DELETE ON verdicts BEGIN SELECT RAISE(ABORT, 'the record of verdicts is append-only'); END;
CREATE TRIGGER IF NOT EXISTS verdicts_keep BEFORE UPDATE ON verdicts WHEN OLD.hash IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'the record of verdicts is append-only'); END;
`;

/** What the record says of a lab as a whole, in rows under a name that no check has. */
export type Mark = "solved" | "reset" | "skipped";
const markedBy = "workbook";

export interface QuizAnswer {
  item: string;
  choice?: number;
  text?: string;
  right?: boolean;
  at: string;
}
export interface SavedPrediction {
  id: string;
  value: number | string;
  at: string;
}
export interface SavedVerdict {
  check: string;
  state: string;
  code?: string;
  says?: string;
  at: string;
}

/** SQLITE_CORRUPT and SQLITE_NOTADB: the file is damaged, or no database at all. */
const damaged = (error: unknown): boolean => {
  const code = (error as { errcode?: number }).errcode;
  return typeof code === "number" && ((code & 0xff) === 11 || (code & 0xff) === 26);
};

type Row = Record<string, SQLInputValue>;

/** Brings verdicts written before there were hashes into the chain, in the order they were written. */
function seal(db: DatabaseSync): void {
  const columns = db.prepare("PRAGMA table_info(verdicts)").all() as { name: string }[];
  if (!columns.some(({ name }) => name === "hash")) db.exec("ALTER TABLE verdicts ADD COLUMN hash TEXT");
  if (!db.prepare("SELECT 1 FROM verdicts WHERE hash IS NULL LIMIT 1").get()) return;
  const write = db.prepare("UPDATE verdicts SET hash = ? WHERE id = ?");
  const last = new Map<string, string>();
  for (const row of db.prepare("SELECT * FROM verdicts ORDER BY id").all() as Row[]) {
    const lab = String(row.lab);
    const { check_id: check, state, code, says, at, hash } = row;
    const text = (value: SQLInputValue | undefined): string | undefined => (value === null ? undefined : String(value));
    const own =
      text(hash) ??
      chainHash(last.get(lab) ?? chainStart(lab), {
        check: String(check),
        state: String(state),
        at: String(at),
        ...(code !== null && { code: String(code) }),
        ...(says !== null && { says: String(says) }),
      });
    if (hash === null) write.run(own, row.id as number);
    last.set(lab, own);
  }
}

/**
 * What the learner did, in one SQLite file: write-ahead log, so a write that returned survives kill -9 of the process, and a
 * command line beside the server may read and write it too. A damaged file is moved aside and a new one begun.
 */
export class Store {
  readonly path: string;
  /** A sentence for the learner when a damaged file was moved aside; undefined otherwise. */
  moved: string | undefined;
  #log: Log;
  #db: DatabaseSync;
  #statements = new Map<string, StatementSync>();
  #closed = false;

  /** Throws ServerError where there is no using the file (a folder without permission, made by a newer version …). */
  constructor(path: string, log: Log = silent) {
    this.path = path;
    this.#log = log;
    this.#db = this.#open();
  }

  /**
   * Keeps what a report says. Returns whether a check passed that had not passed before. What passes while the workbook's own solution is
   * in place is no pass of the learner's.
   */
  recordReport(report: LabReport): boolean {
    const since = this.#lastMark(report.lab);
    const changed = report.checks.filter((one) => {
      if (one.at === undefined) return false;
      const last = this.#get(
        "SELECT state, code FROM verdicts WHERE lab = ? AND check_id = ? AND id > ? ORDER BY id DESC LIMIT 1",
        [report.lab, one.id, since?.id ?? 0],
      );
      return !last || last.state !== one.state || last.code !== (one.code ?? null);
    });
    if (changed.length === 0) return false;
    let passed = false;
    this.#transaction(() => {
      for (const one of changed) {
        const at = one.at as string;
        const { id: check, state, code, says } = one;
        const row = { check, state, at, ...(code !== undefined && { code }), ...(says !== undefined && { says }) };
        this.#run("INSERT INTO verdicts (lab, check_id, state, code, says, at, hash) VALUES (?, ?, ?, ?, ?, ?, ?)", [
          report.lab,
          check,
          state,
          code ?? null,
          says ?? null,
          at,
          chainHash(this.#lastHash(report.lab), row),
        ]);
        if (one.state !== "pass" || since?.mark === "solved") continue;
        const { changes } = this.#run(
          "INSERT INTO passes (lab, check_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
          [report.lab, one.id, at],
        );
        passed ||= Number(changes) > 0;
      }
    });
    return passed;
  }

  /** Ids of the checks of a lab that passed at some time. */
  passed(lab: string): string[] {
    return this.#all("SELECT check_id FROM passes WHERE lab = ? ORDER BY at, check_id", [lab]).map((row) =>
      String(row.check_id),
    );
  }

  /** The changes of a lab's verdicts, oldest first. */
  history(lab: string): SavedVerdict[] {
    return this.#all("SELECT check_id, state, code, says, at FROM verdicts WHERE lab = ? ORDER BY id", [lab]).map(
      (row) => ({
        check: String(row.check_id),
        state: String(row.state),
        ...(row.code === null ? {} : { code: String(row.code) }),
        ...(row.says === null ? {} : { says: String(row.says) }),
        at: String(row.at),
      }),
    );
  }

  /** The same with each row's hash, and the index of the first one that does not follow from the one before, if any. */
  record(lab: string): { rows: ChainedRow[]; broken?: number } {
    const hashes = this.#all("SELECT hash FROM verdicts WHERE lab = ? ORDER BY id", [lab]);
    const rows = this.history(lab).map((row, index) => ({ ...row, hash: String(hashes[index]?.hash ?? "") }));
    const broken = brokenAt(lab, rows);
    return { rows, ...(broken !== undefined && { broken }) };
  }

  /** Notes in a lab's record that the workbook solved it, that it was begun again, or that it was skipped. */
  mark(lab: string, mark: Mark, says: string): void {
    const at = new Date().toISOString();
    this.#transaction(() => {
      this.#run("INSERT INTO verdicts (lab, check_id, state, code, says, at, hash) VALUES (?, ?, ?, NULL, ?, ?, ?)", [
        lab,
        markedBy,
        mark,
        says,
        at,
        chainHash(this.#lastHash(lab), { check: markedBy, state: mark, says, at }),
      ]);
    });
  }

  /** Where the workbook's solution was in place, notes that it is no more. Returns whether it was. */
  begunAgain(lab: string): boolean {
    if (this.marked(lab) !== "solved") return false;
    this.mark(lab, "reset", "The lab was begun again.");
    return true;
  }

  /** What was last noted of a lab, if anything. */
  marked(lab: string): Mark | undefined {
    return this.#lastMark(lab)?.mark;
  }

  /** Labs whose present state is the workbook's own solution. */
  solvedLabs(): string[] {
    return this.#all("SELECT DISTINCT lab FROM verdicts WHERE check_id = ? ORDER BY lab", [markedBy])
      .map((row) => String(row.lab))
      .filter((lab) => this.marked(lab) === "solved");
  }

  #lastMark(lab: string): { id: number; mark: Mark } | undefined {
    const row = this.#get("SELECT id, state FROM verdicts WHERE lab = ? AND check_id = ? ORDER BY id DESC LIMIT 1", [
      lab,
      markedBy,
    ]);
    return row ? { id: Number(row.id), mark: String(row.state) as Mark } : undefined;
  }

  #lastHash(lab: string): string {
    const row = this.#get("SELECT hash FROM verdicts WHERE lab = ? ORDER BY id DESC LIMIT 1", [lab]);
    return row ? String(row.hash) : chainStart(lab);
  }

  /** The first answer counts: returns false, and keeps the old one, when there is one already. */
  answerQuiz(lab: string, answer: QuizAnswer): boolean {
    const { changes } = this.#run(
      "INSERT INTO quiz (lab, item, choice, text, is_right, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      [
        lab,
        answer.item,
        answer.choice ?? null,
        answer.text ?? null,
        answer.right === undefined ? null : Number(answer.right),
        answer.at,
      ],
    );
    return Number(changes) > 0;
  }

  quiz(lab: string): QuizAnswer[] {
    return this.#all("SELECT item, choice, text, is_right, at FROM quiz WHERE lab = ? ORDER BY at, item", [lab]).map(
      (row) => ({
        item: String(row.item),
        ...(row.choice === null ? {} : { choice: Number(row.choice) }),
        ...(row.text === null ? {} : { text: String(row.text) }),
        ...(row.is_right === null ? {} : { right: row.is_right === 1 }),
        at: String(row.at),
      }),
    );
  }

  /** Locks a prediction in. Returns false, and keeps the old one, when it was locked before. */
  predict(lab: string, { id, value, at }: SavedPrediction): boolean {
    const { changes } = this.#run(
      "INSERT INTO predictions (lab, id, value, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
      [lab, id, JSON.stringify(value), at],
    );
    return Number(changes) > 0;
  }

  predictions(lab: string): SavedPrediction[] {
    return this.#all("SELECT id, value, at FROM predictions WHERE lab = ? ORDER BY at, id", [lab]).map((row) => ({
      id: String(row.id),
      value: JSON.parse(String(row.value)) as number | string,
      at: String(row.at),
    }));
  }

  measured(lab: string, measured: MeasureReply, at: string): void {
    this.#run("INSERT INTO measurements (lab, id, measured, at) VALUES (?, ?, ?, ?)", [
      lab,
      measured.id,
      JSON.stringify(measured),
      at,
    ]);
  }

  /** The latest measurement of each experiment of a lab. */
  measurements(lab: string): MeasureReply[] {
    return this.#all(
      "SELECT measured FROM measurements WHERE row IN (SELECT max(row) FROM measurements WHERE lab = ? GROUP BY id) ORDER BY row",
      [lab],
    ).map((row) => JSON.parse(String(row.measured)) as MeasureReply);
  }

  /** How many hints of this failure were shown. */
  hintsShown(lab: string, check: string, code: string): number {
    const row = this.#get("SELECT shown FROM hints WHERE lab = ? AND check_id = ? AND code = ?", [lab, check, code]);
    return Number(row?.shown ?? 0);
  }

  /** Every hint shown of a lab. */
  hints(lab: string): { check: string; code: string; shown: number; at: string }[] {
    return this.#all("SELECT check_id, code, shown, at FROM hints WHERE lab = ? ORDER BY at, check_id, code", [
      lab,
    ]).map((row) => ({
      check: String(row.check_id),
      code: String(row.code),
      shown: Number(row.shown),
      at: String(row.at),
    }));
  }

  hintShown(lab: string, check: string, code: string, shown: number): void {
    this.#run(
      `INSERT INTO hints (lab, check_id, code, shown, at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET shown = max(shown, excluded.shown), at = excluded.at`,
      [lab, check, code, shown, new Date().toISOString()],
    );
  }

  visit(lab: string): void {
    this.#run("INSERT INTO visited (lab, at) VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", [
      lab,
      new Date().toISOString(),
    ]);
  }

  /** ISO time of the last visit per lab, latest first. */
  visits(): { lab: string; at: string }[] {
    return this.#all("SELECT lab, at FROM visited ORDER BY at DESC", []).map((row) => ({
      lab: String(row.lab),
      at: String(row.at),
    }));
  }

  meta(key: string): string | undefined {
    const row = this.#get("SELECT value FROM meta WHERE key = ?", [key]);
    return row ? String(row.value) : undefined;
  }

  setMeta(key: string, value: string): void {
    this.#run("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", [
      key,
      value,
    ]);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#statements.clear();
    this.#db.close();
  }

  #open(): DatabaseSync {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    try {
      return this.#connect();
    } catch (error) {
      if (damaged(error)) {
        this.#moveAside();
        return this.#connect();
      }
      if (error instanceof ServerError) throw error;
      throw new ServerError(
        `The file of your progress cannot be opened: ${sentence(error)} (${this.path})`,
        "The file was left as it is.",
        "Check that the folder exists, is yours and has space left, then start again.",
        { cause: error },
      );
    }
  }

  #connect(): DatabaseSync {
    const db = new DatabaseSync(this.path, { timeout: 5_000 });
    try {
      db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;");
      const health = Object.values(db.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
      if (health !== "ok") throw Object.assign(new Error(String(health)), { errcode: 11 });
      const { user_version: made } = db.prepare("PRAGMA user_version").get() as { user_version: number };
      if (made > version) {
        throw new ServerError(
          `The file of your progress was made by a newer workbook (format ${made}, this one knows ${version}).`,
          "The file was left as it is.",
          `Update the workbook, or move ${this.path} away to begin anew.`,
        );
      }
      db.exec(`BEGIN IMMEDIATE; ${schema}`);
      seal(db);
      db.exec(`${sealed} PRAGMA user_version = ${version}; COMMIT;`);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  #moveAside(): void {
    const aside = `${this.path}.corrupt-${new Date().toISOString().replace(/[:.]/g, "-")}`;
    for (const suffix of ["", "-wal", "-shm"]) {
      if (existsSync(this.path + suffix)) renameSync(this.path + suffix, aside + suffix);
    }
    this.moved = `The file of your progress was damaged. It was kept as ${aside}, and a new one begun. What is on the cluster and in your working folders is untouched: checks turn green again by themselves.`;
    this.#log.error({ aside }, this.moved);
  }

  /** Damage that shows only later is met as at the start: the file is moved aside and the work goes on. */
  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!damaged(error)) throw error;
      this.#statements.clear();
      try {
        this.#db.close();
      } catch {
        // It was broken anyway.
      }
      this.#moveAside();
      this.#db = this.#connect();
      return work();
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #get(sql: string, values: SQLInputValue[]): Row | undefined {
    return this.#guarded(() => this.#statement(sql).get(...values)) as Row | undefined;
  }

  #all(sql: string, values: SQLInputValue[]): Row[] {
    return this.#guarded(() => this.#statement(sql).all(...values)) as Row[];
  }

  #run(sql: string, values: SQLInputValue[]): { changes: number | bigint } {
    return this.#guarded(() => this.#statement(sql).run(...values));
  }

  #transaction(work: () => void): void {
    this.#guarded(() => this.#db.exec("BEGIN IMMEDIATE"));
    try {
      work();
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}
