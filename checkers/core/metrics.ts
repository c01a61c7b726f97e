import type { Learner } from "./check.ts";

/** Where a Prometheus answers: a Service or a pod, asked through the API server's proxy. */
export interface PrometheusAt {
  namespace: string;
  service?: string;
  pod?: string;
  /** Default 9090. */
  port?: number;
  /** What its --web.route-prefix or external URL puts before /api; default none. */
  prefix?: string;
}

/**
 * Why Prometheus gave no answer. not-there: no such Service or pod. not-answering: nothing behind it answers, or not yet. bad-query: it does
 * not parse, or mixes what cannot be mixed. failed: it could not be worked out (too much, too slow).
 */
export type PrometheusProblem = "not-there" | "not-answering" | "bad-query" | "failed";
export type PrometheusAnswer<T> =
  | { ok: true; value: T /** Prometheus' own remarks, such as a rate of what is no counter. */; warnings: string[] }
  | { ok: false; problem: PrometheusProblem /** In Prometheus' or the API server's own words. */; says: string };

/** One series of an answer. A scalar has no labels. */
export interface PrometheusSeries {
  labels: Readonly<Record<string, string>>;
  /** Seconds since 1970, and the value, which may be NaN or infinite. */
  points: readonly (readonly [at: number, value: number])[];
}

export interface PrometheusTarget {
  job: string;
  url: string;
  health: "up" | "down" | "unknown";
  /** Empty when the last scrape went well. */
  lastError: string;
  labels: Readonly<Record<string, string>>;
  /** When it was scraped last, seconds since 1970; 0: never. */
  lastScrape: number;
  /** Seconds. */
  interval: number;
}

/** A Prometheus, asked. An empty answer is an answer: no series. */
export interface PrometheusProbe {
  /** Whether it has loaded what it stored and answers queries. */
  ready(): Promise<PrometheusAnswer<true>>;
  targets(): Promise<PrometheusAnswer<PrometheusTarget[]>>;
  /** The value at one moment (seconds since 1970; default now). A range selector gives its samples. */
  query(promql: string, at?: number): Promise<PrometheusAnswer<PrometheusSeries[]>>;
  /** Values over a time, in seconds. At most 11,000 points a series. */
  range(
    promql: string,
    over: { start: number; end: number; step: number },
  ): Promise<PrometheusAnswer<PrometheusSeries[]>>;
  /** Values a label has, of the series that match (all without). */
  labelValues(label: string, match?: string): Promise<PrometheusAnswer<string[]>>;
}

/** Where dashboards are looked for. ConfigMaps of the lab's namespace always are. */
export interface DashboardPlaces {
  learner?: Learner;
  /** Files of the working folder; default: the usual names. */
  files?: readonly string[];
  /** Grafana's HTTP API, asked from inside the cluster. This way is not verified offline: no Grafana can be had there. */
  grafana?: { url: string; user?: string; password?: string };
}

/** A dashboard somewhere, as text: whether it is one is said when it is read. */
export interface FoundDashboard {
  /** "file dashboard.json", "ConfigMap lab-12/red key red.json", "Grafana dashboard abc". */
  where: string;
  text: string;
}

export interface DashboardQuery {
  /** Title of its panel: only to name it, never to judge it. */
  panel: string;
  refId: string;
  /** As the learner wrote it, and as it is asked once its variables are filled in. */
  written: string;
  asked: string;
  /** Grafana's unit of the panel: "s", "ms", "percentunit" … */
  unit: string;
  /** What its lines are called, as Grafana's legend has it: "p95", "{{pod}}". Only drawn, never judged. */
  legend?: string;
}

export interface ReadDashboard {
  title: string;
  queries: DashboardQuery[];
  /** Panels that were left out, and why. */
  skipped: string[];
  /** Values the template variables got. */
  variables: Readonly<Record<string, string>>;
}

export type RedKind = "rate" | "errors" | "p50" | "p95" | "p99";

/** Traffic somebody drove, as its generator saw it. */
export interface KnownTraffic {
  /** Seconds since 1970: begin and end of the steady part. */
  from: number;
  to: number;
  /** Requests that were answered, errors included, in that time. */
  sent: number;
  /** Answers that count as errors. */
  errors: number;
}

/** What the application's metrics are called. */
export interface RedMetrics {
  /** Counter of requests, and histogram of seconds (without _bucket). */
  requests: string;
  duration: string;
  /** Label with the status, and what its value looks like on an error. Default "status" and /^5/. */
  status?: { label: string; error: RegExp };
  /** Labels every series of the known traffic has: { namespace: "lab-12", route: "/predict" }. */
  traffic: Readonly<Record<string, string>>;
}

export interface JudgedQuery extends DashboardQuery {
  /** What it shows: everything its answer agrees with. */
  shows: RedKind[];
  /** Seconds of its own range selector; undefined where it has none. */
  window?: number;
  /** What it answered at the end of the traffic; NaN where it is not a number. */
  values: { labels: Readonly<Record<string, string>>; value: number }[];
  /** Why it shows nothing, for the learner: "no series", Prometheus' own error, or what it looks like instead ("the mean"). */
  says?: string;
  /** As a code: */
  problem?: "bad-query" | "no-series" | "not-a-number" | "other" | "failed";
  /** What it looks like instead. */
  looksLike?: "the mean" | "another quantile" | "a part";
}

export interface DashboardVerdict {
  queries: JudgedQuery[];
  /** Queries that show each of the five. */
  red: Readonly<Record<RedKind, JudgedQuery[]>>;
  /** What was expected at the end of the traffic over one minute, from what the application counted. */
  expected: { rate: number; errors: number; p50: number; p95: number; p99: number; mean: number };
  /** What the generator sent and what the application's counters say it got, over the same time. They agree within 5 %. */
  counted: { sent: number; requests: number; errors: number };
  /** Pairs the traffic could not tell apart: their figures lie in one bucket. Drive other traffic before you rely on either. */
  alike: [string, string][];
  skipped: string[];
  /** Every tolerance, in words. */
  tolerances: readonly string[];
}

/** Why nothing could be judged. */
export type DashboardProblem =
  | "not-json"
  | "not-a-dashboard"
  | "no-queries"
  | "not-there"
  | "not-answering"
  | "failed"
  | "empty"
  | "traffic-missing"
  | "too-little-traffic";
export type Judged = { ok: true; verdict: DashboardVerdict } | { ok: false; problem: DashboardProblem; says: string };

/** A panel as a page may draw it. */
export interface DrawnPanel {
  title: string;
  unit: string;
  queries: { refId: string; asked: string; legend?: string; answer: PrometheusAnswer<PrometheusSeries[]> }[];
}
