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
  return `${io.style(style, `${glyph} ${word.padEnd(wordWidth)}`)}  ${io.style("bold", check.title)}  ${io.style("dim", points(check.points))}`;
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
  if (check.says) lines.push(...wrap(check.says, width, indent));
  for (const { object, path, expected, actual, command } of check.evidence) {
    const where = [object, path].filter(Boolean).join(" · ");
    if (where !== "") lines.push(...wrap(where, width, indent).map((line) => io.style("dim", line)));
    lines.push(...labelled("expected", expected, width, indent, column));
    lines.push(...labelled("seen", actual, width, indent, column));
    if (command) lines.push(...labelled("look", command, width, indent, column).map((line) => io.style("cyan", line)));
  }
  if (check.hints > 0) {
    const hint = `./workbook hint ${lab} ${check.id}`;
    lines.push(
      ...labelled("hint", `${hint}  (${check.hints === 1 ? "1 step" : `${check.hints} steps`})`, width, indent, column),
    );
  }
  return lines;
}

/** The last line: points, and whether they are final. */
export function scoreLine(report: LabReport, io: Io): string {
  const passed = report.checks.filter((check) => check.state === "pass").length;
  const score = `${report.earned} of ${points(report.points)}, ${passed} of ${report.checks.length} checks passed`;
  if (!report.complete) {
    const why = "not final, because some checks could not look. Nothing is lost: check again when that is mended.";
    return io.style("red", wrap(`${score}; ${why}`, io.width).join("\n"));
  }
  return io.style(passed === report.checks.length ? "green" : "bold", score);
}
