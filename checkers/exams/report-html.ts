import { checkSection, html, Markup, style } from "../grading/writers/html.ts";
import { clockLines, domainLine, percentOf, statusWords, timeLine } from "./report-words.ts";
import type { ExamResult, TaskResult } from "./result.ts";

const own = `
.bar { height: .5rem; border-radius: .25rem; background: var(--line); overflow: hidden; min-width: 6rem; } .bar span { display: block; height: 100%; background: var(--good); }
h3.task { font-size: 1.1rem; margin: 1.75rem 0 .25rem; } .score { font-size: 2rem; font-weight: 700; margin: .5rem 0; font-variant-numeric: tabular-nums; }`;

/** The result of an attempt as one file that stands alone: no script, no request to anywhere, everything escaped. */
export function examHtml(result: ExamResult): string {
  const { brief } = result;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${result.title}: result</title>
<style>${new Markup(style + own)}</style>
</head>
<body>
<header>
<h1>${result.title}</h1>
<p><span class="status ${result.status}">${statusWords[result.status]}</span></p>
<p class="score">${result.score === null ? "No score yet" : percentOf(result.score)}</p>
<p>${result.says}</p>
<p class="dim">${timeLine(result)} Seed ${result.seed}, attempt ${result.attempt}.</p>
${clockLines(result).map((line) => html`<p>${line}</p>\n`)}</header>
<main>
<h2>By domain</h2>
<table>
<thead><tr><th>Domain</th><th>Weight</th><th></th><th class="number">Score</th></tr></thead>
<tbody>
${result.domains.map(
  (
    one,
  ) => html`<tr><td>${one.domain}</td><td>${one.weight} %</td><td><div class="bar"><span style="width:${Math.round((one.score ?? 0) * 100)}%"></span></div></td><td class="number">${domainLine(one)}</td></tr>
`,
)}</tbody>
</table>
${
  result.study.length > 0 &&
  html`<h2>What to study</h2>
<ul>
${result.study.map(({ lab, title, because }) => html`<li>Lab ${lab}, ${title}: ${because.join("; ")}</li>\n`)}</ul>
`
}${
  brief &&
  html`<h2>${brief.title}</h2>
${brief.sections.map((section) => html`<h3 class="task">${section.title}</h3>\n${section.checks.map(checkSection)}`)}`
}<h2>Every task</h2>
${result.tasks.map(taskSection)}</main>
</body>
</html>
`.text;
}

const taskSection = (task: TaskResult): Markup => html`<h3 class="task">${task.key} ${task.title}</h3>
<p class="dim">${task.domain}, ${task.weight} % of the exam, ${task.earned} of ${task.points} points${task.flagged && ", flagged"}</p>
${task.checks.map(checkSection)}`;
