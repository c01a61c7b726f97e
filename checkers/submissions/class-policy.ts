import { readFileSync } from "node:fs";
import * as z from "zod";
import { LookError } from "../core/errors.ts";
import { tidyPoints } from "../core/reports.ts";
import { defaultPolicy, readPolicy } from "../grading/policy.ts";
import type { Policy } from "../grading/schema.ts";
import { shortName } from "../labs.ts";
import type { Student } from "./roster.ts";
import { problemsOf } from "./schema.ts";

const time = z.iso.datetime({ offset: true });
const line = z.string().trim().min(1);
const lab = z.string().regex(/^\d{2}(-[a-z0-9-]+)?$/, 'is no number or name of a lab: quote numbers, as in "02"');

const overrideSchema = z.strictObject({
  student: line,
  lab,
  /** Absent: the lab's result as a whole, after any penalty. */
  check: line.optional(),
  points: z.number().min(0),
  why: line,
  who: line,
  when: z.union([time, z.iso.date()]),
});
export type Override = z.infer<typeof overrideSchema>;

/** Section `submissions` of a policy file. */
const sectionSchema = z.strictObject({
  due: z.union([time, z.record(lab, time)]).optional(),
  late: z
    .strictObject({
      per: z.enum(["hour", "day"]),
      percent: z.number().min(0).max(100),
      max: z.number().min(0).max(100),
    })
    .optional(),
  /** Where the time of handing in is taken from: attested, by the learner's machine, or the file's own. */
  received: z.enum(["attested", "file"]).default("attested"),
  /** Minutes more, by student's id; the roster may say so too. */
  extra: z.record(line, z.int().min(0)).default({}),
  images: z.array(line).default([]),
  overrides: z.array(overrideSchema).default([]),
});

export interface ClassPolicy extends z.infer<typeof sectionSchema> {
  grading: Policy;
}

/** Nothing attested counts unless a policy says so. */
export const defaultClassPolicy: ClassPolicy = {
  ...sectionSchema.parse({}),
  grading: { ...defaultPolicy, process: "left-out" },
};

/** Reads a policy file: how to grade, and what goes for submissions. Rejects with every mistake in it. */
export async function readClassPolicy(path: string): Promise<ClassPolicy> {
  const { policy, submissions } = await readPolicy(path);
  const section = sectionSchema.safeParse(submissions);
  if (!section.success) {
    throw new LookError(
      `The policy ${path} says what is no policy under submissions: ${problemsOf(section.error)}.`,
      "docs/grading.md shows what it may say.",
    );
  }
  const { parse } = await import("yaml");
  const said = (parse(readFileSync(path, "utf8"), { maxAliasCount: 20 }) ?? {}) as { process?: unknown };
  return {
    ...section.data,
    grading: said.process === undefined ? { ...policy, process: "left-out" } : policy,
  };
}

const minute = 60_000;
const units = { hour: 60 * minute, day: 24 * 60 * minute } as const;

export interface Lateness {
  /** ISO time: with extra time in it. */
  due: string;
  minutes: number;
  /** Off the points earned. */
  percent: number;
}

/** How late a submission is and what that costs; undefined where there is no due date or it came in time. Each begun hour or day counts. */
export function lateness(policy: ClassPolicy, student: Student, slug: string, received: string): Lateness | undefined {
  const general = typeof policy.due === "string" ? policy.due : (policy.due?.[slug] ?? policy.due?.[shortName(slug)]);
  const base = student.due ?? general;
  if (!base) return undefined;
  const extra = Math.max(student.extraMinutes, policy.extra[student.id] ?? 0);
  const due = Date.parse(base) + extra * minute;
  const over = Date.parse(received) - due;
  if (over <= 0) return undefined;
  const { late } = policy;
  const percent = late ? Math.min(late.max, Math.ceil(over / units[late.per]) * late.percent) : 0;
  return { due: new Date(due).toISOString(), minutes: Math.ceil(over / minute), percent };
}

export const afterPenalty = (points: number, late: Lateness | undefined): number =>
  Math.round(tidyPoints(points * (1 - (late?.percent ?? 0) / 100)) * 100) / 100;

/** The overrides of a student in a lab, in the order of the file. */
export const overridesOf = (policy: ClassPolicy, student: string, slug: string): Override[] =>
  policy.overrides.filter(
    (one) => one.student.toLowerCase() === student.toLowerCase() && (one.lab === slug || one.lab === shortName(slug)),
  );
