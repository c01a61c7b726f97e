/** The gradebook: what is told of each student and lab, from what was graded and the policy. Pure. */
import { tidyPoints } from "../core/reports.ts";
import type { LabGrade } from "../grading/schema.ts";
import { outOfAll, sumUpLab } from "../grading/sum.ts";
import { afterPenalty, type ClassPolicy, type Lateness, lateness, type Override, overridesOf } from "./class-policy.ts";
import type { GradedSubmission } from "./one.ts";
import type { Student } from "./roster.ts";
import type { LearnerRecord } from "./schema.ts";

/** graded: there is a final result. incomplete: not yet, and why. missing: nothing was handed in. unreadable: what was handed in cannot be graded. roster: the roster does not say who this is. */
export type RowStatus = "graded" | "incomplete" | "missing" | "unreadable" | "roster";

export interface BookRow {
  student: { id: string; name: string; email: string };
  /** Absent where it is not known. */
  lab?: string;
  status: RowStatus;
  says: string;
  /** All points of the lab. */
  points?: number;
  grade?: LabGrade;
  timing?: GradedSubmission["timing"];
  /** Out of all points, before penalty and overrides. */
  computed?: number | null;
  late?: Lateness;
  overrides: Override[];
  /** Out of all points. null: there is no final result. */
  final: number | null;
  /** What the learner's machine says; shown, never counted. */
  attested?: LearnerRecord["score"] & { madeAt: string };
  file?: string;
  notes: string[];
}

/** A submission that was graded or could not be, ready to become a row. */
export interface Handed {
  student: Student;
  lab: string;
  /** ISO time by the policy's clock. */
  received: string;
  madeAt: string;
  attested: LearnerRecord["score"];
  result: GradedSubmission | { problem: string; status: "incomplete" | "unreadable"; file: string };
  notes: readonly string[];
}

export function rowOf(handed: Handed, policy: ClassPolicy): BookRow {
  const { student, lab, result, received } = handed;
  const late = lateness(policy, student, lab, received);
  const overrides = overridesOf(policy, student.id, lab);
  const base = {
    student: { id: student.id, name: student.name, email: student.email },
    lab,
    ...(late && { late }),
    overrides,
    attested: { ...handed.attested, madeAt: handed.madeAt },
    file: result.file,
  };
  const whole = overrides.findLast((one) => one.check === undefined);
  if ("problem" in result) {
    const final = whole ? whole.points : null;
    return { ...base, status: whole ? "graded" : result.status, says: result.problem, final, notes: [...handed.notes] };
  }
  const { begun, namespace, title, domain, problem } = result.grade;
  const about = { lab, title, domain, namespace, begun, ...(problem !== undefined && { problem }) };
  const grade = sumUpLab(about, result.grade.checks, policy.grading);
  const notes = [
    ...result.notes,
    ...result.refused.map(({ object, why }) => `${object} was not re-created: ${why}.`),
    ...result.images.map((image) => `The image ${image} is not on the allowed list, so it did not run here.`),
    ...result.notCreated.map(({ object, why }) => `${object} could not be re-created on this cluster: ${why}`),
    ...handed.notes,
  ];
  const computed = outOfAll(grade);
  const corrected = withChecks(grade, overrides);
  const penalized = corrected === null ? null : afterPenalty(corrected, late);
  const final = whole ? whole.points : result.notCreated.length > 0 ? null : penalized;
  const status: RowStatus = final === null ? "incomplete" : "graded";
  const says =
    result.notCreated.length > 0 && grade.status !== "incomplete"
      ? `Incomplete: part of it could not be re-created on this cluster, so it may be better than ${grade.says}`
      : grade.says;
  return { ...base, status, says, points: grade.points, grade, timing: result.timing, computed, final, notes };
}

/** The result with overrides of single checks in it. An override also decides a check that could not be looked at. */
function withChecks(grade: LabGrade, overrides: readonly Override[]): number | null {
  const single = new Map(overrides.filter((one) => one.check !== undefined).map((one) => [one.check as string, one]));
  if (single.size === 0) return outOfAll(grade);
  const counted = grade.checks.filter((check) => check.counts || single.has(check.id));
  if (counted.some((check) => check.state === "error" && !single.has(check.id))) return null;
  const sum = (of: (check: (typeof counted)[number]) => number): number =>
    counted.reduce((total, check) => total + of(check), 0);
  const worth = sum((check) => check.points);
  const earned = sum((check) => Math.min(check.points, single.get(check.id)?.points ?? check.earned));
  return worth > 0 ? Math.round(tidyPoints((earned / worth) * grade.points) * 100) / 100 : null;
}

/** A row for whom nothing was handed in. */
export const missingRow = (student: Student, lab: string, points: number, policy: ClassPolicy): BookRow => {
  const overrides = overridesOf(policy, student.id, lab);
  const whole = overrides.findLast((one) => one.check === undefined);
  return {
    student: { id: student.id, name: student.name, email: student.email },
    lab,
    status: whole ? "graded" : "missing",
    says: "Nothing was handed in.",
    points,
    overrides,
    final: whole ? whole.points : 0,
    notes: [],
  };
};

const told = (one: Override): string =>
  `${one.check ? `${one.check}: ` : ""}${one.points} by ${one.who} on ${one.when}: ${one.why}`;

const minutesSpoken = (minutes: number): string =>
  minutes < 120
    ? `${minutes} min`
    : minutes < 2_880
      ? `${Math.round(minutes / 6) / 10} h`
      : `${Math.round(minutes / 144) / 10} days`;

/** What a report says about a row beside the grade itself. */
export function aboutRow(row: BookRow): string[] {
  const { late, attested, overrides, computed, points } = row;
  return [
    ...(late
      ? [`Handed in ${minutesSpoken(late.minutes)} after ${late.due}: ${late.percent} % off what was earned.`]
      : []),
    ...overrides.map(
      (one) => `Overridden${computed === undefined ? "" : ` (computed: ${computed ?? "none"})`}: ${told(one)}`,
    ),
    row.final === null
      ? "No final result."
      : `Final result: ${row.final}${points === undefined ? "" : ` of ${points}`}.`,
    ...(attested
      ? [
          `Attested by the learner's machine, not counted: ${attested.earned} of ${attested.points}; packed ${attested.madeAt}.`,
        ]
      : []),
    ...row.notes,
  ];
}

export const columns = [
  "id",
  "name",
  "email",
  "lab",
  "status",
  "points",
  "computed",
  "late_minutes",
  "late_percent",
  "override",
  "final",
  "attested",
  "says",
  "notes",
  "file",
] as const;

/** A row's cells, in the order of the columns. */
export const cellsOf = (row: BookRow): (string | number)[] => [
  row.student.id,
  row.student.name,
  row.student.email,
  row.lab ?? "",
  row.status,
  row.points ?? "",
  row.computed ?? "",
  row.late?.minutes ?? "",
  row.late?.percent ?? "",
  row.overrides.map(told).join("; "),
  row.final ?? "",
  row.attested ? `${row.attested.earned} of ${row.attested.points}` : "",
  row.says,
  row.notes.join(" "),
  row.file ?? "",
];
