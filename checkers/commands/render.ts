import type { CheckReport, CheckState, LabReport } from "../core/report.ts";
import type { Io, Style } from "./io.ts";

/** A state as a glyph and a word, the same as on the page. */
export const marks: Readonly<Record<CheckState, { glyph: string; word: string; style: Style }>> = {
  todo: { glyph: "○", word: "to do", style: "dim" },
  waiting: { glyph: "◌", word: "waiting", style: "cyan" },
  blocked: { glyph: "·", word: "comes later", style: "dim" },
  fail: { glyph: "✗", word: "not yet", style: "yellow" },
  pass: { glyph: "✓", word: "passed", style: "green" },
  error: { glyph: "!", word: "could not look", style: "red" },
};
const wordWidth = Math.max(...Object.values(marks).map(({ word }) => word.length));
const indent = wordWidth + 4;
const column = 10;

/** Breaks text at spaces to lines of at most `width`, each after `indent` spaces. Words longer than a line stay whole. */
export function wrap(text: string, width: number, indent = 0): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && indent + line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.map((line) => " ".repeat(indent) + line);
}

/** "label     text", the text wrapped beside its label. */
export function labelled(label: string, text: string, width: number, indent: number, column: number): string[] {
  const [first = "", ...rest] = wrap(text, width, indent + column);
  return [" ".repeat(indent) + label.padEnd(column) + first.trimStart(), ...rest];
}

export const points = (n: number): string => `${n} ${n === 1 ? "point" : "points"}`;

/** The line that stands for a check everywhere: glyph, word, title, points. */
export function headline(check: CheckReport, io: Io): string {
  const { glyph, word, style } = marks[check.state];
  const some = check.earned > 0 && check.earned < check.points;
  const worth = some ? `${check.earned} of ${points(check.points)}` : points(check.points);
  const when = check.hidden ? ", shown when graded" : "";
  return `${io.style(style, `${glyph} ${word.padEnd(wordWidth)}`)}  ${io.style("bold", check.title)}  ${io.style("dim", `${worth}${when}`)}`;
}

/** The same, its title wrapped. */
export function headlines(check: CheckReport, io: Io): string[] {
  const [first = "", ...rest] = wrap(check.title, io.width, indent);
  return [headline({ ...check, title: first.trimStart() }, io), ...rest.map((line) => io.style("bold", line))];
}

/** A check with what it says and saw. */
export function checkLines(check: CheckReport, lab: string, io: Io): string[] {
  const lines = headlines(check, io);
  if (check.state === "pass") return lines;
  const { width } = io;
  if (check.parts) for (const part of check.parts) lines.push(...partLines(part, io));
  else if (check.says) lines.push(...wrap(check.says, width, indent));
  lines.push(...evidenceLines(check.evidence, indent, io));
  if (check.hints > 0) {
    const hint = `./workbook hint ${lab} ${check.id}`;
    lines.push(
      ...labelled("hint", `${hint}  (${check.hints === 1 ? "1 step" : `${check.hints} steps`})`, width, indent, column),
    );
  }
  return lines;
}

/** What was seen beside what was expected, and the command that shows it. */
export function evidenceLines(evidence: CheckReport["evidence"], indent: number, io: Io): string[] {
  const { width } = io;
  return evidence.flatMap(({ object, path, expected, actual, command }) => {
    const where = [object, path].filter(Boolean).join(" · ");
    return [
      ...(where === "" ? [] : wrap(where, width, indent).map((line) => io.style("dim", line))),
      ...labelled("expected", expected, width, indent, column),
      ...labelled("seen", actual, width, indent, column),
      ...(command ? labelled("look", command, width, indent, column).map((line) => io.style("cyan", line)) : []),
    ];
  });
}

/** One part of a check with partial credit: what became of it, and why. */
function partLines(part: NonNullable<CheckReport["parts"]>[number], io: Io): string[] {
  const { glyph, style } = marks[part.state];
  const [first = "", ...rest] = wrap(`${part.title}, ${points(part.points)}`, io.width, indent + 2);
  const says = part.says ? wrap(part.says, io.width, indent + 2) : [];
  return [`${" ".repeat(indent)}${io.style(style, glyph)} ${first.trimStart()}`, ...rest, ...says];
}

/** The last line: points, and whether they are final. */
export function scoreLine(report: LabReport, io: Io): string {
  const shown = report.checks.filter((check) => !check.hidden);
  const passed = shown.filter((check) => check.state === "pass").length;
  const hidden = report.checks.filter((check) => check.hidden);
  const later =
    hidden.length === 0
      ? ""
      : `; ${hidden.length === 1 ? "a hidden check" : `${hidden.length} hidden checks`} worth ${points(hidden.reduce((sum, check) => sum + check.points, 0))} to be graded`;
  const score = `${report.earned} of ${points(report.points)}, ${passed} of ${shown.length} checks passed${later}`;
  if (!report.complete) {
    const why = "not final, because some checks could not look. Nothing is lost: check again when that is mended.";
    return io.style("red", wrap(`${score}; ${why}`, io.width).join("\n"));
  }
  return io.style(passed === shown.length ? "green" : "bold", score);
}
