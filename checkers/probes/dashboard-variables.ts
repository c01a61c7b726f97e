import type { PrometheusProbe } from "../core/metrics.ts";
import { seconds } from "./prometheus.ts";
import { interpolate, type VariableValue } from "./promql.ts";

/** A template variable as Grafana's classic dashboards have it. */
export interface Variable {
  name: string;
  type?: string;
  query?: unknown;
  definition?: string;
  current?: { value?: unknown };
  includeAll?: boolean;
  multi?: boolean;
  allValue?: string | null;
  regex?: string;
  refresh?: number;
}

const all = "$__all";
const strings = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value])
    .filter((one) => typeof one === "string" || typeof one === "number")
    .map(String);

/** Grafana's durations, some of which Prometheus does not know: "1M" is a month. */
export const durationOf = (text: string): number =>
  /^\d+M$/.test(text) ? Number.parseInt(text, 10) * 2_592_000 : seconds(text);

/** The time a dashboard shows, in seconds: "now-1h" to "now". Six hours where it says nothing, as Grafana has it. */
export function rangeOf(time: unknown): number {
  const { from, to } = (time ?? {}) as { from?: unknown; to?: unknown };
  const ago = (text: unknown): number => {
    const duration = /^now-(\w+)$/.exec(String(text ?? ""))?.[1];
    return text === "now" ? 0 : duration === undefined ? Number.NaN : durationOf(duration);
  };
  const range = ago(from) - ago(to ?? "now");
  return range > 0 ? range : 21_600;
}

/** Grafana rounds an interval to one of these, in seconds. */
const steps = [
  0.001, 0.005, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200,
];
const rounded = (interval: number): number => {
  const above = steps.findIndex((step, index) => interval < (step + (steps[index + 1] ?? step * 2)) / 2);
  return steps[above < 0 ? steps.length - 1 : above] as number;
};
const written = (length: number): string => (length >= 1 ? `${Math.round(length)}s` : `${Math.round(length * 1000)}ms`);

/** What Grafana's data source assumes where it is not told how often targets are scraped, in seconds. */
const defaultScrape = 15;

/**
 * Grafana's own variables for one query. $__interval: the time shown by the points a panel has (1,000 where it does not say), at least the
 * scrape interval. $__rate_interval: the larger of $__interval + scrape interval and four scrape intervals, so that a rate always has
 * samples (Grafana's documentation of the Prometheus data source).
 */
export function builtIns(options: {
  range: number;
  end: number;
  points?: number;
  minimum?: string;
}): Map<string, VariableValue> {
  const { range, end, points = 1_000, minimum } = options;
  const told = minimum ? durationOf(minimum.replace(/^>/, "")) : Number.NaN;
  const scrape = told > 0 ? told : defaultScrape;
  const interval = Math.max(rounded(range / points), scrape);
  const rate = Math.max(interval + scrape, 4 * scrape);
  const texts: Record<string, string> = {
    __interval: written(interval),
    __interval_ms: String(Math.round(interval * 1000)),
    __rate_interval: written(rate),
    __rate_interval_ms: String(Math.round(rate * 1000)),
    __range: written(range),
    __range_s: String(Math.round(range)),
    __range_ms: String(Math.round(range * 1000)),
    __from: String(Math.round((end - range) * 1000)),
    __to: String(Math.round(end * 1000)),
    __auto: written(interval),
  };
  return new Map(
    Object.entries(texts).map(([name, value]) => [name, { values: [value], multiple: false, verbatim: true }]),
  );
}

/** "a, b, label : value" as the values of it. */
const listed = (query: string): string[] =>
  query
    .split(/(?<!\\),/)
    .map((one) => one.replace(/\\,/g, ",").trim())
    .map((one) => /^.+ : (.+)$/.exec(one)?.[1]?.trim() ?? one)
    .filter(Boolean);

/** What a query variable's regular expression leaves of a value: its first group, or the value where it has none. */
function filtered(values: readonly string[], regex: string | undefined): string[] {
  const [, pattern, flags] = /^\/(.*)\/([a-z]*)$/s.exec(regex?.trim() ?? "") ?? [];
  const source = pattern ?? (regex?.trim() ? `^${regex.trim()}$` : undefined);
  if (source === undefined) return [...values];
  let expression: RegExp;
  try {
    expression = new RegExp(source, (flags ?? "").replace("g", ""));
  } catch {
    return [...values];
  }
  const kept = values.flatMap((value) => {
    const match = expression.exec(value);
    return match ? [match.groups?.value ?? match[1] ?? value] : [];
  });
  return [...new Set(kept)];
}

/** The options of a query variable: label_values, query_result or metrics, asked of Prometheus. Undefined where it cannot be asked. */
async function asked(text: string, prometheus: PrometheusProbe): Promise<string[] | undefined> {
  const ofLabel = /^label_values\(\s*(?:(.+?)\s*,\s*)?([A-Za-z_]\w*)\s*\)\s*$/s.exec(text);
  if (ofLabel) {
    const answer = await prometheus.labelValues(ofLabel[2] as string, ofLabel[1]);
    return answer.ok ? answer.value : undefined;
  }
  const ofResult = /^query_result\((.+)\)\s*$/s.exec(text);
  if (ofResult) {
    const answer = await prometheus.query(ofResult[1] as string);
    if (!answer.ok) return undefined;
    return answer.value.map(({ labels: { __name__ = "", ...labels }, points }) => {
      const inside = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
      const [at, value] = points[0] ?? [0, Number.NaN];
      return `${__name__}{${inside.join(",")}} ${value} ${Math.round(at * 1000)}`;
    });
  }
  const ofMetrics = /^metrics\((.*)\)\s*$/s.exec(text);
  if (ofMetrics) {
    const answer = await prometheus.labelValues("__name__");
    return answer.ok ? filtered(answer.value, `/${ofMetrics[1]}/`) : undefined;
  }
  return undefined;
}

/**
 * Values of a dashboard's template variables, as Grafana would have them on opening it: what was saved, where it is still an option; else all
 * where all may be chosen, else the first option. Earlier ones are filled into later ones' queries.
 */
export async function resolveVariables(
  list: readonly Variable[],
  own: ReadonlyMap<string, VariableValue>,
  prometheus: PrometheusProbe,
): Promise<{ values: Map<string, VariableValue>; skipped: string[] }> {
  const values = new Map(own);
  const skipped: string[] = [];
  for (const variable of list) {
    const saved = strings(variable.current?.value);
    const multiple = variable.multi === true || variable.includeAll === true;
    const query = typeof variable.query === "string" ? variable.query : "";
    const one = (value: string | undefined): void => {
      if (value !== undefined) values.set(variable.name, { values: [value], multiple: false });
    };
    switch (variable.type ?? "query") {
      case "constant":
      case "textbox":
        one(saved[0] ?? query);
        break;
      case "datasource":
        one(saved[0] ?? "prometheus");
        break;
      case "interval": {
        const first = saved[0] ?? listed(query)[0];
        one(
          first === undefined || first.startsWith("$__auto") || first === "auto"
            ? values.get("__auto")?.values[0]
            : first,
        );
        break;
      }
      case "adhoc":
        skipped.push(`variable ${variable.name}: filters by hand are left out`);
        break;
      default: {
        const text =
          typeof variable.query === "object" ? (variable.query as { query?: unknown } | null)?.query : variable.query;
        const options =
          variable.type === "custom"
            ? listed(query)
            : filtered(
                (await asked(interpolate(String(text ?? variable.definition ?? ""), values), prometheus)) ?? [],
                variable.regex,
              );
        const kept = saved.filter((value) => value === all || options.length === 0 || options.includes(value));
        const whole = kept.includes(all) || (kept.length === 0 && variable.includeAll === true);
        if (whole && variable.allValue)
          values.set(variable.name, { values: [variable.allValue], multiple: true, verbatim: true });
        else if (whole) values.set(variable.name, { values: options, multiple: true });
        else if (kept.length > 0) values.set(variable.name, { values: multiple ? kept : kept.slice(0, 1), multiple });
        else if (options[0] !== undefined) values.set(variable.name, { values: [options[0]], multiple });
        else skipped.push(`variable ${variable.name}: it has no value`);
      }
    }
  }
  return { values, skipped };
}
