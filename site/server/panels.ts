import type { Scene } from "../../checkers/core/check.ts";
import type { DrawnPanel, PrometheusSeries } from "../../checkers/core/metrics.ts";
import { drawDashboard } from "../../checkers/probes/dashboard.ts";
import type { DrawnDashboard, DrawnQuery, PanelsReply } from "../protocol.ts";

/** Seconds that are drawn, and between two points of them. */
const lookBack = 300;
const step = 5;
/** A panel with more lines shows nothing any more; and dashboards beyond are left out. */
const mostSeries = 8;
const mostDashboards = 2;

/**
 * The learner's own dashboards with what their queries answer over the last five minutes: what the page draws where there is no Grafana.
 * What is wrong with a dashboard or a query is part of the reply, in words; only an API server that cannot be reached rejects.
 */
export async function panelsOf({ probes, learner }: Pick<Scene, "probes" | "learner">): Promise<PanelsReply> {
  // On a grid, so that the lines do not shiver from one drawing to the next.
  const end = Math.floor(Date.now() / 1000 / step) * step;
  const over = { start: end - lookBack, end, step };
  const prometheus = probes.prometheus();
  const [found, ready] = await Promise.all([probes.dashboards({ learner }), prometheus.ready()]);
  const dashboards = ready.ok
    ? await Promise.all(
        found.slice(0, mostDashboards).map(async ({ where, text }): Promise<DrawnDashboard> => {
          const drawn = await drawDashboard(text, prometheus, over);
          return drawn.ok
            ? {
                where,
                title: drawn.title,
                panels: drawn.panels.map((panel) => ({
                  ...panel,
                  queries: panel.queries.map((query) => queryOf(query, over)),
                })),
              }
            : { where, title: "", panels: [], problem: unreadable(drawn) };
        }),
      )
    : [];
  return { ...over, dashboards, ...(!ready.ok && { away: ready.says }) };
}

const unreadable = ({ problem, says }: { problem: string; says: string }): string =>
  `${problem === "not-json" ? "This is not JSON" : "This is no dashboard that can be drawn"}: ${says}`;

/** One query's lines on the grid; or why there are none. */
export function queryOf(
  { refId, asked, legend, answer }: DrawnPanel["queries"][number],
  over: { start: number; end: number; step: number },
): DrawnQuery {
  if (!answer.ok) {
    const why = answer.problem === "bad-query" ? "does not parse. Prometheus says" : "could not be worked out";
    return { refId, asked, lines: [], problem: `Query ${refId} ${why}: ${answer.says}` };
  }
  const all = answer.value;
  if (all.length === 0) {
    const note = answer.warnings[0];
    const none = `Query ${refId} has no data: no series matches. A name or a label that does not exist is no error to Prometheus.`;
    return { refId, asked, lines: [], problem: note === undefined ? none : `${none} It notes: ${note}` };
  }
  const apart = [...new Set(all.flatMap(({ labels }) => Object.keys(labels)))].filter(
    (name) => name !== "__name__" && new Set(all.map(({ labels }) => labels[name])).size > 1,
  );
  const lines = all.slice(0, mostSeries).map((series) => ({
    label: nameOf(series, apart, legend, refId),
    values: gridOf(series, over),
  }));
  const nothing = lines.every(({ values }) => values.every((value) => value === null));
  return {
    refId,
    asked,
    lines,
    ...(nothing && {
      problem: `Query ${refId} has no number to draw, only NaN: it divides nothing by nothing, or asks a quantile of no requests.`,
    }),
    ...(all.length > mostSeries && { more: all.length - mostSeries }),
  };
}

/** Values at start, start + step …; null where there is none, or none that is a number. */
export function gridOf(
  { points }: Pick<PrometheusSeries, "points">,
  { start, end, step }: { start: number; end: number; step: number },
): (number | null)[] {
  const values: (number | null)[] = Array.from({ length: Math.round((end - start) / step) + 1 }, () => null);
  for (const [at, value] of points) {
    const index = Math.round((at - start) / step);
    if (index >= 0 && index < values.length && Number.isFinite(value)) values[index] = value;
  }
  return values;
}

/** As Grafana's legend would: its format filled in, else the labels that tell the lines apart. */
function nameOf(
  { labels }: PrometheusSeries,
  apart: readonly string[],
  legend: string | undefined,
  refId: string,
): string {
  if (legend !== undefined) return legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => labels[name] ?? "");
  const names = apart.map((name) => labels[name] ?? "").filter(Boolean);
  return names.join(" ") || labels.__name__ || `query ${refId}`;
}
