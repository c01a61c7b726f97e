import { shortName } from "../labs.ts";
import type { CheckItem } from "./analysis.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const text = (value: unknown): string => String(value).replaceAll(/[&<>"']/g, (one) => entities[one] as string);

const style = `:root { color-scheme: light dark } body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 70rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8884; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } meter { width: 6rem } code { font-size: .875em }`;

/** The item analysis as one file that needs nothing else. */
export function itemsHtml(items: readonly CheckItem[], submissions: number): string {
  const row = (
    item: CheckItem,
  ): string => `<tr><td>${text(shortName(item.lab))}</td><td>${text(item.title)}<br><code>${text(item.check)}</code></td>
<td class="n">${item.points}</td><td class="n">${item.passed} of ${item.n}</td>
<td><meter min="0" max="1" value="${item.difficulty ?? 0}"></meter> ${item.difficulty ?? "–"}</td><td class="n">${item.discrimination ?? "–"}</td>
<td>${item.codes.map(({ code, times }) => `<code>${text(code)}</code> ${times}`).join("<br>") || "–"}</td>
<td class="n">${item.blocked}</td><td class="n">${item.errors}</td></tr>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>Item analysis</title><style>${style}</style></head>
<body><h1>Item analysis</h1>
<p>${submissions} graded submissions. Mean: the share of its points a check gave on average, 1 is easy. Discrimination: how well doing well in it goes with doing well in
the rest of the lab (correlation, from 10 submissions on); near 0 or below, look at the check.</p>
<table><thead><tr><th>Lab</th><th>Check</th><th class="n">Points</th><th class="n">Passed</th><th>Mean</th><th class="n">Discrimination</th><th>Failed with</th>
<th class="n">Not judged</th><th class="n">Could not look</th></tr></thead>
<tbody>${items.map(row).join("\n")}</tbody></table></body></html>
`;
}
