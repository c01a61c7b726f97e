import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { Check } from "../core/check.ts";
import { milliseconds } from "../core/duration.ts";
import type { Quiz } from "../core/quiz.ts";
import { type LoadedLab, loadLabAt, namespaceOf, slugPattern } from "../labs.ts";
import { filesBelow, mutantsOf, textOf, variantsOf } from "./files.ts";
import { factUses, fillIn, type Lesson, parseLesson, typedFacts } from "./lesson.ts";
import { type Problem, problem } from "./problem.ts";
import { definitionProblems } from "./shape.ts";

const required = ["facts.ts", "lab.ts", "lesson.mdx", "quiz.yaml"];
const allowed = [
  /^[a-z][a-z0-9-]*\.ts$/,
  /^checks\/[a-z][a-z0-9-]*\.ts$/,
  /^lesson\.mdx$/,
  /^quiz\.yaml$/,
  /^[a-z][a-z0-9-]*\.svg$/,
  /^start\/files\/.+$/,
  /^start\/cluster\/[^/]+\.ya?ml$/,
  /^solution\/.+$/,
  /^variants\/[^/]+\/.+$/,
  /^mutants\/[^/]+\/[^/]+\/.+$/,
];

/** Everything about a lab's folder that can be said without a cluster. */
export async function staticProblems(dir: string): Promise<Problem[]> {
  const slug = basename(dir);
  if (!slugPattern.test(slug)) {
    return [problem(slug, "is no name for a lab", "Call it with two digits and words in lower case: 27-my-lab.")];
  }
  const problems = [...fileProblems(dir), ...manifestProblems(dir), ...scriptProblems(dir)];
  let lab: LoadedLab;
  try {
    lab = await loadLabAt(dir, slug);
  } catch (error) {
    const { message, todo } = error as Error & { todo?: string };
    return [...problems, problem("lab.ts", message, todo ?? "Mend it.")];
  }
  const shape = definitionProblems(lab.definition);
  problems.push(...shape);
  const namespace = namespaceOf(lab);
  const facts = attempt(problems, "facts.ts", "facts() threw", () => lab.facts(namespace));
  const checks = attempt(problems, "lab.ts", "checks() threw", () => lab.checks(namespace));
  const experiments = attempt(problems, "lab.ts", "experiments() threw", () => lab.experiments(namespace)) ?? {};
  if (!facts || !checks) return problems;
  problems.push(...checkProblems(checks), ...mutantProblems(dir, checks));
  let quiz: Quiz | undefined;
  try {
    quiz = await lab.quiz();
  } catch (error) {
    const { message, todo } = error as Error & { todo?: string };
    problems.push(problem("quiz.yaml", message, todo ?? "Mend it."));
  }
  const source = textOf(join(dir, "lesson.mdx"));
  if (source !== undefined) {
    const answers = lab.definition.answers ?? {};
    problems.push(...lessonProblems({ dir, source, facts, checks, answers, quiz, experiments }));
  }
  return problems;
}

function attempt<T>(problems: Problem[], where: string, what: string, act: () => T): T | undefined {
  try {
    const value = act();
    if (typeof value === "object" && value !== null) return value;
    problems.push(problem(where, `${what.replace(" threw", "")} gave ${typeof value}`, "Let it return an object."));
  } catch (error) {
    problems.push(
      problem(where, `${what}: ${(error as Error).message}`, "Mend it; it must work for any seed and namespace."),
    );
  }
  return undefined;
}

function fileProblems(dir: string): Problem[] {
  const problems: Problem[] = [];
  for (const name of required) {
    if (!existsSync(join(dir, name)))
      problems.push(problem(name, "is missing", "Every lab has it; `./workbook lab new` shows one."));
  }
  if (filesBelow(join(dir, "solution")).length === 0) {
    problems.push(
      problem(
        "solution/",
        "is missing or empty",
        "Put the manifests (and run.sh, if it takes commands) of a right solution there.",
      ),
    );
  }
  for (const file of filesBelow(dir)) {
    if (!allowed.some((pattern) => pattern.test(file))) {
      problems.push(
        problem(
          file,
          "is a stray file: no part of a lab has this place",
          "Remove it, or move it to where CONTRIBUTING.md says.",
        ),
      );
    }
  }
  const facts = textOf(join(dir, "facts.ts"));
  if (facts && /^\s*(?:import\b|export\b[^;]*\bfrom\b)/m.test(facts)) {
    problems.push(
      problem("facts.ts", "imports something", "Facts go to the page as well: write them without imports."),
    );
  }
  return problems;
}

function manifestProblems(dir: string): Problem[] {
  const problems: Problem[] = [];
  const places = ["start/cluster", "solution", ...variantsOf(dir).map((name) => `variants/${name}`)];
  const files = [
    ...places.flatMap((place) => filesBelow(join(dir, place)).map((file) => `${place}/${file}`)),
    ...filesBelow(join(dir, "mutants")).map((file) => `mutants/${file}`),
  ].filter((file) => /\.ya?ml$/.test(file));
  for (const file of files) {
    for (const document of parseAllDocuments(textOf(join(dir, file)) ?? "")) {
      const error = document.errors[0];
      if (error) {
        problems.push(problem(file, `is not YAML: ${error.message.split("\n")[0]}`, "Mend the line it names."));
        continue;
      }
      const namespace = document.getIn(["metadata", "namespace"]);
      if (namespace !== undefined) {
        problems.push(
          problem(
            file,
            `names the namespace ${String(namespace)}`,
            "Leave metadata.namespace out: each run has its own.",
          ),
        );
      }
    }
  }
  return problems;
}

/** bash -n: parses without running. */
function bashError(text: string): string | undefined {
  const { status, stderr } = spawnSync("bash", ["-n"], { input: text, encoding: "utf8" });
  return status === 0 ? undefined : (stderr.trim().split("\n")[0] ?? "").replace(/^bash: /, "");
}

function scriptProblems(dir: string): Problem[] {
  return filesBelow(dir)
    .filter((file) => file.endsWith(".sh"))
    .flatMap((file) => {
      const error = bashError(textOf(join(dir, file)) ?? "");
      return error ? [problem(file, `does not parse: ${error}`, "Mend it; bash -n tells the same.")] : [];
    });
}

function checkProblems(checks: Readonly<Record<string, Check>>): Problem[] {
  const problems: Problem[] = [];
  const ids = Object.keys(checks);
  if (ids.length === 0)
    problems.push(problem("lab.ts", "declares no check", "A lab without a check proves nothing: declare one."));
  for (const [id, check] of Object.entries(checks)) {
    const where = `lab.ts, check ${id}`;
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id))
      problems.push(problem(where, "has an id that is no slug", "Lower case and hyphens: it names folders."));
    const codes = Object.entries(check.failures ?? {});
    if (codes.length === 0)
      problems.push(problem(where, "declares no failure", "A check that cannot fail checks nothing: say how it can."));
    for (const [code, failure] of codes) {
      if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(code))
        problems.push(problem(where, `has the code "${code}", which is no slug`, "Lower case and hyphens."));
      if (!failure.says?.trim())
        problems.push(problem(where, `says nothing for ${code}`, "One sentence: what is so, and why it matters."));
      if (!failure.hints?.length || failure.hints.some((hint) => !hint.trim())) {
        problems.push(problem(where, `has no hint for ${code}`, "At least one step that leads on."));
      }
    }
    if (!check.title?.trim()) problems.push(problem(where, "has no title", "Say what is true once it passes."));
    if (!check.why?.trim()) problems.push(problem(where, "does not say why it works", "why: shown after passing."));
    if (!(check.points > 0)) problems.push(problem(where, `is worth ${check.points} points`, "Give it at least 1."));
    if (!["observe", "sample", "disturb"].includes(check.mode))
      problems.push(problem(where, `has the mode ${check.mode}`, "observe, sample or disturb."));
    if (typeof check.observe !== "function") problems.push(problem(where, "has no observe()", "Write how it looks."));
    try {
      milliseconds(check.within);
    } catch (error) {
      problems.push(problem(where, (error as Error).message, 'Like within: "30s".'));
    }
  }
  return problems;
}

function mutantProblems(dir: string, checks: Readonly<Record<string, Check>>): Problem[] {
  return mutantsOf(dir).flatMap((mutant) => {
    const where = `mutants/${mutant.check}/${mutant.code}`;
    const check = Object.hasOwn(checks, mutant.check) ? checks[mutant.check] : undefined;
    if (!check)
      return [problem(where, `there is no check "${mutant.check}"`, `Checks: ${Object.keys(checks).join(", ")}.`)];
    if (!Object.hasOwn(check.failures, mutant.code)) {
      return [
        problem(
          where,
          `the check declares no code "${mutant.code}"`,
          `Its codes: ${Object.keys(check.failures).join(", ")}.`,
        ),
      ];
    }
    return filesBelow(mutant.dir).length === 0
      ? [problem(where, "is empty", "Put the files in that differ from the solution.")]
      : [];
  });
}

interface LessonParts {
  dir: string;
  source: string;
  facts: Record<string, unknown>;
  checks: Readonly<Record<string, Check>>;
  answers: Readonly<Record<string, unknown>>;
  quiz: Quiz | undefined;
  experiments: Readonly<Record<string, unknown>>;
}

function lessonProblems(parts: LessonParts): Problem[] {
  const { dir, source, facts } = parts;
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
  matchUp("check", uses("Task", "check"), Object.keys(checks), '<Task check="…">');
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
