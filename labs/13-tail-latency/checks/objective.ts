/** slo.yaml, read. Its shape is in the lesson; nothing in it is guessed. */
import { parseDocument } from "yaml";

/** A statistic by name, or a query in PromQL. */
export type Indicator = { kind: "percentile"; q: number } | { kind: "mean" } | { kind: "query"; promql: string };

export type Objective =
  /** The indicator must stay below `below`: milliseconds for a named statistic, the query's own unit (seconds where a unit was given) for PromQL. */
  | { form: "indicator"; indicator: Indicator; below: number; written: string }
  /** Of `total`, at least `share` (0 to 1) must be `good`. */
  | { form: "ratio"; good: string; total: string; share: number; written: string };

export type ObjectiveProblem = "no-file" | "not-yaml" | "incomplete" | "unreadable" | "no-budget";
export type Read =
  | { ok: true; objective: Objective; window: string }
  | { ok: false; problem: ObjectiveProblem; says: string; field?: string };

const keys = ["service", "description", "indicator", "below", "good", "total", "objective", "window"];
const words: Readonly<Record<string, Indicator>> = {
  mean: { kind: "mean" },
  average: { kind: "mean" },
  avg: { kind: "mean" },
  median: { kind: "percentile", q: 0.5 },
};

const wrong = (problem: ObjectiveProblem, says: string, field?: string): Read => ({
  ok: false,
  problem,
  says,
  ...(field && { field }),
});

/** A length of time and what it is written in; undefined for anything else. */
function duration(value: unknown): { seconds: number; unit: boolean } | undefined {
  const match = /^(\d*\.?\d+)\s*(ms|s|seconds?|milliseconds?)?$/i.exec(String(value ?? "").trim());
  if (!match) return undefined;
  const [, number, unit] = match;
  const length = Number(number) / (unit?.toLowerCase().startsWith("m") ? 1_000 : 1);
  return length > 0 ? { seconds: length, unit: unit !== undefined } : undefined;
}

/** "99 %", 99, 99.9, 0.99 as a share; NaN for anything else. A bare number up to 1 is a share already. */
function shareOf(value: unknown): number {
  const match = /^(\d*\.?\d+)\s*(%)?$/.exec(String(value ?? "").trim());
  if (!match) return Number.NaN;
  const number = Number(match[1]);
  return match[2] || number > 1 ? number / 100 : number;
}

/** "p99", "99th percentile", "P99.9" as 0.99 …; undefined for anything else. */
function percentileOf(text: string): number | undefined {
  const match = /^(?:p\s*(\d{1,2}(?:\.\d+)?|100)|(\d{1,2}(?:\.\d+)?|100)(?:th|st|nd|rd)? percentile)$/i.exec(text);
  return match ? Number(match[1] ?? match[2]) / 100 : undefined;
}

export function readObjective(text: string | undefined): Read {
  if (text === undefined) return wrong("no-file", "there is no such file in the working folder");
  const document = parseDocument(text);
  const error = document.errors[0];
  if (error) return wrong("not-yaml", error.message.split("\n")[0] ?? "it does not parse");
  const value: unknown = document.toJS();
  if (value === null || value === undefined) return wrong("incomplete", "it is empty");
  if (typeof value !== "object" || Array.isArray(value))
    return wrong("not-yaml", "it is YAML, but no map of fields and values");
  const fields = value as Record<string, unknown>;
  const stranger = Object.keys(fields).find((key) => !keys.includes(key));
  if (stranger !== undefined)
    return wrong("unreadable", `${JSON.stringify(stranger)} is no field; there are ${keys.join(", ")}`, stranger);
  const given = (key: string): boolean => fields[key] !== undefined && fields[key] !== null && fields[key] !== "";
  const isRatio = given("good") || given("total");
  const missing = (isRatio ? ["good", "total", "objective"] : ["indicator", "below"])
    .concat("window")
    .filter((key) => !given(key));
  if (missing.length > 0) return wrong("incomplete", `missing: ${missing.join(", ")}`, missing[0]);
  if (isRatio && (given("indicator") || given("below")))
    return wrong("unreadable", "it has good and total, and an indicator as well: which of them counts?", "indicator");
  const window = String(fields.window).trim();
  const span = /^(\d+)\s*(d|w|h|days?|weeks?|hours?)$/i.exec(window);
  if (!span || Number(span[1]) === 0)
    return wrong("unreadable", `window: ${JSON.stringify(fields.window)} is no length of time like 28d`, "window");
  return isRatio ? readRatio(fields, window) : readIndicator(fields, window);
}

function readRatio(fields: Record<string, unknown>, window: string): Read {
  const share = shareOf(fields.objective);
  if (!(share > 0 && share <= 1))
    return wrong("unreadable", `objective: ${JSON.stringify(fields.objective)} is no share like 99%`, "objective");
  if (share === 1) return wrong("no-budget", "objective: every single request", "objective");
  const good = String(fields.good).trim();
  const total = String(fields.total).trim();
  const written = `${shown(share)} of total good`;
  return { ok: true, window, objective: { form: "ratio", good, total, share, written } };
}

function readIndicator(fields: Record<string, unknown>, window: string): Read {
  const text = String(fields.indicator).trim();
  const q = percentileOf(text);
  if (q === 1 || /^(max|maximum|slowest|worst)$/i.test(text))
    return wrong("no-budget", `indicator: ${text}, so every single request`, "indicator");
  if (given(fields.objective) && shareOf(fields.objective) === 1)
    return wrong("no-budget", "objective: always", "objective");
  const named: Indicator | undefined = q !== undefined && q > 0 ? { kind: "percentile", q } : words[text.toLowerCase()];
  const below = duration(fields.below);
  if (!below)
    return wrong("unreadable", `below: ${JSON.stringify(fields.below)} is no length of time like 300ms`, "below");
  if (named && !below.unit)
    return wrong("unreadable", `below: ${String(fields.below)} of what? Seconds or milliseconds`, "below");
  // A single word that is no statistic would be a metric's name to Prometheus, and mean nothing here.
  if (!named && /^[\w %.-]+$/.test(text) && !/_/.test(text))
    return wrong(
      "unreadable",
      `indicator: ${JSON.stringify(text)} is neither a statistic (p99, p95, median, mean) nor PromQL`,
      "indicator",
    );
  const indicator: Indicator = named ?? { kind: "query", promql: text };
  return {
    ok: true,
    window,
    objective: {
      form: "indicator",
      indicator,
      below: named ? below.seconds * 1_000 : below.seconds,
      written: `${named ? text : "the query"} below ${String(fields.below)}`,
    },
  };
}

const given = (value: unknown): boolean => value !== undefined && value !== null;
const shown = (share: number): string => `${Number((share * 100).toFixed(4))} %`;
