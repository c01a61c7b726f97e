import type { JudgedQuery, PrometheusProbe, RedKind } from "../../../checkers/core/metrics.ts";

/** Why a query shows nothing: a code of the check, and what it is in words. */
export interface Reason {
  code:
    | "bad-query"
    | "no-le"
    | "no-series"
    | "not-a-number"
    | "the-mean"
    | "no-rate-function"
    | "rate-of-gauge"
    | "untrue";
  says: string;
}

/** A moment, in seconds since 1970, at which nothing had been measured anywhere: only a constant has a value then. */
const beforeAll = 1_000_000_000;

/** Whether a query answers with a number although there was nothing to measure: then it measures nothing. */
export async function isConstant(query: JudgedQuery, prometheus: PrometheusProbe): Promise<boolean> {
  const answer = await prometheus.query(query.asked, beforeAll);
  return (
    answer.ok && answer.value.some(({ points }) => points.some(([, value]) => Number.isFinite(value) && value !== 0))
  );
}

/** What is wrong with a query that shows none of the five: from what it answers first, from how it is written only to say it in better words. */
export async function reasonOf(query: JudgedQuery, prometheus: PrometheusProbe, at: number): Promise<Reason> {
  const { asked, problem, says = "" } = query;
  if (problem === "bad-query") return { code: "bad-query", says };
  if (problem === "failed") return { code: "untrue", says };
  const bare = asked.replaceAll(/"[^"]*"/g, '""');
  if (problem === "no-series") {
    const buckets = /histogram_quantile/.test(bare) && (await hasBuckets(asked, prometheus, at));
    return buckets
      ? { code: "no-le", says: "no series, although its buckets are there: the label le got lost on the way" }
      : { code: "no-series", says: "no series" };
  }
  if (problem === "not-a-number") return { code: "not-a-number", says: "NaN: it divides nothing by nothing" };
  if (await isConstant(query, prometheus))
    return { code: "untrue", says: "the same number for a time when nothing was measured: it shows a wish" };
  const warned = await prometheus.query(asked, at);
  const notCounter = warned.ok
    ? warned.warnings.find((one) => /might not be a counter/.test(one) && !/histogram_quantile/.test(one))
    : undefined;
  if (notCounter) return { code: "rate-of-gauge", says: notCounter.replace(/^PromQL info: /, "") };
  if (!/\b(rate|irate|increase|delta|deriv|_over_time)\b/.test(bare) && /_(total|count|bucket|sum)\b/.test(bare))
    return { code: "no-rate-function", says: `${shown(query)}: what the counter has come to since its pod began` };
  if (query.looksLike === "the mean") return { code: "the-mean", says: "the mean of this traffic" };
  return { code: "untrue", says: `${shown(query)}. ${says}` };
}

/** Whether what stands inside histogram_quantile() answers once nothing is summed away: then only the sum lost its buckets. */
async function hasBuckets(asked: string, prometheus: PrometheusProbe, at: number): Promise<boolean> {
  const selector = /([a-zA-Z_:][\w:]*_bucket\s*(?:\{[^}]*\})?)/.exec(asked)?.[1];
  if (!selector) return false;
  const answer = await prometheus.query(`count(${selector})`, at);
  return answer.ok && answer.value.length > 0;
}

/** What a query answered, in a few figures. */
export function shown({ values }: Pick<JudgedQuery, "values">): string {
  const figures = values
    .slice(0, 3)
    .map(({ value }) => (Number.isFinite(value) ? Number(value.toPrecision(3)) : "NaN"));
  const more = values.length > 3 ? ` and ${values.length - 3} more series` : "";
  return `${figures.join(", ")}${more}`;
}

const quantile: Partial<Record<RedKind, string>> = { p50: "50", p95: "95", p99: "99" };

/**
 * Which of the five a query that shows nothing was probably meant for, by its words. Only to put the message where the learner looks for it:
 * whether a query shows something is never decided by this.
 */
export function meantFor(query: Pick<JudgedQuery, "panel" | "asked">): RedKind[] {
  const title = query.panel.toLowerCase();
  const text = query.asked.toLowerCase();
  // Figures of resources are the next task's.
  if (/\b(container|process|nodejs|machine|node|kube|go)_/.test(text)) return [];
  const q = /histogram_quantile\s*\(\s*(0?\.\d+)/.exec(text)?.[1];
  if (q !== undefined) {
    const hundred = String(Math.round(Number(q) * 100));
    const exact = (Object.entries(quantile) as [RedKind, string][]).filter(([, one]) => one === hundred);
    if (exact.length > 0) return exact.map(([kind]) => kind);
  }
  const byTitle = (Object.entries(quantile) as [RedKind, string][])
    .filter(([, one]) => new RegExp(`(p|\\.|\\b)${one}\\b`).test(title))
    .map(([kind]) => kind);
  if (byTitle.length > 0) return byTitle;
  if (/duration|seconds|latency/.test(text) || /duration|latency|quantile|mean|average/.test(title))
    return ["p50", "p95", "p99"];
  if (/status|code/.test(text) || /err|fail|5xx/.test(title)) return ["errors"];
  if (/total|requests/.test(text) || /rate|request|traffic|rps/.test(title)) return ["rate"];
  return [];
}
