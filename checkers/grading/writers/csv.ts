import { stringify } from "csv-stringify/sync";
import { shortName } from "../../labs.ts";
import type { Grade, LabGrade } from "../schema.ts";
import { outOfAll } from "../sum.ts";
import { statusWord } from "./words.ts";

export const lmsNames = ["canvas", "moodle"] as const;
export type Lms = (typeof lmsNames)[number];

/** Who a row is about: what a roster knows of them. */
export interface Student {
  name: string;
  /** The system's own number for them. */
  id?: string;
  /** SIS user id (Canvas), ID number (Moodle). */
  number?: string;
  login?: string;
  email?: string;
  section?: string;
}

export interface GradebookRow {
  student: Student;
  grade: Grade;
}

/** Cells that a spreadsheet would run as a formula are marked as text. */
const write = (rows: unknown[][]): string => stringify(rows, { escape_formulas: true });

/** A gradebook that the system's own import takes in: a column per lab, out of all its points. An incomplete grade is an empty cell, named beside it. */
export const gradebookCsv = (rows: readonly GradebookRow[], lms: Lms): string =>
  lms === "canvas" ? canvas(rows) : moodle(rows);

/** Every lab graded for anyone, in course order. */
function labsOf(rows: readonly GradebookRow[]): { lab: string; title: string; points: number }[] {
  const found = new Map<string, { lab: string; title: string; points: number }>();
  for (const { grade } of rows) {
    for (const { lab, title, points } of grade.labs) {
      const known = found.get(lab);
      if (!known || points > known.points) found.set(lab, { lab, title, points });
    }
  }
  return [...found.values()].sort((a, b) => a.lab.localeCompare(b.lab));
}

const ofLab = (grade: Grade, lab: string): LabGrade | undefined => grade.labs.find((one) => one.lab === lab);
const cell = (lab: LabGrade | undefined): string | number => (lab ? (outOfAll(lab) ?? "") : "");
const heading = ({ lab, title }: { lab: string; title: string }): string => `Lab ${shortName(lab)}: ${title}`;

/** "incomplete: 02-deploy-ml-inference (…)", "passed", "not passed". */
const remark = (grade: Grade): string =>
  grade.status === "incomplete"
    ? `incomplete: ${grade.labs
        .filter(({ status }) => status === "incomplete")
        .map(({ lab, says }) => `${lab} (${says})`)
        .join("; ")}`
    : statusWord[grade.status];

/**
 * Canvas takes the student from the first columns and every other one for an assignment, but leaves out whatever has one of its own
 * totals' names in it: that is where the status stands.
 */
function canvas(rows: readonly GradebookRow[]): string {
  const labs = labsOf(rows);
  const status = "Final Grade status of the workbook (not imported)";
  return write([
    ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", ...labs.map(heading), status],
    ["    Points Possible", "", "", "", "", ...labs.map(({ points }) => points), ""],
    ...rows.map(({ student, grade }) => [
      student.name,
      student.id ?? "",
      student.number ?? "",
      student.login ?? student.email ?? "",
      student.section ?? "",
      ...labs.map(({ lab }) => cell(ofLab(grade, lab))),
      remark(grade),
    ]),
  ]);
}

/** Moodle maps columns when importing: a grade and a feedback column per lab, the student by address or ID number. */
function moodle(rows: readonly GradebookRow[]): string {
  const labs = labsOf(rows);
  return write([
    [
      "Full name",
      "Username",
      "ID number",
      "Email address",
      ...labs.flatMap((lab) => [`${heading(lab)} (out of ${lab.points})`, `${heading(lab)} (feedback)`]),
      "Status",
    ],
    ...rows.map(({ student, grade }) => [
      student.name,
      student.login ?? "",
      student.number ?? "",
      student.email ?? "",
      ...labs.flatMap(({ lab }) => {
        const own = ofLab(grade, lab);
        return [cell(own), own?.says ?? "not graded"];
      }),
      remark(grade),
    ]),
  ]);
}
