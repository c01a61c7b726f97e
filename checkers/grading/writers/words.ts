import type { CheckGrade, GradeStatus } from "../schema.ts";

/** A status as every format names it. */
export const statusWord: Readonly<Record<GradeStatus, string>> = {
  passed: "passed",
  "not-passed": "not passed",
  incomplete: "incomplete",
};

/** A check's state as a glyph and a word, as on the page and in the terminal. */
export const stateWord: Readonly<Record<CheckGrade["state"], { glyph: string; word: string }>> = {
  pass: { glyph: "✓", word: "passed" },
  fail: { glyph: "✗", word: "not passed" },
  untouched: { glyph: "○", word: "not begun" },
  blocked: { glyph: "·", word: "not judged" },
  error: { glyph: "!", word: "could not look" },
};

/** "3 of 5", "2, left out". */
export const pointsOf = ({ earned, points, counts }: CheckGrade): string =>
  counts ? `${earned} of ${points}` : `${points}, left out`;

/** What a check says and saw, as plain lines. */
export function inText({ says, code, parts = [], evidence }: CheckGrade): string {
  const lines: string[] = [];
  // Parts say each for themselves.
  if (says && parts.length === 0) lines.push(code === undefined ? says : `${says} (${code})`);
  for (const part of parts) {
    const why = part.state === "pass" ? "" : `: ${part.says ?? ""}${part.code === undefined ? "" : ` (${part.code})`}`;
    lines.push(`${part.state === "pass" ? "✓" : "✗"} ${part.title}, ${part.earned} of ${part.points}${why}`);
  }
  for (const { object, path, expected, actual, command } of evidence) {
    const where = [object, path].filter(Boolean).join(" · ");
    lines.push(
      `${where === "" ? "" : `${where}: `}expected ${expected}; seen ${actual}${command ? `; look: ${command}` : ""}`,
    );
  }
  return lines.join("\n");
}
