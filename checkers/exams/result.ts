import type { CheckGrade, Grade } from "../grading/schema.ts";
import type { Attempt } from "./book.ts";
import type { Oddity } from "./clock.ts";
import type { ExamTask } from "./load.ts";
import type { EndedBy, Standing } from "./standing.ts";

export interface DomainResult {
  domain: string;
  /** Percent of the exam. */
  weight: number;
  points: number;
  earned: number;
  /** 0 to 1; null: something of it could not be looked at. */
  score: number | null;
}
export interface TaskResult {
  key: string;
  title: string;
  domain: string;
  weight: number;
  points: number;
  earned: number;
  flagged: boolean;
  checks: CheckGrade[];
}
export interface BriefSection {
  title: string;
  checks: CheckGrade[];
}

/** What an attempt came to: everything a report shows. Plain data; `exam report --json` prints it. */
export interface ExamResult {
  schema: "workbook/exam/1";
  exam: string;
  title: string;
  attempt: number;
  seed: number;
  /** incomplete: something could not be looked at, so there is no final score; grade again. */
  status: "passed" | "not-passed" | "incomplete";
  /** 0 to 1. */
  score: number | null;
  /** Percent. */
  passMark: number;
  says: string;
  time: {
    startedAt: string;
    endedAt: string;
    endedBy: EndedBy;
    /** Minutes given, and what the exam gives. */
    minutes: number;
    standard: number;
    /** Milliseconds. */
    used: number;
    noticedLate?: number;
    oddities: Oddity[];
    /** "intact", or the number of the first entry that does not follow from those before it. */
    journal: "intact" | number;
  };
  domains: DomainResult[];
  tasks: TaskResult[];
  study: { lab: string; title: string; because: string[] }[];
  /** Objects that kubectl changed after the end, before they were looked at. */
  lateChanges: string[];
  /** What exam.yaml asks to be reported beside the score, out of what the checks saw. */
  brief?: { title: string; sections: BriefSection[] };
  gradedAt: string;
  /** Milliseconds the grading took. */
  took: number;
}

const tidy = (value: number): number => Math.round(value * 1e4) / 1e4;
const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** Makes an attempt's result out of its grade. `titles`: of labs, by number. */
export function resultOf(from: {
  attempt: Attempt;
  standing: Standing;
  tasks: readonly ExamTask[];
  grade: Grade;
  broken: number | undefined;
  lateChanges: string[];
  titles: Readonly<Record<string, string>>;
}): ExamResult {
  const { attempt, standing, grade } = from;
  const { file } = attempt;
  const graded = (task: ExamTask): CheckGrade[] => {
    const lab = grade.labs.find((one) => one.lab === task.station);
    return (lab?.checks ?? []).filter(({ id }) => task.checks.includes(id));
  };
  const tasks = from.tasks.map((task): TaskResult => {
    const checks = graded(task);
    return {
      ...{ key: task.key, title: task.title, domain: task.domain, weight: task.weight },
      points: sum(checks, ({ points }) => points),
      earned: sum(checks, ({ earned }) => earned),
      flagged: standing.flags.includes(task.key),
      checks,
    };
  });
  const domains = domainsOf(from, graded);
  const incomplete = grade.status === "incomplete";
  const weights = sum(domains, ({ weight }) => weight);
  const score = incomplete ? null : tidy(sum(domains, (one) => ((one.score ?? 0) * one.weight) / (weights || 1)));
  const passed = score !== null && score * 100 + 1e-9 >= file.passMark;
  const broken = file.brief?.sections.map(({ title, checks }) => ({
    title,
    checks: checks.flatMap((id) => grade.labs.flatMap((lab) => lab.checks.filter((one) => one.id === id))),
  }));
  return {
    schema: "workbook/exam/1",
    exam: attempt.exam,
    title: file.title,
    attempt: attempt.id,
    seed: attempt.seed,
    status: score === null ? "incomplete" : passed ? "passed" : "not-passed",
    score,
    passMark: file.passMark,
    says:
      score === null
        ? `Not graded whole, so there is no score yet: ${why(grade)} Nothing is lost; grade again when that is mended.`
        : `${percent(score)}, where ${file.passMark} % ${passed ? "were" : "are"} needed.`,
    time: {
      startedAt: standing.startedAt ?? "",
      endedAt: standing.endedAt ?? "",
      endedBy: standing.endedBy ?? "submitted",
      minutes: attempt.minutes,
      standard: file.minutes,
      used: standing.elapsed,
      ...(standing.noticedLate !== undefined && { noticedLate: standing.noticedLate }),
      oddities: standing.oddities,
      journal: from.broken ?? "intact",
    },
    domains,
    tasks,
    study: studyOf(from.tasks, tasks, from.titles),
    lateChanges: from.lateChanges,
    ...(broken && file.brief && { brief: { title: file.brief.title, sections: broken } }),
    gradedAt: grade.timing.gradedAt,
    took: grade.timing.took,
  };
}

const sum = <T>(list: readonly T[], of: (one: T) => number): number =>
  tidy(list.reduce((all, one) => all + of(one), 0));

const why = (grade: Grade): string =>
  grade.labs
    .filter(({ status }) => status === "incomplete")
    .map((lab) => {
      const unseen = lab.checks
        .filter(({ state }) => state === "error")
        .map(({ title, says }) => `"${title}": ${says}`);
      return lab.problem ?? unseen.join(" ");
    })
    .filter((one, index, all) => all.indexOf(one) === index)
    .slice(0, 3)
    .join(" ");

/** A check's points count for its own domain, which `tasks` of the lab may override; here by the task it belongs to. */
function domainsOf(
  { attempt, tasks, grade }: { attempt: Attempt; tasks: readonly ExamTask[]; grade: Grade },
  graded: (task: ExamTask) => CheckGrade[],
): DomainResult[] {
  const { domains } = attempt.file;
  const incomplete = new Set(grade.labs.filter(({ problem }) => problem !== undefined).map(({ lab }) => lab));
  return Object.entries(domains).flatMap(([domain, weight]) => {
    const own = tasks.flatMap((task) => graded(task).filter(({ id }) => (task.domains[id] ?? task.domain) === domain));
    const unseen = tasks.some((task) => task.domain === domain && incomplete.has(task.station));
    if (own.length === 0 && !unseen) return [];
    const counted = sum(own, ({ points }) => points);
    const earned = sum(own, (one) => one.earned);
    const final = !unseen && counted > 0 && own.every(({ state }) => state !== "error");
    return [{ domain, weight, points: counted, earned, score: final ? tidy(earned / counted) : null }];
  });
}

/** Labs to go to, those with most behind them first: whatever was not earned in full. */
function studyOf(
  tasks: readonly ExamTask[],
  results: readonly TaskResult[],
  titles: Readonly<Record<string, string>>,
): ExamResult["study"] {
  const missed = new Map<string, string[]>();
  for (const [index, task] of tasks.entries()) {
    const result = results[index];
    if (!result || result.earned >= result.points) continue;
    for (const lab of task.study) missed.set(lab, [...(missed.get(lab) ?? []), task.title]);
  }
  return [...missed]
    .sort(([a, one], [b, other]) => other.length - one.length || a.localeCompare(b))
    .map(([lab, because]) => ({ lab, title: titles[lab] ?? "which this course has not", because }));
}
