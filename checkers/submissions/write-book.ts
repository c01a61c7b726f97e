import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import type { LabGrade } from "../grading/schema.ts";
import { sumUp } from "../grading/sum.ts";
import { type GradebookRow, gradebookCsv, type Lms } from "../grading/writers/csv.ts";
import { jsonText } from "../grading/writers/files.ts";
import { gradeHtml } from "../grading/writers/html.ts";
import { shortName } from "../labs.ts";
import { analyse, itemCells, itemColumns } from "./analysis.ts";
import { aboutRow, type BookRow, cellsOf, columns } from "./book.ts";
import type { ClassResult } from "./class.ts";
import type { ClassPolicy } from "./class-policy.ts";
import { itemsHtml } from "./items-html.ts";

export const gradebookName = "workbook/gradebook/1";

/** Cells that a spreadsheet would run as a formula are marked as text: names and notes are the learners' own. */
const csv = (header: readonly string[], rows: readonly (string | number)[][]): string =>
  stringify([[...header], ...rows], { escape_formulas: true });

/** Writes the gradebook, a report per student, the item analysis and the similarities. Returns the files' names. */
export function writeBook(out: string, result: ClassResult, policy: ClassPolicy, lms?: Lms): string[] {
  const { rows, unknown, alike } = result;
  const written: string[] = [];
  const write = (name: string, text: string): void => {
    writeFileSync(join(out, name), text);
    written.push(name);
  };
  write("gradebook.csv", csv(columns, rows.map(cellsOf)));
  const { grading, ...rest } = policy;
  write(
    "gradebook.json",
    jsonText({
      schema: gradebookName,
      began: result.began,
      policy: { ...grading, submissions: rest },
      rows,
      unknown,
      left: result.left,
    }),
  );
  const grades = rows.flatMap(({ grade }) => grade ?? []);
  const items = analyse(grades);
  write("item-analysis.csv", csv(itemColumns, items.map(itemCells)));
  write("item-analysis.html", itemsHtml(items, grades.length));
  write(
    "similarity.csv",
    csv(
      ["lab", "a", "b", "manifests", "rare_in_common", "equal_files"],
      alike.map((one) => [one.lab, one.a, one.b, one.manifests, one.rare, one.files]),
    ),
  );
  mkdirSync(join(out, "students"), { recursive: true });
  const byStudent = Map.groupBy(
    rows.filter(({ student, status }) => student.id !== "" && status !== "roster"),
    ({ student }) => student.id,
  );
  const when = { gradedAt: result.began, took: Math.round(result.took) };
  for (const [id, own] of byStudent) {
    const labs = own.flatMap(({ grade, timing }) => (grade && timing ? [{ grade, timing }] : []));
    const { name, email } = (own[0] as BookRow).student;
    const several = own.length > 1;
    const about = [
      `${name}${email ? ` <${email}>` : ""} (${id})`,
      ...own.flatMap((row) => {
        const lines = row.grade ? aboutRow(row) : [row.says, ...aboutRow(row)];
        return several ? lines.map((line) => `${shortName(row.lab ?? row.file ?? "")}: ${line}`) : lines;
      }),
    ];
    write(`students/${id.replaceAll(/[^\w.-]/g, "_")}.html`, gradeHtml(sumUp(labs, grading, when), about));
  }
  if (lms) write(`gradebook-${lms}.csv`, gradebookCsv(forLms(rows, policy, when), lms));
  return written;
}

/** Rows as an LMS's writer takes them: with the final results, penalties and overrides in them. */
function forLms(
  rows: readonly BookRow[],
  policy: ClassPolicy,
  when: { gradedAt: string; took: number },
): GradebookRow[] {
  const templates = new Map(rows.flatMap(({ grade }) => (grade ? [[grade.lab, grade] as const] : [])));
  const students = Map.groupBy(
    rows.filter(({ student, lab, status }) => student.id !== "" && lab !== undefined && status !== "roster"),
    ({ student }) => student.id,
  );
  return [...students].map(([id, own]) => {
    const { name, email } = (own[0] as BookRow).student;
    const labs = own.flatMap((row) => {
      const known = row.grade ?? templates.get(row.lab as string);
      if (!known) return [];
      const { final } = row;
      const grade: LabGrade = {
        ...known,
        ...(!row.grade && { checks: [], earned: 0 }),
        status: final === null ? "incomplete" : final === known.points ? "passed" : "not-passed",
        score: final === null ? null : known.points > 0 ? final / known.points : 0,
        says: row.grade
          ? [row.says, ...row.overrides.map((one) => `Overridden by ${one.who}: ${one.why}`)].join(" ")
          : row.says,
      };
      return [{ grade, timing: row.timing ?? { lab: grade.lab, took: 0, checks: [] } }];
    });
    return { student: { name, number: id, email }, grade: sumUp(labs, policy.grading, when) };
  });
}
