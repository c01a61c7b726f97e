import * as z from "zod";
import type { LabDefinition } from "../core/lab.ts";
import { type Problem, problem } from "./problem.ts";

const text = z.string().trim().min(1, "must not be empty");
const schema = z.strictObject({
  title: text,
  summary: text,
  week: z.int().min(1).max(6),
  minutes: z.int().min(5).max(240),
  domain: z.enum(["deploy", "expose", "configure", "scale", "release", "observe", "operate"]),
  prerequisites: z.array(text).optional(),
  requires: z
    .strictObject({
      clusterRead: z.literal(true).optional(),
      nodePort: z.literal(true).optional(),
      workers: z.int().min(1).optional(),
    })
    .optional(),
  addons: z.array(text).optional(),
  startsIn: z.enum(["lab", "default"]).optional(),
  answers: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "use lower-case letters, digits and hyphens"),
      z.strictObject({ label: text }),
    )
    .optional(),
  facts: z.custom((value) => typeof value === "function", "must be a function"),
  checks: z.custom((value) => typeof value === "function", "must be a function"),
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
