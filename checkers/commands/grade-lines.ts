import type { CheckReport } from "../core/report.ts";
import type { CheckGrade, Grade, GradeStatus, LabGrade } from "../grading/schema.ts";
import { pointsOf, stateWord, statusWord } from "../grading/writers/words.ts";
import { shortName } from "../labs.ts";
import type { Io, Style } from "./io.ts";
import { evidenceLines, marks, wrap } from "./render.ts";

const indent = 4;
const statusStyle: Readonly<Record<GradeStatus, Style>> = {
  passed: "green",
  "not-passed": "yellow",
  incomplete: "red",
};
const stateOf: Readonly<Record<CheckGrade["state"], CheckReport["state"]>> = {
  pass: "pass",
  fail: "fail",
  untouched: "todo",
  blocked: "blocked",
  error: "error",
};

/** A grade for a person: each lab with its checks, then the sum. */
export function gradeLines(grade: Grade, io: Io): string[] {
  const lines = grade.labs.flatMap((lab) => [...labLines(lab, io), ""]);
  if (grade.labs.length === 1) return lines.slice(0, -1);
  const weighted = Object.keys(grade.policy.weights).length > 0;
  if (weighted) {
    for (const { domain, weight, score } of grade.domains) {
      lines.push(
        `${domain.padEnd(12)} ${score === null ? "no final score" : percent(score).padStart(7)}  weight ${weight}`,
      );
    }
  }
  const score = grade.score === null ? "" : `  ${percent(grade.score)}`;
  return [
    ...lines,
    ...wrap(`${grade.says}${score}`, io.width).map((line) => io.style(statusStyle[grade.status], line)),
  ];
}

const percent = (score: number): string => `${Math.round(score * 1000) / 10} %`;

function labLines(lab: LabGrade, io: Io): string[] {
  const head = `${io.style("bold", `${shortName(lab.lab)} ${lab.title}`)}  ${io.style("dim", `namespace ${lab.namespace}`)}`;
  const sum = wrap(`${statusWord[lab.status]}: ${lab.says}`, io.width).map((line) =>
    io.style(statusStyle[lab.status], line),
  );
  if (!lab.begun) return [head, ...sum];
  const solved = lab.solvedByWorkbook ? ["The workbook applied its own solution here."] : [];
  return [head, ...solved, ...lab.checks.flatMap((check) => checkLines(check, io)), ...sum];
}

function checkLines(check: CheckGrade, io: Io): string[] {
  const { glyph, word } = stateWord[check.state];
  const { style } = marks[stateOf[check.state]];
  const [first = "", ...rest] = wrap(check.title, io.width - 40, 0);
  const hidden = check.hidden ? io.style("dim", " (hidden until now)") : "";
  const worth = `${pointsOf(check)} ${check.points === 1 ? "point" : "points"}`;
  const lines = [
    `${io.style(style, `${glyph} ${word.padEnd(14)}`)} ${io.style("dim", worth.padEnd(22))} ${io.style("bold", first)}${hidden}`,
    ...rest.map((line) => `${" ".repeat(40)}${io.style("bold", line)}`),
  ];
  const says = (text: string): string[] => wrap(text, io.width, indent);
  for (const part of check.parts ?? []) {
    const mark = marks[part.state];
    lines.push(
      `${" ".repeat(indent)}${io.style(mark.style, mark.glyph)} ${part.title}, ${part.earned} of ${part.points}`,
    );
    if (part.says) lines.push(...says(`  ${part.says}`));
  }
  if (check.says && !check.parts) lines.push(...says(check.code ? `${check.says} (${check.code})` : check.says));
  // What passed is told in one line each; a grade that is questioned needs all of it.
  lines.push(...evidenceLines(check.evidence, indent, io));
  return lines;
}
