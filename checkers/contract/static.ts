import { basename, dirname } from "node:path";
import type { Quiz } from "../core/quiz.ts";
import { fillPlaceholders } from "../exams/fill.ts";
import { type LoadedLab, loadLabAt, namespaceOf, slugPattern } from "../labs.ts";
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
  problems.push(...checkProblems(checks), ...mutantProblems(dir, checks));
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
