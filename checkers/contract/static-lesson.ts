import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../core/check.ts";
import type { Quiz } from "../core/quiz.ts";
import { bashError, textOf } from "./files.ts";
import { factUses, fillIn, type Lesson, parseLesson, typedFacts } from "./lesson.ts";
import { type Problem, problem } from "./problem.ts";

interface LessonParts {
  dir: string;
  facts: Record<string, unknown>;
  checks: Readonly<Record<string, Check>>;
  answers: Readonly<Record<string, unknown>>;
  quiz: Quiz | undefined;
  experiments: Readonly<Record<string, unknown>>;
  /** Whether lab.ts says what <LiveRequests /> sends its requests to. */
  requests: boolean;
}

/** What the text says of facts, checks, answers, predictions and pictures that is not so. */
export function lessonProblems(parts: LessonParts): Problem[] {
  const { dir, facts } = parts;
  const source = textOf(join(dir, "lesson.mdx"));
  if (source === undefined) return [];
  const lesson = parseLesson(source);
  const at = (line: number): string => `lesson.mdx:${line}`;
  const problems: Problem[] = [];
  const quizSource = textOf(join(dir, "quiz.yaml")) ?? "";
  for (const [file, text] of [
    ["lesson.mdx", source],
    ["quiz.yaml", quizSource],
  ] as const) {
    for (const { name, line } of factUses(text)) {
      if (!Object.hasOwn(facts, name)) {
        problems.push(problem(`${file}:${line}`, `[[${name}]] is no fact`, `Facts: ${Object.keys(facts).join(", ")}.`));
      }
    }
    for (const { names, value, line } of typedFacts(text, facts)) {
      const fact = names.map((name) => `[[${name}]]`).join(" or ");
      problems.push(
        problem(`${file}:${line}`, `"${value}" is typed out`, `Write ${fact}, so that text and checks cannot differ.`),
      );
    }
  }
  for (const block of lesson.blocks) {
    if (block.language !== "bash" && block.language !== "sh") continue;
    const error = bashError(fillIn(block.text, facts));
    if (error)
      problems.push(problem(at(block.line), `the bash block does not parse: ${error}`, "Mend it, or make it ```text."));
  }
  problems.push(...componentProblems(parts, lesson, at));
  return problems;
}

function componentProblems(parts: LessonParts, { tags }: Lesson, at: (line: number) => string): Problem[] {
  const { dir, checks, answers, quiz, experiments } = parts;
  const problems: Problem[] = [];
  const uses = (name: string, attribute: string): { id: string; line: number }[] =>
    tags.filter((tag) => tag.name === name).map((tag) => ({ id: tag.attributes[attribute] ?? "", line: tag.line }));
  const matchUp = (what: string, used: { id: string; line: number }[], declared: string[], tag: string): void => {
    for (const { id, line } of used) {
      if (!declared.includes(id))
        problems.push(problem(at(line), `there is no ${what} "${id}"`, `Declared: ${declared.join(", ") || "none"}.`));
    }
    for (const id of declared) {
      const count = used.filter((one) => one.id === id).length;
      if (count !== 1)
        problems.push(
          problem("lesson.mdx", `the ${what} "${id}" has ${count} places in the text`, `Give it exactly one ${tag}.`),
        );
    }
  };
  const [hidden, shown] = [true, false].map((which) =>
    Object.keys(checks).filter((id) => (checks[id]?.hidden === true) === which),
  ) as [string[], string[]];
  const tasks = uses("Task", "check");
  for (const { id, line } of tasks.filter((one) => hidden.includes(one.id))) {
    problems.push(
      problem(at(line), `the hidden check "${id}" has a task`, "Take it out: it would show what is hidden."),
    );
  }
  const visible = tasks.filter((one) => !hidden.includes(one.id));
  matchUp("check", visible, shown, '<Task check="…">');
  matchUp("answer", uses("Answer", "id"), Object.keys(answers), '<Answer id="…" />');
  if (quiz) {
    const predictions = quiz.predictions.map((one) => one.id);
    matchUp("prediction", uses("Predict", "id"), predictions, '<Predict id="…" />');
    for (const id of predictions) {
      if (!Object.hasOwn(experiments, id))
        problems.push(
          problem("lab.ts", `the prediction "${id}" has no experiment`, "Declare one of the same id in experiments."),
        );
    }
    for (const id of Object.keys(experiments)) {
      if (!predictions.includes(id))
        problems.push(
          problem(
            "quiz.yaml",
            `the experiment "${id}" has no prediction`,
            "Ask before it is run: add a prediction of the same id.",
          ),
        );
    }
    if (quiz.items.length > 0 && !tags.some((tag) => tag.name === "Quiz")) {
      problems.push(problem("lesson.mdx", "the quiz is not shown", "Put <Quiz /> at the end."));
    }
  }
  const asking = tags.find((tag) => tag.name === "LiveRequests");
  if (asking && !parts.requests) {
    problems.push(
      problem(at(asking.line), "<LiveRequests /> has nowhere to send requests", "Declare requests in lab.ts."),
    );
  }
  const figures = tags.filter((tag) => tag.name === "Figure");
  for (const { attributes, line } of figures) {
    const src = attributes.src ?? "";
    if (!existsSync(join(dir, src)) || src === "")
      problems.push(problem(at(line), `there is no picture "${src}"`, "Put the SVG beside the lesson."));
    if (!attributes.alt?.trim())
      problems.push(
        problem(at(line), "the figure has no text alternative", "alt: what the picture teaches, in words."),
      );
  }
  for (const name of readdirSync(dir).filter((one) => one.endsWith(".svg"))) {
    if (!figures.some(({ attributes }) => attributes.src === name))
      problems.push(problem(name, "is shown nowhere", "Use it in the lesson or remove it."));
  }
  return problems;
}
