import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Attempt, ExamBook } from "../../checkers/exams/book.ts";
import type { Instant } from "../../checkers/exams/clock.ts";
import { Examiner } from "../../checkers/exams/examiner.ts";
import { bookFile, withheldDuringExam } from "../../checkers/exams/guard.ts";
import { resultOf } from "../../checkers/exams/result.ts";
import type { CheckGrade } from "../../checkers/grading/schema.ts";
import { sumUp, sumUpLab } from "../../checkers/grading/sum.ts";
import { type PageSocket, until, type Workbench, workbench } from "./kit.ts";

const minute = 60_000;
/** Words of checks: none may leave before the end. */
const secrets = ["secret-title", "secret-says", "secret-hint", "secret-why", "secret-code", "there-check", "study"];

/** An examiner whose cluster is the test's: preparing takes nothing, and the grade is the one the test hands in. */
class TestExaminer extends Examiner {
  passes = true;
  cannotLook = false;
  gradings = 0;
  override async prepare(attempt: Attempt): Promise<void> {
    for (const { slug } of attempt.stations) {
      mkdirSync(join(this.paths.labs, slug), { recursive: true });
      writeFileSync(join(this.paths.labs, slug, "work.txt"), "as it was");
    }
    this.book.add(attempt.id, { kind: "start", instant: moment() });
  }
  override async grade(attempt: Attempt): Promise<never> {
    this.gradings += 1;
    const tasks = await this.tasks(attempt);
    const state: CheckGrade["state"] = this.cannotLook ? "error" : this.passes ? "pass" : "fail";
    const labs = attempt.stations.map(({ slug, namespace }) => {
      const about = { lab: slug, title: "secret-title", domain: "configure", namespace, begun: true };
      const check: CheckGrade = {
        ...{ id: "there-check", title: "secret-title", points: 3, earned: state === "pass" ? 3 : 0, counts: true },
        ...{ mode: "observe", basis: "state", state, says: "secret-says", evidence: [] },
      };
      return {
        grade: sumUpLab(about, [check], { blocked: "lost", process: "counted", weights: {} }),
        timing: { lab: slug, took: 1, checks: [] },
      };
    });
    const grade = sumUp(labs, { blocked: "lost", process: "counted", weights: {} }, { gradedAt: "", took: 1 });
    const result = resultOf({
      ...{ attempt, standing: this.standing(attempt), tasks, grade },
      ...{ broken: this.book.broken(attempt.id), lateChanges: [], titles: {} },
    });
    this.book.saveResult(attempt.id, result);
    return result as never;
  }
}

let clock = { wall: Date.parse("2026-03-02T09:00:00Z"), mono: 1_000_000 };
const moment = (): Instant => ({ ...clock, boot: "one" });
const pass = (ms: number): void => {
  clock = { wall: clock.wall + ms, mono: clock.mono + ms };
};

let state: string;
let examiner: TestExaminer;
let bench: Workbench;
let page: PageSocket;

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(state, path)), { recursive: true });
  writeFileSync(join(state, path), text);
};
const open = async (): Promise<void> => {
  examiner = new TestExaminer({
    book: new ExamBook(bookFile(state)),
    paths: { labs: join(state, "work"), kube: join(state, "kube"), exams: join(state, "exams") },
    roots: [join(state, "bank")],
    now: moment,
    ground: () => ({ kubeconfig: "", kubectl: "", user: undefined, nodePorts: [], addons: async () => {} }),
  });
  bench = await workbench({ examiner, state });
  page = await bench.page("");
};
const shut = async (): Promise<void> => {
  await bench.close();
  examiner.book.close();
};

beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), "workbook-exams-"));
  put(
    "bank/exams/demo/exam.yaml",
    "title: Demo\nsummary: Two\nminutes: 10\npassMark: 60\ndomains: {configure: 100}\ntasks: all\n",
  );
  for (const slug of ["01-one", "02-two"]) {
    put(
      `bank/exams/demo/${slug}/lab.ts`,
      `export default { title: "Task ${slug}", summary: "x", week: 1, minutes: 4, domain: "configure", study: ["04"],
        answers: { found: { label: "What you found" } },
        facts: (seed, namespace) => ({ name: "settings-" + seed }),
        checks: () => ({ "there-check": { title: "secret-title", points: 3, mode: "observe", within: "5s", evidence: "state", why: "secret-why",
          failures: { "secret-code": { says: "secret-says", hints: ["secret-hint"] } }, observe: async () => ({ state: "pass", evidence: [] }) } }) };\n`,
    );
    put(`bank/exams/demo/${slug}/task.md`, "Make `{{name}}`. <script>alert(1)</script>\n");
  }
  mkdirSync(join(state, "dist/exam"), { recursive: true });
  put("dist/exam/index.html", "<!doctype html><html><body>the exam's page</body></html>");
  await open();
});
afterEach(async () => {
  await shut();
  rmSync(state, { recursive: true, force: true });
});

const api = async (path: string): Promise<string> => (await bench.fetch(`/api/exams${path}`)).text();
const begin = async (): Promise<void> => {
  const { status } = await bench.post("/api/exams/demo/start", { seed: 7 });
  expect(status).toBe(200);
  await page.next("exam", ({ exam }) => exam.phase === "running");
};
const graded = (): Promise<unknown> => page.next("exam", ({ exam }) => exam.graded);

it("has one page for every exam, and without a name leads to the course map", async () => {
  expect(await (await bench.fetch("/exam/demo/")).text()).toContain("the exam's page");
  for (const path of ["/exam", "/exam/"]) {
    const { status, headers } = await bench.fetch(path);
    expect([status, headers.get("location")]).toEqual([302, "/"]);
  }
});

describe("while an exam runs", () => {
  it("nothing about its checks leaves the server, whatever is asked", async () => {
    await begin();
    page.send({ type: "enter", lab: "demo-01-one" });
    page.send({ type: "run", lab: "demo-01-one", check: "there-check" });
    const asked = await Promise.all(
      [
        ...["/", "/demo", "/demo?attempt=1", "/demo/report.html", "/demo/report.md", "/demo/report.json"].map(
          (path) => `/api/exams${path === "/" ? "" : path}`,
        ),
        ...["/api/labs/demo-01-one", "/exam/demo", "/exam/demo/"],
      ].map(async (path) => (await bench.fetch(path)).text()),
    );
    const told = await Promise.all([
      bench.post("/api/labs/demo-01-one/hint", { check: "there-check" }),
      bench.post("/api/exams/demo/flag", { task: "01", on: true }),
      bench.post("/api/exams/demo/answer", { task: "01", key: "found", text: "42" }),
    ]);
    await page.next("terminals", ({ lab }) => lab === "demo-01-one");
    await until("the server's own look at the clock", () => page.got.filter(({ type }) => type === "exam").length >= 3);
    const all = [...asked, JSON.stringify(told), JSON.stringify(page.got)].join("\n");
    expect(secrets.filter((word) => all.includes(word))).toEqual([]);
    expect(page.got.map(({ type }) => type)).not.toContain("report");
    expect(examiner.gradings).toBe(0);
  });

  it("the commands that check are refused, for its tasks and for its namespaces", async () => {
    const look = (slug: string, namespace: string) => () => withheldDuringExam(state, { slug, namespace });
    expect(look("demo-01-one", "x")).not.toThrow();
    await begin();
    expect(look("demo-01-one", "x")).toThrow(/withheld until it is handed in/);
    expect(look("02-deploy-ml-inference", "exam-demo-02")).toThrow(/withheld/);
    expect(look("02-deploy-ml-inference", "lab-02")).not.toThrow();
    await bench.post("/api/exams/demo/submit", {});
    expect(look("demo-01-one", "x")).not.toThrow();
  });

  it("its tasks are shown with the candidate's own names, and markup in them is text", async () => {
    await begin();
    const { tasks } = JSON.parse(await api("/demo")) as {
      tasks: { html: string; namespace: string; weight: number }[];
    };
    expect(tasks.map(({ namespace, weight }) => [namespace, weight])).toEqual([
      ["exam-demo-01", 50],
      ["exam-demo-02", 50],
    ]);
    expect(tasks[0]?.html).toContain("<code>settings-7</code>");
    expect(tasks[0]?.html).not.toContain("<script>");
  });

  it("another one is refused with words, and this one goes on", async () => {
    await begin();
    const { status, body } = await bench.post("/api/exams/demo/start", {});
    expect(status).toBe(409);
    expect(body.error).toMatch(/is not over yet; there is one at a time/);
    expect(examiner.book.attempts()).toHaveLength(1);
  });

  it("flags and answers are kept at once, over a crash of the server", async () => {
    await begin();
    await bench.post("/api/exams/demo/flag", { task: "02", on: true });
    await bench.post("/api/exams/demo/answer", { task: "02", key: "found", text: "42" });
    pass(3 * minute);
    await shut();
    pass(2 * minute);
    await open();
    const seen = JSON.parse(await api("/demo")) as {
      card: { state: { phase: string; remaining: number; flags: string[] } };
      tasks: { given: Record<string, string> }[];
    };
    expect(seen.card.state).toMatchObject({ phase: "running", remaining: 5 * minute, flags: ["02"] });
    expect(seen.tasks[1]?.given).toEqual({ found: "42" });
  });

  it("a task has terminals; once it is over it has none", async () => {
    await begin();
    const made = await bench.post("/api/terminals", { lab: "demo-01-one" });
    expect(made.body).toMatchObject({ lab: "demo-01-one" });
    await bench.post("/api/exams/demo/submit", {});
    await until("its terminals are closed", () => bench.server.terminals.list("demo-01-one").length === 0);
    expect((await bench.post("/api/terminals", { lab: "demo-01-one" })).status).toBe(404);
  });
});

describe("an exam that is over", () => {
  it("is graded at once, from the files as they were then", async () => {
    await begin();
    await bench.post("/api/exams/demo/submit", {});
    writeFileSync(join(state, "work/demo-01-one/work.txt"), "changed afterwards");
    await graded();
    const { result } = JSON.parse(await api("/demo")) as { result: { status: string; score: number } };
    expect(result).toMatchObject({ status: "passed", score: 1 });
    const { readFileSync } = await import("node:fs");
    expect(readFileSync(join(state, "exams/1/files/demo-01-one/work.txt"), "utf8")).toBe("as it was");
    expect(await api("/demo/report.md")).toContain("secret-title");
  });

  it("hands itself in when its time is up", async () => {
    examiner.passes = false;
    await begin();
    pass(11 * minute);
    const told = await page.next("exam", ({ exam }) => exam.phase === "ended");
    expect(told.exam.endedBy).toBe("time-up");
    await graded();
    expect(JSON.parse(await api("/demo")).result).toMatchObject({
      status: "not-passed",
      score: 0,
      time: { endedBy: "time-up" },
    });
  });

  it("whose time ran out while nothing ran is ended and graded when the server comes back", async () => {
    await begin();
    await shut();
    pass(60 * minute);
    await open();
    await graded();
    expect(JSON.parse(await api("/demo")).result.time).toMatchObject({
      endedBy: "time-up",
      used: 10 * minute,
      noticedLate: 50 * minute,
    });
  });

  it("is not graded yet where the cluster cannot be looked at, and loses nothing", async () => {
    examiner.cannotLook = true;
    await begin();
    await bench.post("/api/exams/demo/submit", {});
    await until("it was tried", () => examiner.gradings === 1);
    await page.next("exam", ({ exam }) => /no score yet/.test(exam.says));
    expect(JSON.parse(await api("/demo")).result).toMatchObject({ status: "incomplete", score: null });
    examiner.cannotLook = false;
    await bench.post("/api/exams/demo/submit", {});
    await graded();
    expect(JSON.parse(await api("/demo")).result).toMatchObject({ status: "passed", score: 1 });
  });

  it("waits for the cluster where there is none", async () => {
    await begin();
    bench.cluster.become("unreachable", "It does not answer since 9:00.");
    await bench.post("/api/exams/demo/submit", {});
    await page.next("exam", ({ exam }) => /Not graded yet: the cluster is not ready/.test(exam.says));
    expect(examiner.gradings).toBe(0);
    bench.cluster.become("ready", "Ready");
    await graded();
  });

  it("shows its result when it is opened again; starting anew keeps the old", async () => {
    await begin();
    await bench.post("/api/exams/demo/submit", {});
    await graded();
    expect((await bench.post("/api/exams/demo/flag", { task: "01", on: true })).status).toBe(409);
    await bench.post("/api/exams/demo/start", { seed: 8 });
    await page.next("exam", ({ exam }) => exam.phase === "running" && exam.attempt === 2);
    const seen = JSON.parse(await api("/demo")) as {
      result?: object;
      attempts: { attempt: number; graded: boolean }[];
    };
    expect(seen.result).toBeUndefined();
    expect(seen.attempts).toMatchObject([
      { attempt: 2, graded: false },
      { attempt: 1, graded: true },
    ]);
    expect(JSON.parse(await api("/demo?attempt=1")).result).toMatchObject({ attempt: 1, score: 1 });
  });

  it("that was given up is not graded", async () => {
    await begin();
    await bench.post("/api/exams/demo/abandon", {});
    await page.next("exam", ({ exam }) => exam.endedBy === "abandoned");
    expect((await bench.post("/api/exams/demo/submit", {})).status).toBe(409);
    expect(examiner.gradings).toBe(0);
  });
});

it("there is no exam of a name that is none", async () => {
  expect((await bench.fetch("/api/exams/other")).status).toBe(404);
  expect((await bench.post("/api/exams/other/start", {})).status).toBe(404);
});
