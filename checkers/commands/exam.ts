import { randomInt } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { paths } from "../../cluster/paths.ts";
import { statusOfRunning } from "../../site/server/control.ts";
import { spoken } from "../core/duration.ts";
import { placesOf } from "../enter.ts";
import type { Attempt } from "../exams/book.ts";
import type { Examiner } from "../exams/examiner.ts";
import { type LoadedExam, loadExams } from "../exams/load.ts";
import { clockLines, domainLine, examMarkdown, statusWords, timeLine } from "../exams/report-words.ts";
import type { ExamResult } from "../exams/result.ts";
import type { Standing } from "../exams/standing.ts";
import { writeResult } from "../grading/writers/files.ts";
import { labRoots } from "../labs.ts";
import { confirm } from "./confirm.ts";
import { examinerHere } from "./exam-place.ts";
import { interruptible } from "./interrupt.ts";
import { type Io, UserError } from "./io.ts";
import { wrap } from "./render.ts";

interface Common {
  json?: boolean;
  labs?: string[];
}

async function withExaminer<T>(args: Common, use: (examiner: Examiner) => Promise<T>): Promise<T> {
  const examiner = examinerHere(args.labs);
  try {
    return await use(examiner);
  } finally {
    examiner.book.close();
  }
}

/** What --json prints of an attempt. */
const attemptJson = (attempt: Attempt, { oddities, ...seen }: Standing): object => ({
  ...{ exam: attempt.exam, attempt: attempt.id, seed: attempt.seed, minutes: attempt.minutes },
  ...seen,
  oddities,
  stations: attempt.stations.map(({ slug, namespace }) => ({ station: slug, namespace })),
});

const draws = ({ file, stations }: LoadedExam): number => file.draw ?? stations.length;

/** The exams there are, and the attempts made. */
export const examList = (args: Common, io: Io): Promise<number> =>
  withExaminer(args, async (examiner) => {
    examiner.look();
    const { exams, problems } = await loadExams(labRoots(args.labs));
    if (args.json) {
      const list = exams.map((exam) => ({
        ...{ name: exam.name, ...exam.file, stations: draws(exam), bank: exam.stations.length },
        attempts: examiner.book.attempts(exam.name).map((one) => attemptJson(one, examiner.standing(one))),
      }));
      io.out(
        JSON.stringify(
          { schema: "workbook/exams/1", exams: list, problems: problems.map((one) => one.message) },
          null,
          2,
        ),
      );
      return problems.length > 0 ? 2 : 0;
    }
    for (const exam of exams) {
      const { title, summary, minutes, passMark, domains } = exam.file;
      io.out(`${io.style("bold", exam.name.padEnd(12))} ${title}`);
      for (const line of wrap(summary, io.width, 13)) io.out(line);
      const weights = Object.entries(domains).map(([domain, weight]) => `${domain} ${weight}`);
      for (const line of wrap(`${minutes} min, pass mark ${passMark} %; ${weights.join(", ")}`, io.width, 13))
        io.out(io.style("dim", line));
      for (const attempt of examiner.book.attempts(exam.name)) io.out(`             ${attemptLine(examiner, attempt)}`);
      io.out();
    }
    for (const { message, todo } of problems as (Error & { todo?: string })[]) io.err(`✗ ${message} ${todo ?? ""}`);
    io.out("Begin one: ./workbook exam start NAME");
    return problems.length > 0 ? 2 : 0;
  });

function attemptLine(examiner: Examiner, attempt: Attempt): string {
  const seen = examiner.standing(attempt);
  const head = `attempt ${attempt.id}, seed ${attempt.seed}`;
  if (seen.phase === "preparing") return `${head}: being prepared`;
  if (seen.phase === "running") return `${head}: under way, ${spoken(seen.remaining)} left`;
  if (seen.endedBy === "abandoned") return `${head}: ${seen.startedAt === undefined ? "never begun" : "given up"}`;
  const result = examiner.result(attempt);
  return `${head}: ${result ? `${statusWords[result.status]}, ${result.says}` : "not graded yet"}`;
}

const wholeNumber = (text: string | undefined, name: string, min: number, max: number): number | undefined => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UserError(`--${name} takes a whole number from ${min} to ${max}, not "${text}".`, {
    kept: "Nothing was begun.",
  });
};

/** Highest seed: short enough to be told in class. */
const mostSeed = 9_999;

/** Begins an exam: a clean state, then the clock. */
export const examStart = (
  args: Common & { name: string; seed?: string; minutes?: string; yes?: boolean },
  io: Io,
): Promise<number> =>
  withExaminer(args, async (examiner) => {
    const seed = wholeNumber(args.seed, "seed", 1, mostSeed) ?? randomInt(1, mostSeed + 1);
    const minutes = wholeNumber(args.minutes, "minutes", 1, 600);
    const open = examiner.look();
    if (open && open.standing.phase !== "preparing") throw running(open.attempt);
    const attempt = await examiner.begin(args.name, { seed, ...(minutes !== undefined && { minutes }) });
    const says = (step: string): void => {
      if (!args.json) io.out(io.style("dim", `  ${step}`));
    };
    await interruptible((signal) => examiner.prepare(attempt, says, signal));
    const seen = examiner.standing(attempt);
    const running_ = await statusOfRunning(paths().state).catch(() => undefined);
    const tasks = await examiner.tasks(attempt);
    if (args.json) {
      io.out(
        JSON.stringify(
          { schema: "workbook/exam-attempt/1", ...attemptJson(attempt, seen), tasks: tasks.map(publicTask) },
          null,
          2,
        ),
      );
      return 0;
    }
    io.out(`✓ ${attempt.file.title}: the clock runs, ${attempt.minutes} min. Seed ${seed}.`);
    io.out(
      running_
        ? `  Page  ${running_.url}/exam/${attempt.exam}`
        : "  The course is not running: ./workbook up opens it, and ends the exam when its time is up. Without it the next command does.",
    );
    printTasks(attempt, tasks, seen, io);
    io.out("Hand it in: ./workbook exam submit");
    return 0;
  });

const running = (attempt: Attempt): UserError =>
  new UserError(`The exam "${attempt.file.title}" is not over yet; there is one at a time.`, {
    kept: "It goes on, and so does its clock.",
    todo: `Go on with it at /exam/${attempt.exam}, hand it in (./workbook exam submit), or give it up (./workbook exam abandon).`,
  });

type Tasks = Awaited<ReturnType<Examiner["tasks"]>>;

/** What a candidate may see of a task before the end. */
export const publicTask = ({ checks: _checks, domains: _domains, study: _study, ...task }: Tasks[number]): object =>
  task;

function printTasks(attempt: Attempt, tasks: Tasks, seen: Standing, io: Io): void {
  const { kube, labs } = paths();
  let station = "";
  for (const task of tasks) {
    if (task.station !== station) {
      station = task.station;
      const places = placesOf({ slug: station }, { kube, labs });
      io.out();
      io.out(io.style("dim", `cd ${places.folder} && export KUBECONFIG=${places.kubeconfig}`));
    }
    const flag = seen.flags.includes(task.key) ? io.style("yellow", " (come back to this)") : "";
    io.out(
      `${task.key.padEnd(14)} ${io.style("bold", task.title)}  ${io.style("dim", `${task.domain}, ${task.weight} %`)}${flag}`,
    );
  }
  io.out();
  io.out(`Read a task: ./workbook exam status --task ${tasks[0]?.key ?? "01"}`);
  if (attempt.minutes !== attempt.file.minutes)
    io.out(`The exam gives ${attempt.file.minutes} min; you have ${attempt.minutes}.`);
}

/** Where the open exam stands; one task's text with --task, a flag with --flag. */
export const examStatus = (args: Common & { task?: string; flag?: string }, io: Io): Promise<number> =>
  withExaminer(args, async (examiner) => {
    const open = examiner.look();
    if (!open || open.standing.phase === "ended") {
      const [last] = examiner.book.attempts();
      if (args.json) io.out(JSON.stringify({ schema: "workbook/exam-attempt/1", open: false }, null, 2));
      else
        io.out(
          last ? `No exam is under way. ${last.file.title}, ${attemptLine(examiner, last)}` : "No exam is under way.",
        );
      if (open?.ended && !args.json) io.out("Its time was up. Grade it: ./workbook exam submit");
      return 1;
    }
    const { attempt } = open;
    const tasks = await examiner.tasks(attempt);
    const named = (key: string): Tasks[number] => {
      const found = tasks.find((one) => one.key === key);
      if (found) return found;
      throw new UserError(`The exam has no task "${key}".`, {
        todo: `Its tasks: ${tasks.map((one) => one.key).join(", ")}.`,
      });
    };
    if (args.flag !== undefined) {
      const { key } = named(args.flag);
      examiner.flag(key, !open.standing.flags.includes(key));
    }
    const seen = examiner.standing(attempt);
    if (args.json) {
      io.out(
        JSON.stringify(
          {
            schema: "workbook/exam-attempt/1",
            open: true,
            ...attemptJson(attempt, seen),
            tasks: tasks.map(publicTask),
          },
          null,
          2,
        ),
      );
      return 0;
    }
    io.out(
      `${io.style("bold", attempt.file.title)}: ${seen.phase === "preparing" ? "being prepared, its clock does not run yet" : `${spoken(seen.remaining)} of ${attempt.minutes} min left`}`,
    );
    for (const { says } of seen.oddities) for (const line of wrap(says, io.width, 2)) io.out(io.style("yellow", line));
    if (args.task === undefined) printTasks(attempt, tasks, seen, io);
    else {
      const task = named(args.task);
      io.out();
      io.out(io.style("bold", `${task.key} ${task.title}`));
      io.out(task.text);
    }
    return 0;
  });

/** Hands the open exam in and grades it; grades the last one again where it has no score yet. */
export const examSubmit = (args: Common & { yes?: boolean }, io: Io): Promise<number> =>
  withExaminer(args, async (examiner) => {
    const open = examiner.look();
    let attempt = open?.attempt;
    if (open && open.standing.phase !== "ended") {
      if (!args.yes) {
        const question = `Hand in "${open.attempt.file.title}"? ${spoken(open.standing.remaining)} are left; nothing you do afterwards counts.`;
        if (!(await confirm(question, io))) {
          io.out("Nothing was handed in; the clock goes on.");
          return 2;
        }
      }
      attempt = examiner.submit();
    } else if (!attempt) {
      attempt = examiner.book
        .attempts()
        .find((one) => examiner.standing(one).endedBy !== "abandoned" && examiner.standing(one).phase === "ended");
      if (!attempt) throw new UserError("No exam is under way.", { todo: "./workbook exam start NAME begins one." });
      const before = examiner.result(attempt);
      if (before && before.status !== "incomplete") return print(examiner, attempt, before, args, io);
    }
    const ended = attempt;
    const other = await gradedByTheCourse(examiner, ended);
    if (other) return print(examiner, ended, other, args, io);
    const result = await interruptible((signal) =>
      examiner.grade(ended, (what) => io.tty && !args.json && io.err(io.style("dim", `… ${what}`)), signal),
    );
    return print(examiner, ended, result, args, io);
  });

/** The course, where it runs, grades as soon as it sees the end: its result is as good. Undefined where nobody else grades. */
async function gradedByTheCourse(examiner: Examiner, attempt: Attempt): Promise<ExamResult | undefined> {
  const before = examiner.result(attempt)?.gradedAt;
  if (await statusOfRunning(paths().state).catch(() => undefined)) await pause(1_500);
  if (!examiner.grading(attempt)) {
    const quick = examiner.result(attempt);
    return quick && quick.gradedAt !== before ? quick : undefined;
  }
  while (examiner.grading(attempt)) await pause(500);
  return examiner.result(attempt);
}

/** Gives the open exam up. */
export const examAbandon = (args: Common & { yes?: boolean }, io: Io): Promise<number> =>
  withExaminer(args, async (examiner) => {
    const open = examiner.look();
    if (!open) throw new UserError("No exam is under way.");
    if (!args.yes && !(await confirm(`Give up "${open.attempt.file.title}"? It is not graded.`, io))) {
      io.out("Nothing was given up; the clock goes on.");
      return 2;
    }
    const attempt = examiner.abandon();
    if (args.json) io.out(JSON.stringify(attemptJson(attempt, examiner.standing(attempt)), null, 2));
    else io.out(`✓ Given up. Your files stay in ${join(examiner.folder(attempt), "files")}.`);
    return 0;
  });

export interface ReportArgs extends Common {
  name?: string;
  attempt?: string;
  html?: string;
  markdown?: string;
}

/** Shows and writes the report of an attempt that was graded. */
export const examReport = (args: ReportArgs, io: Io): Promise<number> =>
  withExaminer(args, async (examiner) => {
    examiner.look();
    const id = wholeNumber(args.attempt, "attempt", 1, 1_000_000);
    const attempt = examiner.book
      .attempts(args.name)
      .find((one) => (id === undefined ? examiner.result(one) !== undefined : one.id === id));
    const result = attempt && examiner.result(attempt);
    if (!attempt || !result) {
      throw new UserError("There is no graded attempt to report on.", {
        todo: "./workbook exam list shows the attempts; ./workbook exam submit grades the last one.",
      });
    }
    return print(examiner, attempt, result, args, io);
  });

/** Exit code: 0 passed, 1 not, 2 incomplete. */
async function print(
  examiner: Examiner,
  attempt: Attempt,
  result: ExamResult,
  args: ReportArgs,
  io: Io,
): Promise<number> {
  const { examHtml } = await import("../exams/report-html.ts");
  const folder = examiner.folder(attempt);
  const files = {
    html: args.html ?? join(folder, "report.html"),
    markdown: args.markdown ?? join(folder, "report.md"),
  };
  writeResult(files.html, examHtml(result));
  writeResult(files.markdown, examMarkdown(result));
  if (args.json) io.out(JSON.stringify(result, null, 2));
  else {
    const style = { passed: "green", "not-passed": "yellow", incomplete: "red" } as const;
    io.out(io.style("bold", result.title));
    for (const line of wrap(`${statusWords[result.status]}: ${result.says}`, io.width))
      io.out(io.style(style[result.status], line));
    for (const line of wrap(timeLine(result), io.width)) io.out(io.style("dim", line));
    for (const line of clockLines(result).flatMap((one) => wrap(one, io.width, 2))) io.out(io.style("yellow", line));
    io.out();
    for (const one of result.domains)
      io.out(`  ${one.domain.padEnd(12)} ${`${one.weight} %`.padStart(6)}  ${domainLine(one)}`);
    io.out();
    for (const task of result.tasks) {
      const mark = task.earned >= task.points ? io.style("green", "✓") : io.style("yellow", "✗");
      io.out(`${mark} ${task.key.padEnd(14)} ${`${task.earned} of ${task.points}`.padEnd(10)} ${task.title}`);
      for (const check of task.checks) {
        if (check.state === "pass") continue;
        for (const line of wrap(`${check.title}: ${check.says ?? check.state}`, io.width, 6)) io.out(line);
      }
    }
    if (result.study.length > 0) io.out();
    for (const { lab, title, because } of result.study) io.out(`  Study lab ${lab}, ${title}: ${because.join("; ")}`);
    io.out();
    io.out(`  ${files.html}`);
    io.out(`  ${files.markdown}`);
  }
  return result.status === "passed" ? 0 : result.status === "incomplete" ? 2 : 1;
}
