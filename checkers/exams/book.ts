import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { brokenAt, type ChainedRow, chainHash, chainStart } from "../core/chain.ts";
import { LookError } from "../core/errors.ts";
import type { Instant } from "./clock.ts";
import type { ExamFile } from "./exam-file.ts";

const schema = `
CREATE TABLE IF NOT EXISTS attempts (id INTEGER PRIMARY KEY, exam TEXT NOT NULL, about TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS journal (
  id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, kind TEXT NOT NULL, says TEXT NOT NULL, at TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS journal_of ON journal (attempt, id);
CREATE TABLE IF NOT EXISTS results (id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, result TEXT NOT NULL) STRICT;
CREATE TRIGGER IF NOT EXISTS journal_stays BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS journal_keeps BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
`;

/** A task of an attempt, where it is worked on. */
export interface AttemptStation {
  slug: string;
  /** Its folder in the bank. */
  dir: string;
  namespace: string;
}

/** What an attempt is about, as it was when it began: a bank that changes later changes nothing in it. */
export interface AttemptAbout {
  exam: string;
  file: ExamFile;
  seed: number;
  /** As given to this candidate; the exam's own are in `file`. */
  minutes: number;
  stations: AttemptStation[];
}
export interface Attempt extends AttemptAbout {
  id: number;
}

/**
 * prepare: its namespaces are being made. start: the clock runs. beat: a heartbeat. flag, unflag: "come back to this". end: `data` says why.
 * grading: somebody grades it. note: anything else worth keeping.
 */
export type Kind = "prepare" | "start" | "beat" | "flag" | "unflag" | "end" | "grading" | "note";

export interface Entry {
  kind: Kind;
  /** Of flags the task, of an end why, of a grading who. */
  data?: string;
  instant: Instant;
}

/** Some exam is under way already. */
export class ExamRunning extends LookError {}

const chainOf = (attempt: number): string => `exam ${attempt}`;

/**
 * The record of all attempts: a SQLite file one can only add to. Every row of the journal is sealed with a hash over itself and the one before
 * it. A write that returned survives kill -9 and a power cut; two processes (the course and a command beside it) may write.
 */
export class ExamBook {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#db = new DatabaseSync(path);
    this.#db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;");
    this.#db.exec(schema);
    if (existsSync(path)) chmodSync(path, 0o600);
  }

  close(): void {
    this.#db.close();
  }

  /** A new attempt, to be prepared. Throws ExamRunning while another one has not ended, of whatever exam. `by`: id of the process that prepares it. */
  begin(about: AttemptAbout, instant: Instant, by: string): Attempt {
    return this.#inOne(() => {
      const open = this.open();
      if (open) {
        throw new ExamRunning(
          `The exam "${open.file.title}" is not over yet; there is one at a time.`,
          `Go on with it at /exam/${open.exam}, hand it in (./workbook exam submit), or give it up (./workbook exam abandon).`,
        );
      }
      const { lastInsertRowid } = this.#db
        .prepare("INSERT INTO attempts (exam, about) VALUES (?, ?)")
        .run(about.exam, JSON.stringify(about));
      const id = Number(lastInsertRowid);
      this.#append(id, { kind: "prepare", data: by, instant });
      return { ...about, id };
    });
  }

  /** The attempt that has not ended, if there is one. */
  open(): Attempt | undefined {
    const row = this.#db
      .prepare(
        "SELECT id, about FROM attempts WHERE NOT EXISTS (SELECT 1 FROM journal WHERE attempt = attempts.id AND kind = 'end') ORDER BY id DESC LIMIT 1",
      )
      .get() as Row | undefined;
    return row && attemptOf(row);
  }

  /** All attempts, of one exam or of all, the newest first. */
  attempts(exam?: string): Attempt[] {
    const rows = (
      exam === undefined
        ? this.#db.prepare("SELECT id, about FROM attempts ORDER BY id DESC").all()
        : this.#db.prepare("SELECT id, about FROM attempts WHERE exam = ? ORDER BY id DESC").all(exam)
    ) as Row[];
    return rows.map(attemptOf);
  }

  /** Adds to an attempt's journal. What comes after its end is kept, and counts for nothing. */
  add(attempt: number, entry: Entry): void {
    this.#inOne(() => this.#append(attempt, entry));
  }

  /** Ends it, once: false when it had ended already. */
  end(attempt: number, entry: Omit<Entry, "kind">): boolean {
    return this.#inOne(() => {
      if (this.#db.prepare("SELECT 1 FROM journal WHERE attempt = ? AND kind = 'end'").get(attempt)) return false;
      this.#append(attempt, { ...entry, kind: "end" });
      return true;
    });
  }

  journal(attempt: number): Entry[] {
    return this.#rows(attempt).map(({ check, says }) => {
      const { instant, data } = JSON.parse(says ?? "{}") as Omit<Entry, "kind">;
      return { kind: check as Kind, instant, ...(data !== undefined && { data }) };
    });
  }

  /** 1-based number of the first row that does not follow from those before it; undefined where the journal is as it was written. */
  broken(attempt: number): number | undefined {
    const at = brokenAt(chainOf(attempt), this.#rows(attempt));
    return at === undefined ? undefined : at + 1;
  }

  saveResult(attempt: number, result: unknown): void {
    this.#db.prepare("INSERT INTO results (attempt, result) VALUES (?, ?)").run(attempt, JSON.stringify(result));
  }

  /** The last result; earlier ones are kept. */
  result<T>(attempt: number): T | undefined {
    const row = this.#db
      .prepare("SELECT result FROM results WHERE attempt = ? ORDER BY id DESC LIMIT 1")
      .get(attempt) as { result: string } | undefined;
    return row && (JSON.parse(row.result) as T);
  }

  #rows(attempt: number): ChainedRow[] {
    const rows = this.#db.prepare("SELECT * FROM journal WHERE attempt = ? ORDER BY id").all(attempt) as Row[];
    return rows.map((row) => ({
      check: String(row.kind),
      state: "",
      says: String(row.says),
      at: String(row.at),
      hash: String(row.hash),
    }));
  }

  #append(attempt: number, { kind, instant, data }: Entry): void {
    const last = this.#db.prepare("SELECT hash FROM journal WHERE attempt = ? ORDER BY id DESC LIMIT 1").get(attempt) as
      | { hash: string }
      | undefined;
    const says = JSON.stringify({ instant, ...(data !== undefined && { data }) });
    const at = new Date(instant.wall).toISOString();
    const hash = chainHash(last?.hash ?? chainStart(chainOf(attempt)), { check: kind, state: "", says, at });
    this.#db
      .prepare("INSERT INTO journal (attempt, kind, says, at, hash) VALUES (?, ?, ?, ?, ?)")
      .run(attempt, kind, says, at, hash);
  }

  /** Read and written as one, also where another process writes: the chain must not fork. */
  #inOne<T>(act: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const value = act();
      this.#db.exec("COMMIT");
      return value;
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}

type Row = Record<string, SQLInputValue>;
const attemptOf = (row: Row): Attempt => ({ ...(JSON.parse(String(row.about)) as AttemptAbout), id: Number(row.id) });
