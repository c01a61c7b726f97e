import { shortName } from "../../labs.ts";
import type { CheckGrade, EvidenceGrade, Grade, LabGrade } from "../schema.ts";
import { pointsOf, stateWord, statusWord } from "./words.ts";

/** Markup that has been made up here. Everything else that goes into `html` is text, and is escaped. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
type Value = Markup | string | number | undefined | false | Value[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (one) => entities[one] as string);

const written = (value: Value): string => {
  if (value === undefined || value === false) return "";
  if (Array.isArray(value)) return value.map(written).join("");
  return value instanceof Markup ? value.text : escaped(String(value));
};

export const html = (strings: TemplateStringsArray, ...values: Value[]): Markup =>
  new Markup(strings.map((text, at) => text + written(values[at])).join(""));

export const style = `
:root { color-scheme: light dark; --ink: light-dark(#1d2330, #e6e8ee); --dim: light-dark(#5a6273, #a3abbb);
  --page: light-dark(#fff, #12151c); --card: light-dark(#f6f7f9, #1a1f29); --line: light-dark(#d9dde5, #2e3542);
  --good: light-dark(#14693a, #63d297); --bad: light-dark(#8a4b00, #f0b35e); --error: light-dark(#a4231c, #ff8f86); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 54rem; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .25rem; }
h3 { font-size: 1rem; margin: 0; } p { margin: .25rem 0; } .dim { color: var(--dim); }
code, .seen { font-family: ui-monospace, monospace; font-size: .875em; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } .number { text-align: right; white-space: nowrap; padding-right: 0; font-variant-numeric: tabular-nums; }
.status { display: inline-block; padding: .1rem .6rem; border-radius: 1rem; border: 1px solid currentcolor; font-weight: 600; }
.passed, .pass { color: var(--good); } .not-passed, .fail, .untouched { color: var(--bad); }
.incomplete, .error { color: var(--error); } .blocked { color: var(--dim); }
section.check { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: .75rem 0;
  break-inside: avoid; }
.head { display: flex; gap: .75rem; align-items: baseline; } .head h3 { flex: 1; } .head .number { flex: none; }
.state { font-weight: 600; white-space: nowrap; } dl { display: grid; grid-template-columns: 6rem 1fr; gap: .1rem .75rem; margin: .75rem 0 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; } ul { margin: .5rem 0; padding-left: 1.25rem; }
@media print { body { max-width: none; padding: 0; } }`;

/**
 * A report that stands alone: one file, no script, no request to anywhere, everything escaped. `about` goes under the title: whose grade it is,
 * or what else the reader must know.
 */
export function gradeHtml(grade: Grade, about: readonly string[] = []): string {
  const several = grade.labs.length > 1;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${several ? "Grade" : `Grade: ${grade.labs[0]?.title ?? ""}`}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<h1>${several ? `Grade of ${grade.labs.length} labs` : (grade.labs[0]?.title ?? "Grade")}</h1>
${about.map((line) => html`<p>${line}</p>\n`)}<p><span class="status ${grade.status}">${statusWord[grade.status]}</span> ${grade.says}</p>
<p>${grade.score === null ? "No final score." : `Score: ${percent(grade.score)}`}</p>
<p class="dim">Graded ${grade.timing.gradedAt}</p>
</header>
<main>
${several && overview(grade)}${grade.labs.map((lab) => labSection(lab, several))}
</main>
</body>
</html>
`.text;
}

const percent = (score: number): string => `${Math.round(score * 1000) / 10} %`;

const overview = (grade: Grade): Markup => html`<table>
<thead><tr><th>Lab</th><th>Status</th><th class="number">Earned</th><th class="number">Counted</th><th class="number">Points</th></tr></thead>
<tbody>
${grade.labs.map(
  (
    lab,
  ) => html`<tr><td><a href="#${lab.lab}">${shortName(lab.lab)} ${lab.title}</a></td><td class="${lab.status}">${statusWord[lab.status]}</td><td class="number">${lab.earned}</td><td class="number">${lab.counted}</td><td class="number">${lab.points}</td></tr>
`,
)}</tbody>
</table>
`;

const labSection = (lab: LabGrade, several: boolean): Markup => html`<section id="${lab.lab}">
${several && html`<h2>${shortName(lab.lab)} ${lab.title}</h2>\n`}<p><span class="status ${lab.status}">${statusWord[lab.status]}</span> ${lab.says}</p>
<p class="dim">Namespace <code>${lab.namespace}</code></p>
${lab.solvedByWorkbook && html`<p>The workbook applied its own solution here.</p>\n`}${lab.checks.map(checkSection)}</section>
`;

export const checkSection = (check: CheckGrade): Markup => {
  const { glyph, word } = stateWord[check.state];
  return html`<section class="check">
<div class="head"><span class="state ${check.state}"><span aria-hidden="true">${glyph}</span> ${word}</span><h3>${check.title}${check.hidden && " (hidden until graded)"}</h3><span class="number">${pointsOf(check)}</span></div>
${check.says !== undefined && !check.parts && html`<p>${check.says}${check.code !== undefined && html` <code>${check.code}</code>`}</p>\n`}${check.parts && partList(check.parts)}${check.evidence.map(evidenceList)}${check.why !== undefined && html`<p class="dim">${check.why}</p>\n`}${check.basis === "process" && html`<p class="dim">Attested by the learner's machine.</p>\n`}</section>
`;
};

const partList = (parts: NonNullable<CheckGrade["parts"]>): Markup => html`<ul>
${parts.map((part) => html`<li class="${part.state}">${part.state === "pass" ? "✓" : "✗"} ${part.title}, ${part.earned} of ${part.points}${part.says !== undefined && `: ${part.says}`}${part.code !== undefined && html` <code>${part.code}</code>`}</li>\n`)}</ul>
`;

const evidenceList = ({ object, path, expected, actual, command }: EvidenceGrade): Markup => {
  const where = [object, path].filter(Boolean).join(" · ");
  return html`<dl>${where !== "" && html`<dt>where</dt><dd class="seen">${where}</dd>`}<dt>expected</dt><dd class="seen">${expected}</dd><dt>seen</dt><dd class="seen">${actual}</dd>${command !== undefined && html`<dt>look</dt><dd class="seen">${command}</dd>`}</dl>
`;
};
