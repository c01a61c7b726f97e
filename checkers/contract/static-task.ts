import { dirname, join } from "node:path";
import { readExamFile } from "../exams/exam-file.ts";
import { fillPlaceholders, flatFacts, unknownPlaceholders } from "../exams/fill.ts";
import { divide } from "../exams/task-text.ts";
import type { LoadedLab } from "../labs.ts";
import { bashError, textOf } from "./files.ts";
import { parseLesson, typedFacts } from "./lesson.ts";
import { type Problem, problem } from "./problem.ts";

/** Seeds whose facts are compared: a class must not share one answer. */
const seeds = [1, 2, 3, 4, 5, 6];

/** What is wrong with a task of an exam beyond what is wrong with any lab: its text, its place in the exam, its facts by seed. */
export function taskProblems(lab: LoadedLab, namespace: string): Problem[] {
  return [...textProblems(lab, namespace), ...placeProblems(lab, namespace), ...seedProblems(lab)];
}

function textProblems(lab: LoadedLab, namespace: string): Problem[] {
  const source = textOf(join(lab.dir, "task.md"));
  if (source === undefined) return [];
  const facts = lab.facts(namespace);
  const flat = flatFacts(facts);
  const problems: Problem[] = [];
  if (source.trim() === "") problems.push(problem("task.md", "is empty", "Say what must be true at the end."));
  for (const { name, line } of unknownPlaceholders(source, facts)) {
    problems.push(
      problem(`task.md:${line}`, `{{${name}}} is no fact`, `Facts: ${Object.keys(flat).join(", ") || "none"}.`),
    );
  }
  for (const { names, value, line } of typedFacts(source, flat)) {
    const fact = names.map((name) => `{{${name}}}`).join(" or ");
    problems.push(
      problem(`task.md:${line}`, `"${value}" is typed out`, `Write ${fact}, so that text and checks cannot differ.`),
    );
  }
  for (const block of parseLesson(source).blocks) {
    if (block.language !== "bash" && block.language !== "sh") continue;
    const error = bashError(fillPlaceholders(block.text, facts));
    if (error) {
      problems.push(
        problem(`task.md:${block.line}`, `the bash block does not parse: ${error}`, "Mend it, or make it ```text."),
      );
    }
  }
  const { tasks } = divide(source, lab.definition.title);
  const ids = tasks.map(({ id }) => id);
  for (const id of ids.filter((one, index) => ids.indexOf(one) !== index))
    problems.push(problem("task.md", `has two headings with the id ${id}`, "Give each one of its own."));
  const checks = Object.entries(lab.checks(namespace));
  for (const [id, { task }] of checks) {
    if (!ids.includes(task ?? "")) {
      problems.push(
        problem(
          `lab.ts, check ${id}`,
          task === undefined
            ? "belongs to no heading of task.md"
            : `belongs to the task "${task}", which task.md has not`,
          ids[0] === ""
            ? "task.md has no heading with an id (## Title {#id}): leave task out, or divide it."
            : `Say task: one of ${ids.join(", ")}.`,
        ),
      );
    }
  }
  for (const id of ids.filter((one) => one !== "" && !checks.some(([, { task }]) => task === one)))
    problems.push(problem("task.md", `the task "${id}" has no check`, `Give a check task: "${id}".`));
  return problems;
}

/** The exam must weigh every domain that the task's checks count for. */
function placeProblems(lab: LoadedLab, namespace: string): Problem[] {
  const read = readExamFile(dirname(lab.dir));
  if ("problems" in read)
    return read.problems.map((says) => problem("../exam.yaml", says, "CONTRIBUTING.md shows one."));
  const { domains } = read.file;
  return Object.entries(lab.checks(namespace)).flatMap(([id, check]) => {
    const domain = check.domain ?? lab.definition.domain;
    return Object.hasOwn(domains, domain)
      ? []
      : [
          problem(
            `lab.ts, check ${id}`,
            `counts for ${domain}, which the exam does not weigh`,
            `../exam.yaml weighs: ${Object.keys(domains).join(", ")}.`,
          ),
        ];
  });
}

function seedProblems(lab: LoadedLab): Problem[] {
  const problems: Problem[] = [];
  const made = new Set<string>();
  for (const seed of seeds) {
    try {
      made.add(JSON.stringify(lab.facts("anywhere", seed)));
      if (lab.facts("anywhere", seed) === null || Object.keys(lab.checks("anywhere", seed)).length === 0)
        problems.push(problem("lab.ts", `has no check for the seed ${seed}`, "Every seed has the same checks."));
    } catch (error) {
      problems.push(problem("facts.ts", `throws for the seed ${seed}: ${(error as Error).message}`, "Mend it."));
    }
  }
  if (made.size < 2) {
    problems.push(
      problem(
        "facts.ts",
        "gives the same for every seed",
        "Let names, ports or numbers depend on it, or all share one answer.",
      ),
    );
  }
  return problems;
}
