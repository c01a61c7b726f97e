import * as z from "zod";
import type { Check } from "../core/check.ts";
import { milliseconds } from "../core/duration.ts";
import { addonNames, domains, type LabDefinition } from "../core/lab.ts";
import { needsProblems } from "../core/needs.ts";
import { tidyPoints } from "../core/reports.ts";
import { filesBelow, mutantsOf } from "./files.ts";
import { type Problem, problem } from "./problem.ts";

const text = z.string().trim().min(1, "must not be empty");
const schema = z.strictObject({
  title: text,
  summary: text,
  week: z.int().min(1).max(6),
  minutes: z.int().min(1).max(240),
  domain: z.enum(domains),
  prerequisites: z.array(text).optional(),
  requires: z
    .strictObject({
      clusterRead: z.literal(true).optional(),
      nodePort: z.literal(true).optional(),
      workers: z.int().min(1).optional(),
      clusterAdmin: z.literal(true).optional(),
      networkPolicy: z.literal(true).optional(),
    })
    .optional(),
  addons: z.array(z.enum(addonNames, `is no add-on: there are ${addonNames.join(", ")}`)).optional(),
  sandbox: z.strictObject({ kinds: z.array(text).optional(), ownResources: z.literal(true).optional() }).optional(),
  startsIn: z.enum(["lab", "default"]).optional(),
  answers: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "use lower-case letters, digits and hyphens"),
      z.strictObject({ label: text }),
    )
    .optional(),
  study: z.array(z.string().regex(/^\d{2}$/, 'is the number of a lab: "05"')).optional(),
  facts: z.custom((value) => typeof value === "function", "must be a function"),
  checks: z.custom((value) => typeof value === "function", "must be a function"),
  requests: z.custom((value) => typeof value === "function", "must be a function").optional(),
  experiments: z.custom((value) => typeof value === "function", "must be a function").optional(),
});

/** What is wrong with the data of a lab's definition, field by field. */
export function definitionProblems(definition: LabDefinition<unknown>): Problem[] {
  const parsed = schema.safeParse(definition);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) =>
    problem(
      "lab.ts",
      `${z.core.toDotPath(issue.path) || "the lab"}: ${issue.message}`,
      "Mend it; checkers/core/lab.ts says what each field is.",
    ),
  );
}

/** What is wrong with the checks a lab declares: what types cannot say, or what was cast away. */
export function checkProblems(checks: Readonly<Record<string, Check>>): Problem[] {
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
    if (check.domain !== undefined && !domains.includes(check.domain))
      problems.push(problem(where, `has the domain ${check.domain}`, `There are: ${domains.join(", ")}.`));
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
    if (id === reservedId)
      problems.push(problem(where, "has a name that the workbook's own notes have", "Call it something else."));
    if (check.alone !== undefined && check.mode === "observe")
      problems.push(problem(where, "says alone, but only observes", "Take it out: it is about what measures."));
    if (![undefined, true, false, "load", "machine"].includes(check.alone))
      problems.push(
        problem(where, `has alone: ${check.alone}`, 'false, "load" or "machine"; CONTRIBUTING.md says when.'),
      );
    problems.push(...partProblems(where, check));
  }
  const needs = needsProblems(checks).map(({ check, says, todo }) => problem(`lab.ts, check ${check}`, says, todo));
  return [...problems, ...needs];
}

/** What the record of a lab calls what it notes of the lab as a whole. */
const reservedId = "workbook";

/** Parts that cannot make up the check's points. */
function partProblems(where: string, { parts, points }: Check): Problem[] {
  if (parts === undefined) return [];
  const all = Object.entries(parts);
  const problems: Problem[] = [];
  if (all.length < 2) {
    problems.push(problem(where, `has ${all.length} parts`, "Partial credit takes two or more; else leave parts out."));
  }
  for (const [id, part] of all) {
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id))
      problems.push(problem(where, `has the part "${id}", which is no slug`, "Lower case and hyphens."));
    if (!part.title?.trim())
      problems.push(problem(where, `has a part ${id} without a title`, "Say what is true once it passes."));
    if (!(part.points > 0))
      problems.push(problem(where, `has a part ${id} worth ${part.points} points`, "Give it some, or leave it out."));
  }
  const sum = tidyPoints(all.reduce((total, [, part]) => total + part.points, 0));
  if (sum !== tidyPoints(points)) {
    problems.push(
      problem(
        where,
        `is worth ${points} points, but its parts sum to ${sum}`,
        "Make them the same: a learner adds them up.",
      ),
    );
  }
  return problems;
}

/** Mutants that belong to no check, no code, or hold nothing. */
export function mutantProblems(dir: string, checks: Readonly<Record<string, Check>>): Problem[] {
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
