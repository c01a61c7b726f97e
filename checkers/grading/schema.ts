import * as z from "zod";

/** Name of what `grade --json` prints and docs/grade.schema.json describes. A change that breaks readers takes the next number. */
export const gradeSchemaName = "workbook/grade/1";

const points = z.number().min(0);
const score = z
  .number()
  .min(0)
  .max(1)
  .nullable()
  .describe("Share of the points that count, 0 to 1. null: there is no final score.");

const evidenceSchema = z.strictObject({
  object: z.string().optional().describe("As kubectl names it: deployment/ml-inference."),
  path: z.string().optional().describe("Field path, or what was measured."),
  expected: z.string(),
  actual: z.string(),
  command: z.string().optional().describe("Shows the same thing."),
});

const partGradeSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  points,
  earned: points,
  state: z.enum(["pass", "fail"]),
  code: z.string().optional(),
  says: z.string().optional(),
});

const checkGradeSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  points: points.describe("What the check is worth."),
  earned: points,
  counts: z.boolean().describe("false: its points are left out of the total."),
  leftOut: z.enum(["blocked", "process"]).optional().describe("Why they are."),
  mode: z.enum(["observe", "sample", "disturb"]),
  basis: z
    .enum(["state", "process"])
    .describe("state: anyone can look again at the objects. process: attested by the machine it was done on."),
  state: z
    .enum(["pass", "fail", "untouched", "blocked", "error"])
    .describe(
      "untouched: not begun. blocked: not looked at, because what it needs did not pass. error: could not be looked at, so there is no final score.",
    ),
  hidden: z.literal(true).optional().describe("Its title and findings were withheld until now."),
  code: z.string().optional().describe("Of a failure."),
  says: z.string().optional(),
  needs: z.array(z.string()).optional().describe("While blocked: ids of the checks it waits for."),
  because: z.array(z.string()).optional().describe("While blocked: ids of the checks at the root of it."),
  parts: z.array(partGradeSchema).optional(),
  evidence: z.array(evidenceSchema),
  why: z.string().optional().describe("Once passed: why it works."),
});

const statusSchema = z
  .enum(["passed", "not-passed", "incomplete"])
  .describe("passed: every check passed. incomplete: something could not be looked at; grade again.");

const labGradeSchema = z.strictObject({
  lab: z.string(),
  title: z.string(),
  domain: z.string(),
  namespace: z.string(),
  status: statusSchema,
  begun: z.boolean().describe("false: the lab was never opened; nothing was looked at."),
  solvedByWorkbook: z.literal(true).optional().describe("The workbook applied its own solution here."),
  points: points.describe("Of all its checks."),
  counted: points.describe("Of those that count."),
  earned: points,
  score,
  says: z.string(),
  problem: z.string().optional().describe("Why the lab could not be graded at all."),
  checks: z.array(checkGradeSchema),
});

const policySchema = z.strictObject({
  blocked: z
    .enum(["left-out", "lost"])
    .describe("What becomes of a check that could not be judged because one it needs was tried and failed."),
  process: z
    .enum(["counted", "left-out"])
    .describe("Whether what the learner's machine attests counts toward the score."),
  weights: z
    .record(z.string(), z.number().min(0))
    .describe("Of domains; what is not named weighs 1. Empty: by points."),
});

const timingSchema = z.strictObject({
  gradedAt: z.string().describe("ISO time."),
  took: z.number().describe("Milliseconds."),
  labs: z.array(
    z.strictObject({
      lab: z.string(),
      took: z.number(),
      checks: z.array(z.strictObject({ check: z.string(), at: z.string().describe("ISO time."), took: z.number() })),
    }),
  ),
});

export const gradeSchema = z
  .strictObject({
    schema: z.literal(gradeSchemaName),
    status: statusSchema,
    points,
    counted: points,
    earned: points,
    score,
    says: z.string(),
    policy: policySchema,
    domains: z.array(
      z.strictObject({ domain: z.string(), weight: z.number(), points, counted: points, earned: points, score }),
    ),
    labs: z.array(labGradeSchema),
    timing: timingSchema.describe("All that differs between two gradings of the same state."),
  })
  .describe("What ./workbook grade --json prints.");

export type EvidenceGrade = z.infer<typeof evidenceSchema>;
export type CheckGrade = z.infer<typeof checkGradeSchema>;
export type LabGrade = z.infer<typeof labGradeSchema>;
export type GradeStatus = z.infer<typeof statusSchema>;
export type Policy = z.infer<typeof policySchema>;
export type Timing = z.infer<typeof timingSchema>;
export type LabTiming = Timing["labs"][number];
export type Grade = z.infer<typeof gradeSchema>;

/** docs/grade.schema.json, as text. */
export const gradeSchemaText = (): string =>
  `${JSON.stringify({ title: "A grade of the workbook", ...z.toJSONSchema(gradeSchema) }, null, 2)}\n`;

/**
 * What a policy file may say about grading. Other sections of such a file (due dates, penalties, overrides) belong to who grades
 * submissions, and are handed on unread under `submissions`.
 */
export const policyFileSchema = z.strictObject({
  ...policySchema.partial().shape,
  submissions: z.record(z.string(), z.unknown()).optional(),
});
