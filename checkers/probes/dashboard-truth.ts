import type { KnownTraffic, PrometheusProbe, PrometheusSeries, RedMetrics } from "../core/metrics.ts";
import { type Buckets, bornWith, increaseOf } from "./promql.ts";

type Labels = Readonly<Record<string, string>>;

/** What the application counted in a window, for the series with some labels. */
export interface Expected {
  /** Requests: as rate() sees them, and with those that a series began with, which rate() cannot see. */
  requests: { low: number; high: number };
  errors: { low: number; high: number };
  /** Cumulative counts by upper bound. */
  buckets: Buckets;
  /** Seconds. */
  mean: number;
}

/** The raw samples of the application's counters: what every query of a dashboard is computed from, and what it is compared with. */
export interface Truth {
  /** The newest sample's time, seconds since 1970. */
  newest: number;
  /** Seconds between two samples. */
  interval: number;
  /** Names of labels the raw series have. */
  labels: ReadonlySet<string>;
  /** Of the window of `length` seconds ending at `end`, for the series that have these labels (those that no raw series has are left out). */
  over(end: number, length: number, labels?: Labels): Expected;
  /** Values of a label. */
  values(label: string): string[];
  /** What the counters grew by between two moments: last samples at or before them, a series' birth included. */
  counted(from: number, to: number, labels?: Labels): { requests: number; errors: number };
}

const quoted = (value: string): string => `"${value.replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;

/** Seconds of samples that are fetched at most: beyond, a dashboard's window is too long for a lab's traffic to be judged by. */
export const longestWindow = 3_600;

/** Fetches the raw samples of the namespace up to `end`, `length` seconds back. Undefined with Prometheus' words when it cannot. */
export async function fetchTruth(
  prometheus: PrometheusProbe,
  metrics: RedMetrics,
  end: number,
  length: number,
): Promise<{ ok: true; truth: Truth | undefined } | { ok: false; problem: string; says: string }> {
  const { namespace } = metrics.traffic;
  const where = namespace === undefined ? "" : `{namespace=${quoted(namespace)}}`;
  const back = `[${Math.ceil(Math.min(length, longestWindow))}s]`;
  const names = [
    metrics.requests,
    `${metrics.duration}_bucket`,
    `${metrics.duration}_sum`,
    `${metrics.duration}_count`,
  ];
  const answers = await Promise.all(names.map((name) => prometheus.query(`${name}${where}${back}`, end)));
  const failed = answers.find((answer) => !answer.ok);
  if (failed && !failed.ok) return { ok: false, problem: failed.problem, says: failed.says };
  const [requests = [], buckets = [], sums = [], counts = []] = answers.map((answer) =>
    answer.ok ? answer.value : [],
  );
  if (requests.length === 0) return { ok: true, truth: undefined };
  return { ok: true, truth: truthOf({ requests, buckets, sums, counts }, metrics) };
}

function truthOf(
  raw: Record<"requests" | "buckets" | "sums" | "counts", PrometheusSeries[]>,
  metrics: RedMetrics,
): Truth {
  const names = new Set(raw.requests.flatMap(({ labels }) => Object.keys(labels)));
  names.delete("__name__");
  const status = metrics.status ?? { label: "status", error: /^5/ };
  const gaps = raw.requests.flatMap(({ points }) =>
    points.slice(1).map(([at], index) => at - (points[index]?.[0] ?? at)),
  );
  const interval = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 15;
  const having = (labels: Labels) => {
    const pairs = Object.entries(labels).filter(([name]) => names.has(name));
    return (series: PrometheusSeries): boolean => pairs.every(([name, value]) => series.labels[name] === value);
  };
  const isError = (series: PrometheusSeries): boolean => status.error.test(series.labels[status.label] ?? "");
  return {
    newest: Math.max(...raw.requests.map(({ points }) => points.at(-1)?.[0] ?? 0)),
    interval,
    labels: names,
    values: (label) => [...new Set(raw.requests.map(({ labels }) => labels[label] ?? ""))].filter(Boolean),
    over(end, length, labels = {}) {
      const sum = (series: PrometheusSeries[]): { low: number; high: number } => {
        let low = 0;
        let born = 0;
        for (const one of series) {
          low += increaseOf(one, end, length) ?? 0;
          born += bornWith(one, end, length);
        }
        return { low, high: low + born };
      };
      const chosen = raw.requests.filter(having(labels));
      const buckets = new Map<number, number>();
      for (const series of raw.buckets.filter(having(labels))) {
        const text = series.labels.le ?? "";
        const bound = text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text);
        buckets.set(bound, (buckets.get(bound) ?? 0) + (increaseOf(series, end, length) ?? 0));
      }
      return {
        requests: sum(chosen),
        errors: sum(chosen.filter(isError)),
        buckets,
        mean: sum(raw.sums.filter(having(labels))).low / sum(raw.counts.filter(having(labels))).low,
      };
    },
    counted(from, to, labels = {}) {
      const grown = (series: PrometheusSeries[]): number =>
        series.reduce((total, { points }) => {
          const last = points.filter(([at]) => at <= to).at(-1)?.[1] ?? 0;
          const first = points.filter(([at]) => at <= from).at(-1)?.[1] ?? 0;
          // A counter that fell began anew in between.
          return total + (last >= first ? last - first : last);
        }, 0);
      const chosen = raw.requests.filter(having(labels));
      return { requests: grown(chosen), errors: grown(chosen.filter(isError)) };
    },
  };
}

/** What a generator saw, as the judge wants it: the steady part, without the seconds in which series first appear. */
export function knownTraffic(
  flow: { seconds: readonly { at: number; sent: number; failed: number }[] },
  began: number,
  settle = 10,
): KnownTraffic {
  const steady = flow.seconds.filter(({ at }) => at >= settle);
  const last = flow.seconds.at(-1)?.at ?? 0;
  return {
    from: began + settle,
    to: began + last + 1,
    sent: steady.reduce((sum, { sent }) => sum + sent, 0),
    errors: steady.reduce((sum, { failed }) => sum + failed, 0),
  };
}
