import { seconds } from "./prometheus.ts";

/** A query with what is quoted or a comment blanked, so that what is left is PromQL's own: same length, same places. */
export function bare(promql: string): string {
  return promql.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*/g, (text) => " ".repeat(text.length));
}

/** Seconds of each range selector ("[5m]", "[1h:1m]") of a query, each once, the longest first. */
export function windows(promql: string): number[] {
  const found = [...bare(promql).matchAll(/\[\s*((?:\d+(?:ms|[smhdwy]))+)\s*(?::[^\]]*)?\]/g)].map(([, duration]) =>
    seconds(duration as string),
  );
  return [...new Set(found.filter((length) => length > 0))].sort((a, b) => b - a);
}

/** A value as a pattern that matches it alone, inside a quoted string: each backslash of the pattern is written twice there. */
const pad = (value: string): string => value.replace(/\\/g, "\\\\\\\\").replace(/[$^*{}[\]'+?.()|]/g, "\\\\$&");
const escaped = (value: string): string => value.replace(/[-/\\^$*+?.()|[\]{}]/g, "\\$&");

/** A value of a template variable inside a quoted matcher: several become one pattern, as Grafana's data source writes them. */
export function matcherValue(values: readonly string[], multiple: boolean): string {
  if (!multiple) return (values[0] ?? "").replace(/\\/g, "\\\\").replace(/"/g, '\\"');
  return values.length === 1 ? pad(values[0] as string) : `(${values.map(pad).join("|")})`;
}

/** Formats of "${name:format}" that differ from a data source's own. */
const formats: Record<string, (values: readonly string[]) => string> = {
  raw: (values) => values.join(","),
  csv: (values) => values.join(","),
  pipe: (values) => values.join("|"),
  regex: (values) => (values.length === 1 ? escaped(values[0] as string) : `(${values.map(escaped).join("|")})`),
  doublequote: (values) => values.map((value) => `"${value.replace(/"/g, '\\"')}"`).join(","),
  singlequote: (values) => values.map((value) => `'${value.replace(/'/g, "\\'")}'`).join(","),
  text: (values) => values.join(" + "),
};

export interface VariableValue {
  values: readonly string[];
  /** Several may be chosen, or all: written as a pattern. */
  multiple: boolean;
  /** Goes in as it is: "All" with a pattern of its own. */
  verbatim?: boolean;
}

/** Fills $name, ${name}, ${name:format} and [[name]] in. Names it does not know stay, as Grafana leaves them. */
export function interpolate(text: string, variables: ReadonlyMap<string, VariableValue>): string {
  const write = (whole: string, name: string, format?: string): string => {
    const variable = variables.get(name);
    if (!variable) return whole;
    const formatted = format ? formats[format] : undefined;
    if (formatted) return formatted(variable.values);
    if (variable.verbatim) return variable.values.join("|");
    return matcherValue(variable.values, variable.multiple);
  };
  return text
    .replace(/\$\{(\w+)(?:\.[^:}]+)?(?::(\w+))?\}/g, write)
    .replace(/\[\[(\w+)(?::(\w+))?\]\]/g, write)
    .replace(/\$(\w+)/g, write);
}

export interface Sample {
  labels: Readonly<Record<string, string>>;
  points: readonly (readonly [at: number, value: number])[];
}

/**
 * What rate() and increase() give for the samples of a counter in the window of `length` seconds that ends at `end`, by Prometheus'
 * own rule (promql/functions.go, extrapolatedRate): the increase between first and last sample with resets added back, stretched to the
 * window's edges where the samples come near them, by half an interval otherwise, and never below zero. Undefined with fewer than two samples.
 */
export function increaseOf({ points }: Sample, end: number, length: number): number | undefined {
  const start = end - length;
  const inside = points.filter(([at]) => at > start && at <= end);
  const first = inside[0];
  const last = inside.at(-1);
  if (!first || !last || inside.length < 2) return undefined;
  let increase = last[1] - first[1];
  for (let index = 1; index < inside.length; index++) {
    const before = inside[index - 1]![1];
    if (inside[index]![1] < before) increase += before;
  }
  const sampled = last[0] - first[0];
  const interval = sampled / (inside.length - 1);
  const edge = interval * 1.1;
  let toStart = first[0] - start;
  const toEnd = end - last[0];
  if (toStart >= edge) toStart = interval / 2;
  if (increase > 0 && first[1] >= 0) toStart = Math.min(toStart, sampled * (first[1] / increase));
  const stretched = sampled + toStart + (toEnd >= edge ? interval / 2 : toEnd);
  return increase * (stretched / sampled);
}

/** What a counter that first appears inside the window began with: requests rate() cannot see, since it needs a sample before. */
export function bornWith({ points }: Sample, end: number, length: number): number {
  const start = end - length;
  const first = points.find(([at]) => at > start && at <= end);
  if (!first || points.some(([at]) => at <= start)) return 0;
  return first[1];
}

/** Counts by upper bound, cumulative, the bound +Inf among them. */
export type Buckets = ReadonlyMap<number, number>;

/** The bucket a quantile of these counts lies in, as its bounds in the histogram's unit; undefined without counts. */
export function bucketOf(q: number, buckets: Buckets): { low: number; high: number } | undefined {
  const bounds = [...buckets.keys()].sort((a, b) => a - b);
  const total = buckets.get(Number.POSITIVE_INFINITY) ?? 0;
  if (!(total > 0)) return undefined;
  const rank = q * total;
  const index = bounds.findIndex((bound) => (buckets.get(bound) ?? 0) >= rank);
  const high = bounds[index < 0 ? bounds.length - 1 : index] as number;
  const below = bounds.filter((bound) => bound < high).at(-1);
  // Above the last finite bound histogram_quantile gives that bound.
  if (high === Number.POSITIVE_INFINITY) return { low: below ?? 0, high: Number.POSITIVE_INFINITY };
  return { low: below ?? 0, high };
}
