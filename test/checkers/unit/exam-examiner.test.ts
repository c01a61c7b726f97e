import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LookError } from "../../../checkers/core/errors.ts";
import { ExamBook } from "../../../checkers/exams/book.ts";
import { Examiner } from "../../../checkers/exams/examiner.ts";
import { examHtml } from "../../../checkers/exams/report-html.ts";
import { examMarkdown } from "../../../checkers/exams/report-words.ts";
import { lock, thisProcess } from "../../../cluster/lock.ts";

const never = new AbortController().signal;
let dir: string;
let examiner: Examiner;
let clusterIs: () => never;
let mono = 1_000_000;
const now = () => ({ wall: Date.parse("2026-03-02T09:00:00Z") + mono, mono, boot: "one" });

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "workbook-examiner-"));
  put(
    "bank/exams/demo/exam.yaml",
    `title: Demo <b>
summary: One
minutes: 10
passMark: 60
domains: {configure: 75, deploy: 25}
tasks: all
brief: {title: Integration report, sections: [{title: The map, checks: [there]}]}
`,
  );
  put(
    "bank/exams/demo/01-one/lab.ts",
    `export default { title: "One", summary: "x", week: 1, minutes: 4, domain: "configure", study: ["04"],
      facts: (seed) => ({ name: "settings-" + seed }),
      checks: () => ({ there: { title: "It is there", points: 3, mode: "observe", within: "5s", evidence: "state", why: "w",
        failures: { missing: { says: "s", hints: ["h"] } }, observe: async () => ({ state: "pass", evidence: [] }) } }) };\n`,
  );
  put("bank/exams/demo/01-one/task.md", "Make `{{name}}`.\n");
  clusterIs = () => {
    throw new LookError("There is no cluster yet.", "Run up first.");
  };
  examiner = new Examiner({
    book: new ExamBook(join(dir, "exams.db")),
    paths: { labs: join(dir, "work"), kube: join(dir, "kube"), exams: join(dir, "exams") },
    roots: [join(dir, "bank")],
    now,
    ground: () => clusterIs(),
  });
});
afterEach(() => {
  examiner.book.close();
  rmSync(dir, { recursive: true, force: true });
});

/** An attempt under way, as if a cluster had been there to prepare it. */
const running = () => {
  const file = {
    ...{ title: "Demo <b>", summary: "One", minutes: 10, passMark: 60, domains: { configure: 75, deploy: 25 } },
    draw: undefined,
    brief: { title: "Integration report", sections: [{ title: "The map", checks: ["there"] }] },
  };
  const stations = [{ slug: "demo-01-one", dir: join(dir, "bank/exams/demo/01-one"), namespace: "exam-demo-01" }];
  const attempt = examiner.book.begin(
    { exam: "demo", file, seed: 7, minutes: 10, stations },
    now(),
    JSON.stringify(thisProcess()),
  );
  examiner.book.add(attempt.id, { kind: "start", instant: now() });
  put("work/demo-01-one/work.txt", "as it was");
  symlinkSync("/etc/hostname", join(dir, "work/demo-01-one/link"));
  return attempt;
};

describe("an exam that cannot be prepared", () => {
  it("is not even put down where there is no cluster", async () => {
    await expect(examiner.begin("demo", { seed: 1 })).rejects.toThrow("There is no cluster yet.");
    expect(examiner.book.attempts()).toEqual([]);
  });

  it("ends before it began, says so, and keeps nobody from starting", async () => {
    clusterIs = () =>
      ({ user: undefined, kubeconfig: join(dir, "none"), kubectl: "kubectl", addons: async () => {} }) as never;
    const attempt = await examiner.begin("demo", { seed: 1 });
    await expect(examiner.prepare(attempt, () => {}, never)).rejects.toThrow(
      /was not begun: .* Its clock has not run\./,
    );
    expect(examiner.standing(attempt)).toMatchObject({ phase: "ended", elapsed: 0, endedBy: "abandoned" });
    await expect(examiner.begin("demo", { seed: 2 })).resolves.toMatchObject({ seed: 2 });
  });

  it("because its process was killed is given up by the next start; one still alive is not", async () => {
    clusterIs = () => ({ user: "ann" }) as never;
    const gone = await examiner.begin("demo", { seed: 1 });
    await expect(examiner.begin("demo", { seed: 2 })).rejects.toThrow(/there is one at a time/);
    examiner.book.end(gone.id, { data: "abandoned", instant: now() });
    const about = { ...gone, id: undefined };
    examiner.book.begin(about as never, now(), "999999999");
    const next = await examiner.begin("demo", { seed: 3 });
    expect(next.stations).toMatchObject([{ slug: "demo-01-one", namespace: "ann-exam-demo-01" }]);
  });
});

describe("the end", () => {
  it("keeps the files as they were, links as links, once", () => {
    const attempt = running();
    examiner.submit();
    const kept = join(examiner.folder(attempt), "files/demo-01-one");
    writeFileSync(join(dir, "work/demo-01-one/work.txt"), "changed afterwards");
    expect(examiner.look()).toBeUndefined();
    expect(readFileSync(join(kept, "work.txt"), "utf8")).toBe("as it was");
    expect(() => examiner.submit()).toThrow("No exam is under way.");
    expect(() => examiner.flag("01", true)).toThrow(/is over/);
  });

  it("is noticed by whoever looks, when the time is up", () => {
    const attempt = running();
    mono += 11 * 60_000;
    expect(examiner.look()).toMatchObject({ ended: true, standing: { endedBy: "time-up" } });
    expect(readFileSync(join(examiner.folder(attempt), "files/demo-01-one/work.txt"), "utf8")).toBe("as it was");
  });
});

describe("grading", () => {
  it("is refused before the end, and of what was given up", async () => {
    const attempt = running();
    await expect(examiner.grade(attempt, () => {}, never)).rejects.toThrow(/is not over/);
    examiner.abandon();
    await expect(examiner.grade(attempt, () => {}, never)).rejects.toThrow(/given up/);
  });

  it("without a cluster is incomplete: no score, the reason, nothing lost, and it can be run again", async () => {
    const attempt = running();
    examiner.flag("01", true);
    examiner.submit();
    const result = await examiner.grade(attempt, () => {}, never);
    expect(result).toMatchObject({
      status: "incomplete",
      score: null,
      time: { journal: "intact", endedBy: "submitted" },
    });
    expect(result.says).toContain("There is no cluster yet.");
    expect(result.tasks).toMatchObject([{ key: "01", flagged: true }]);
    expect(examiner.result(attempt)).toEqual(result);
    await expect(examiner.grade(attempt, () => {}, never)).resolves.toMatchObject({ status: "incomplete" });
    const html = examHtml(result);
    expect(html).toContain("Demo &lt;b&gt;");
    expect(html).not.toContain("<b>");
    expect(html).not.toMatch(/<script|https?:\/\/|src=/);
    expect(examMarkdown(result)).toContain("## Integration report");
  });

  it("takes one at a time, and takes over from a process that died", async () => {
    const attempt = running();
    examiner.submit();
    const file = join(examiner.folder(attempt), "grading.lock");
    const release = lock(file, "grading an exam");
    expect(examiner.grading(attempt)).toBe(true);
    await expect(examiner.grade(attempt, () => {}, never)).rejects.toThrow(/being graded already/);
    release();
    // Another process has its number by now, as after a restart of the machine.
    writeFileSync(file, JSON.stringify({ ...thisProcess(), start: "1", what: "grading an exam", since: "" }));
    expect(examiner.grading(attempt)).toBe(false);
    await expect(examiner.grade(attempt, () => {}, never)).resolves.toMatchObject({ status: "incomplete" });
  });
});
