import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Attempt, type AttemptAbout, ExamBook, ExamRunning } from "../../../checkers/exams/book.ts";
import { type Instant, now, reckon } from "../../../checkers/exams/clock.ts";
import { standing, tick } from "../../../checkers/exams/standing.ts";

const minute = 60_000;
const began = Date.parse("2026-03-02T09:00:00Z");

/** A machine whose two clocks the test moves. */
class Machine {
  wall = began;
  mono = 500_000;
  boot = "first";
  at = (): Instant => ({ wall: this.wall, mono: this.mono, boot: this.boot });
  /** Time passes. */
  pass(ms: number): this {
    this.wall += ms;
    this.mono += ms;
    return this;
  }
  /** Somebody sets the wall clock. */
  set(ms: number): this {
    this.wall += ms;
    return this;
  }
  /** Off for so long, then up for so long; the wall clock kept by a battery, unless it lost some. */
  restart(off: number, up: number, lost = 0): this {
    this.wall += off + up - lost;
    this.mono = up;
    this.boot = `${this.boot}+`;
    return this;
  }
}

const about: AttemptAbout = {
  exam: "demo",
  file: { title: "Demo", summary: "Two", minutes: 10, passMark: 60, domains: { deploy: 100 }, draw: undefined },
  seed: 3,
  minutes: 10,
  stations: [{ slug: "demo-01-small", dir: "/none", namespace: "exam-demo-01" }],
};

let dir: string;
let book: ExamBook;
let machine: Machine;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "workbook-exam-"));
  book = new ExamBook(join(dir, "exams.db"));
  machine = new Machine();
});
afterEach(() => {
  book.close();
  rmSync(dir, { recursive: true, force: true });
});

const start = (): Attempt => {
  const attempt = book.begin(about, machine.at(), "1");
  machine.pass(30_000);
  book.add(attempt.id, { kind: "start", instant: machine.at() });
  return attempt;
};
const look = (attempt: Attempt) => tick(book, attempt, machine.at()).standing;

describe("an exam's time", () => {
  it("does not run while its tasks are being prepared", () => {
    const attempt = book.begin(about, machine.at(), "1");
    machine.pass(20 * minute);
    expect(look(attempt)).toMatchObject({ phase: "preparing", elapsed: 0, remaining: 10 * minute });
  });

  it("runs from its start, with a heartbeat each minute", () => {
    const attempt = start();
    for (let second = 0; second < 150; second++) {
      machine.pass(1_000);
      look(attempt);
    }
    expect(look(attempt)).toMatchObject({ phase: "running", elapsed: 150_000, remaining: 450_000, oddities: [] });
    expect(book.journal(attempt.id).filter(({ kind }) => kind === "beat")).toHaveLength(2);
  });

  it("goes on while nothing of the workbook runs, and a crash loses none of it", () => {
    const attempt = start();
    machine.pass(minute);
    look(attempt);
    book.close();
    machine.pass(7 * minute);
    book = new ExamBook(join(dir, "exams.db"));
    expect(look(attempt)).toMatchObject({ phase: "running", elapsed: 8 * minute, oddities: [] });
  });

  it("gives nothing when the wall clock is set back, and says so", () => {
    const attempt = start();
    machine.pass(2 * minute);
    look(attempt);
    machine.set(-60 * minute).pass(minute);
    const seen = look(attempt);
    expect(seen).toMatchObject({ elapsed: 3 * minute, remaining: 7 * minute });
    expect(seen.oddities).toEqual([expect.objectContaining({ kind: "back", says: expect.stringContaining("60 min") })]);
  });

  it("takes nothing when the wall clock is set far forward, and says so", () => {
    const attempt = start();
    machine.pass(2 * minute).set(5 * 60 * minute);
    const seen = look(attempt);
    expect(seen).toMatchObject({ phase: "running", elapsed: 2 * minute });
    expect(seen.oddities).toEqual([expect.objectContaining({ kind: "forward" })]);
  });

  it("remembers a clock that was set back and forth again between two looks of the journal", () => {
    const attempt = start();
    machine.pass(minute).set(-30 * minute);
    look(attempt);
    machine.pass(minute).set(30 * minute);
    look(attempt);
    expect(look(attempt).oddities.map(({ kind }) => kind)).toEqual(["back", "forward"]);
  });

  it("goes on by the wall clock while the machine is off", () => {
    const attempt = start();
    machine.pass(minute);
    look(attempt);
    machine.restart(4 * minute, minute);
    const seen = look(attempt);
    expect(seen).toMatchObject({ phase: "running", elapsed: 6 * minute });
    expect(seen.oddities).toEqual([expect.objectContaining({ kind: "restart" })]);
  });

  it("gives nothing for a wall clock that went back over a restart", () => {
    const attempt = start();
    machine.pass(minute);
    look(attempt);
    machine.restart(4 * minute, 2 * minute, 60 * minute);
    const seen = look(attempt);
    expect(seen).toMatchObject({ phase: "running", elapsed: 3 * minute });
    expect(seen.oddities).toEqual([
      expect.objectContaining({ kind: "restart-back", says: expect.stringContaining("not known") }),
    ]);
  });

  it("is not bothered by a wall clock that is slewed", () => {
    const attempt = start();
    machine.pass(9 * minute).set(-250);
    expect(look(attempt).oddities).toEqual([]);
  });

  it("is read off the machine's own clocks", () => {
    const [one, other] = [now(), now()];
    expect(one.boot).not.toBe("");
    expect(other.mono - one.mono).toBeGreaterThanOrEqual(0);
    expect(Math.abs(one.wall - Date.now())).toBeLessThan(1_000);
    expect(reckon([one, other]).oddities).toEqual([]);
  });
});

describe("an exam's end", () => {
  it("comes when its time is up, once", () => {
    const attempt = start();
    machine.pass(10 * minute);
    expect(tick(book, attempt, machine.at())).toMatchObject({
      ended: true,
      standing: { phase: "ended", endedBy: "time-up", remaining: 0, elapsed: 10 * minute },
    });
    expect(tick(book, attempt, machine.at()).ended).toBe(false);
    expect(book.end(attempt.id, { data: "submitted", instant: machine.at() })).toBe(false);
    expect(look(attempt).endedBy).toBe("time-up");
  });

  it("says how late it was noticed where nothing ran", () => {
    const attempt = start();
    machine.pass(25 * minute);
    const seen = look(attempt);
    expect(seen).toMatchObject({ phase: "ended", endedBy: "time-up", noticedLate: 15 * minute, elapsed: 10 * minute });
  });

  it("does not come later because the wall clock was set back", () => {
    const attempt = start();
    machine.pass(9 * minute).set(-9 * minute);
    look(attempt);
    machine.pass(minute);
    expect(look(attempt)).toMatchObject({ phase: "ended", endedBy: "time-up" });
  });

  it("stops the clock: what comes after counts for nothing", () => {
    const attempt = start();
    machine.pass(3 * minute);
    book.add(attempt.id, { kind: "flag", data: "01", instant: machine.at() });
    book.end(attempt.id, { data: "submitted", instant: machine.at() });
    machine.pass(60 * minute);
    expect(look(attempt)).toMatchObject({ phase: "ended", endedBy: "submitted", elapsed: 3 * minute, flags: ["01"] });
    expect(book.journal(attempt.id).at(-1)?.kind).toBe("end");
  });
});

describe("attempts", () => {
  it("are one at a time, of whatever exam; also for a second process", () => {
    start();
    const other = new ExamBook(join(dir, "exams.db"));
    try {
      expect(() => other.begin({ ...about, exam: "another" }, machine.at(), "2")).toThrow(ExamRunning);
      expect(() => other.begin(about, machine.at(), "2")).toThrow(/is not over yet; there is one at a time/);
    } finally {
      other.close();
    }
    expect(book.attempts()).toHaveLength(1);
  });

  it("do not run again once they ended: starting anew makes another, and keeps the old", () => {
    const first = start();
    book.end(first.id, { data: "submitted", instant: machine.at() });
    book.saveResult(first.id, { score: 0.5 });
    expect(book.open()).toBeUndefined();
    machine.pass(minute);
    const second = book.begin({ ...about, seed: 4 }, machine.at(), "1");
    expect(second.id).not.toBe(first.id);
    expect(book.attempts("demo").map(({ seed }) => seed)).toEqual([4, 3]);
    expect(book.result(first.id)).toEqual({ score: 0.5 });
    expect(standing(10, book.journal(first.id), machine.at())).toMatchObject({ phase: "ended", endedBy: "submitted" });
  });

  it("keep every result", () => {
    const attempt = start();
    book.saveResult(attempt.id, { status: "incomplete" });
    book.saveResult(attempt.id, { status: "passed" });
    expect(book.result(attempt.id)).toEqual({ status: "passed" });
  });
});

describe("the journal", () => {
  it("keeps flags set and taken away", () => {
    const attempt = start();
    for (const [kind, data] of [
      ["flag", "01"],
      ["flag", "02/expose"],
      ["unflag", "01"],
    ] as const)
      book.add(attempt.id, { kind, data, instant: machine.pass(1_000).at() });
    expect(look(attempt).flags).toEqual(["02/expose"]);
  });

  it("can only be added to", () => {
    start();
    const raw = new DatabaseSync(join(dir, "exams.db"));
    expect(() => raw.exec("DELETE FROM journal")).toThrow(/append-only/);
    expect(() => raw.exec("UPDATE journal SET says = '{}'")).toThrow(/append-only/);
    raw.close();
  });

  it("tells where it was altered all the same", () => {
    const attempt = start();
    for (let beat = 0; beat < 4; beat++) {
      machine.pass(minute);
      look(attempt);
    }
    expect(book.broken(attempt.id)).toBeUndefined();
    const raw = new DatabaseSync(join(dir, "exams.db"));
    raw.exec("DROP TRIGGER journal_keeps");
    raw.exec(
      `UPDATE journal SET says = replace(says, '"boot":"first"', '"boot":"other"') WHERE kind = 'beat' AND id = 4`,
    );
    raw.close();
    expect(book.broken(attempt.id)).toBe(4);
  });
});
