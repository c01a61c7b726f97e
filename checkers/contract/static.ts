import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Quiz } from "../core/quiz.ts";
import { fillPlaceholders } from "../exams/fill.ts";
import { type LoadedLab, loadLabAt, namespaceOf, nodePortOf, slugPattern } from "../labs.ts";
import { filesBelow } from "./files.ts";
import { type Problem, problem } from "./problem.ts";
import { checkProblems, definitionProblems, mutantProblems } from "./static-declared.ts";
import { fileProblems, manifestProblems, scriptProblems } from "./static-files.ts";
import { lessonProblems } from "./static-lesson.ts";
import { taskProblems } from "./static-task.ts";

/** Everything about a lab's folder that can be said without a cluster. */
export async function staticProblems(dir: string): Promise<Problem[]> {
  const own = basename(dir);
  if (!slugPattern.test(own)) {
    return [problem(own, "is no name for a lab", "Call it with two digits and words in lower case: 27-my-lab.")];
  }
  const task = basename(dirname(dirname(dir))) === "exams";
  const slug = task ? `${basename(dirname(dir))}-${own}` : own;
  const problems = fileProblems(dir, task);
  const told = (where: string, error: unknown): void => {
    const { message, todo } = error as Error & { todo?: string };
    problems.push(problem(where, message, todo ?? "Mend it."));
  };
  let lab: LoadedLab;
  try {
    lab = await loadLabAt(dir, slug);
  } catch (error) {
    told("lab.ts", error);
    return problems;
  }
  problems.push(...definitionProblems(lab.definition));
  const namespace = namespaceOf(lab);
  const facts = attempt(problems, "facts.ts", "facts()", () => lab.facts(namespace));
  const fill = (text: string): string => (task && facts ? fillPlaceholders(text, facts) : text);
  problems.push(...manifestProblems(dir, fill), ...scriptProblems(dir, fill));
  const checks = attempt(problems, "lab.ts", "checks()", () => lab.checks(namespace));
  const experiments = attempt(problems, "lab.ts", "experiments()", () => lab.experiments(namespace)) ?? {};
  if (!facts || !checks) return problems;
  problems.push(...checkProblems(checks), ...mutantProblems(dir, checks), ...nodePortProblems(lab));
  if (task) {
    problems.push(...taskProblems(lab, namespace));
    return problems;
  }
  const quiz: Quiz | undefined = await lab.quiz().catch((error: unknown) => {
    told("quiz.yaml", error);
    return undefined;
  });
  const answers = lab.definition.answers ?? {};
  problems.push(
    ...lessonProblems({
      dir,
      facts,
      checks,
      answers,
      quiz,
      experiments,
      requests: lab.definition.requests !== undefined,
    }),
  );
  return problems;
}

/** A node port that stands side by side could not exchange for one of their own. */
function nodePortProblems(lab: LoadedLab): Problem[] {
  if (lab.definition.requires?.nodePort !== true) return [];
  const nodePort = nodePortOf(lab);
  if (nodePort === undefined) {
    const says = "has no number nodePort, though the lab requires a node port";
    return [problem("facts.ts", says, "Add it: checks and text take it from there.")];
  }
  const start = join(lab.dir, "start/cluster");
  return filesBelow(start)
    .filter((file) => new RegExp(`\\b${nodePort}\\b`).test(readFileSync(join(start, file), "utf8")))
    .map((file) => problem(`start/cluster/${file}`, `opens node port ${nodePort}`, "Leave that to the learner."));
}

function attempt<T>(problems: Problem[], where: string, what: string, act: () => T): T | undefined {
  try {
    const value = act();
    if (typeof value === "object" && value !== null) return value;
    problems.push(problem(where, `${what} gave ${typeof value}`, "Let it return an object."));
  } catch (error) {
    const message = `${what} threw: ${(error as Error).message}`;
    problems.push(problem(where, message, "Mend it; it must work for any seed and namespace."));
  }
  return undefined;
}
