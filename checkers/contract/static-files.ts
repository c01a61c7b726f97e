import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { bashError, filesBelow, leavesOut, textOf, variantsOf } from "./files.ts";
import { type Problem, problem } from "./problem.ts";

const required = ["facts.ts", "lab.ts", "lesson.mdx", "quiz.yaml"];
const ofTask = ["facts.ts", "lab.ts", "task.md"];
const lesson = [/^lesson\.mdx$/, /^quiz\.yaml$/, /^[a-z][a-z0-9-]*\.svg$/];
const text = [/^task\.md$/];
const allowed = [
  /^[a-z][a-z0-9-]*\.ts$/,
  /^checks\/[a-z][a-z0-9-]*\.ts$/,
  /^start\/files\/.+$/,
  /^start\/cluster\/[^/]+\.ya?ml$/,
  /^solution\/.+$/,
  /^variants\/[^/]+\/.+$/,
  /^mutants\/[^/]+\/.+$/,
];

/** Files that are missing, stray, or not what their place asks for. `task`: of an exam, with task.md in place of a lesson. */
export function fileProblems(dir: string, task = false): Problem[] {
  const problems: Problem[] = [];
  for (const name of task ? ofTask : required) {
    if (!existsSync(join(dir, name))) {
      const todo = task
        ? "Every task of an exam has it; CONTRIBUTING.md shows one."
        : "Every lab has it; `./workbook lab new` shows one.";
      problems.push(problem(name, "is missing", todo));
    }
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
    if (![...allowed, ...(task ? text : lesson)].some((pattern) => pattern.test(file))) {
      problems.push(
        problem(
          file,
          "is a stray file: no part of a lab has this place",
          "Remove it, or move it to where CONTRIBUTING.md says.",
        ),
      );
    }
  }
  for (const file of filesBelow(join(dir, "mutants"))) {
    const empty = leavesOut(join(dir, "mutants", file));
    const [, ofStart] = /^(?:[^/]+\/)?start\/([^/]+)$/.exec(file) ?? [];
    if (ofStart !== undefined) {
      if (empty && existsSync(join(dir, "start/cluster", ofStart))) continue;
      problems.push(
        problem(
          `mutants/${file}`,
          "leaves out nothing of start/cluster/",
          "Let it be empty, and have the name of what the mutants do without.",
        ),
      );
      continue;
    }
    const [, shared, own] = /^[^/]+\/(?:([^/]+)|[^/]+\/(.+))$/.exec(file) ?? [];
    const namesake = join(dir, "solution", shared ?? own ?? "");
    if (empty && !existsSync(namesake)) {
      problems.push(
        problem(
          `mutants/${file}`,
          "is empty and leaves out nothing: the solution has no such file",
          "Remove or rename it.",
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

/** Manifests that do not parse, once `fill` has put the facts in, or name a namespace. */
export function manifestProblems(dir: string, fill: (text: string) => string): Problem[] {
  const problems: Problem[] = [];
  const places = ["start/cluster", "solution", ...variantsOf(dir).map((name) => `variants/${name}`)];
  const files = [
    ...places.flatMap((place) => filesBelow(join(dir, place)).map((file) => `${place}/${file}`)),
    ...filesBelow(join(dir, "mutants")).map((file) => `mutants/${file}`),
  ].filter((file) => /\.ya?ml$/.test(file));
  for (const file of files) {
    for (const document of parseAllDocuments(fill(textOf(join(dir, file)) ?? ""))) {
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

/** Scripts that do not parse. */
export function scriptProblems(dir: string, fill: (text: string) => string): Problem[] {
  return filesBelow(dir)
    .filter((file) => file.endsWith(".sh"))
    .flatMap((file) => {
      const error = bashError(fill(textOf(join(dir, file)) ?? ""));
      return error ? [problem(file, `does not parse: ${error}`, "Mend it; bash -n tells the same.")] : [];
    });
}
