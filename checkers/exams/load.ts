import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../core/check.ts";
import { examFolders, LabError, type LoadedLab, loadLabAt, stationFolders, withSeed } from "../labs.ts";
import type { Attempt } from "./book.ts";
import { draw } from "./draw.ts";
import { type ExamFile, readExamFile } from "./exam-file.ts";
import { fillPlaceholders } from "./fill.ts";
import { divide } from "./task-text.ts";

export interface LoadedExam {
  name: string;
  dir: string;
  file: ExamFile;
  /** Its whole bank, in order. */
  stations: LoadedLab[];
}

/** Loads an exam with its tasks. Rejects with LabError: what is wrong, and what to do. */
export async function loadExam(name: string, roots?: readonly string[]): Promise<LoadedExam> {
  const folders = examFolders(roots);
  const found = folders.find((one) => one.name === name);
  if (!found) {
    const known = folders.map((one) => one.name).join(", ") || "none";
    throw new LabError(`There is no exam "${name}".`, `The exams here: ${known}. --labs DIR finds those in DIR/exams.`);
  }
  const read = readExamFile(found.dir);
  if ("problems" in read) {
    throw new LabError(
      `exams/${name}/exam.yaml: ${read.problems.join("; ")}.`,
      "Mend what is named; CONTRIBUTING.md shows one.",
    );
  }
  const stations = await Promise.all(
    stationFolders(roots)
      .filter(({ exam }) => exam === name)
      .map(({ dir, slug }) => loadLabAt(dir, slug)),
  );
  if (stations.length === 0) throw new LabError(`The exam ${name} has no tasks.`, "Add folders like 01-first-task.");
  return { ...found, file: read.file, stations };
}

/** The exams there are, with what is wrong with those that cannot be loaded. */
export async function loadExams(roots?: readonly string[]): Promise<{ exams: LoadedExam[]; problems: Error[] }> {
  const loaded = await Promise.allSettled(examFolders(roots).map(({ name }) => loadExam(name, roots)));
  return {
    exams: loaded.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])),
    problems: loaded.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : [])),
  };
}

/** The tasks an attempt with this seed consists of. Throws LabError where the bank cannot give them. */
export function stationsFor({ name, file, stations }: LoadedExam, seed: number): LoadedLab[] {
  if (file.draw === undefined) return stations;
  const drawn = draw(
    stations.map((station) => ({ id: station.slug, domain: station.definition.domain })),
    file.domains,
    file.draw,
    seed,
  );
  if ("problem" in drawn) throw new LabError(`The exam ${name} ${drawn.problem}.`, "Add tasks, or draw fewer.");
  return stations.filter(({ slug }) => drawn.ids.includes(slug));
}

/** One task as a candidate sees it in the list, and whose points it stands for. */
export interface ExamTask {
  /** "03", or "01/deploy" where a station has several. */
  key: string;
  station: string;
  title: string;
  domain: string;
  /** Percent of the whole exam. */
  weight: number;
  minutes: number;
  /** Markdown, with the candidate's own names and numbers. */
  text: string;
  /** Ids of its checks: never sent to a page before the end. */
  checks: string[];
  /** Which domain each of its checks counts for. */
  domains: Record<string, string>;
  /** What it asks to hand in: key and label. */
  answers: Record<string, string>;
  study: readonly string[];
}

/** Loads the tasks of an attempt as they were drawn for it, with its seed. */
export const stationsOf = (attempt: Attempt): Promise<LoadedLab[]> =>
  Promise.all(attempt.stations.map(async ({ slug, dir }) => withSeed(await loadLabAt(dir, slug), attempt.seed)));

const sum = (checks: readonly Check[]): number => checks.reduce((total, one) => total + one.points, 0);

/** The tasks of an attempt, in order. Their weights sum to 100. */
export function tasksOf(attempt: Attempt, stations: readonly LoadedLab[]): ExamTask[] {
  const placed = stations.map((lab) => {
    const { namespace } = attempt.stations.find(({ slug }) => slug === lab.slug) as { namespace: string };
    return { lab, namespace, checks: lab.checks(namespace) };
  });
  const domainOf = (lab: LoadedLab, check: Check): string => check.domain ?? lab.definition.domain;
  const perDomain = new Map<string, number>();
  for (const { lab, checks } of placed) {
    for (const check of Object.values(checks)) {
      const domain = domainOf(lab, check);
      perDomain.set(domain, (perDomain.get(domain) ?? 0) + check.points);
    }
  }
  const { file } = attempt;
  const { domains } = file;
  const weights = [...perDomain.keys()].reduce((total, domain) => total + (domains[domain] ?? 0), 0) || 1;
  return placed.flatMap(({ lab, namespace, checks }) => {
    const { definition, number } = lab;
    const source = fillPlaceholders(readFileSync(join(lab.dir, "task.md"), "utf8"), lab.facts(namespace));
    const { intro, tasks } = divide(source, definition.title);
    const all = Object.entries(checks);
    return tasks.map(({ id, title, text }): ExamTask => {
      const own = all.filter(([, check]) => (check.task ?? "") === id);
      const weight = own.reduce((total, [, check]) => {
        const domain = domainOf(lab, check);
        return total + ((domains[domain] ?? 0) / weights) * 100 * (check.points / (perDomain.get(domain) || 1));
      }, 0);
      const answers = Object.entries(definition.answers ?? {}).filter(
        ([key]) => tasks.length === 1 || text.includes(`answers/${key}.txt`),
      );
      return {
        key: id === "" ? number : `${number}/${id}`,
        station: lab.slug,
        title,
        domain: own[0] ? domainOf(lab, own[0][1]) : definition.domain,
        weight: Math.round(weight * 10) / 10,
        minutes: Math.max(
          1,
          Math.round((definition.minutes * sum(own.map(([, one]) => one))) / sum(Object.values(checks))),
        ),
        text: intro === "" ? text : `${intro}\n\n${text}`,
        checks: own.map(([one]) => one),
        domains: Object.fromEntries(own.map(([one, check]) => [one, domainOf(lab, check)])),
        answers: Object.fromEntries(answers.map(([key, { label }]) => [key, label])),
        study: file.study?.[id] ?? definition.study ?? [],
      };
    });
  });
}
