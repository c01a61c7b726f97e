import type {
  DashboardQuery,
  DashboardVerdict,
  Judged,
  JudgedQuery,
  KnownTraffic,
  PrometheusProbe,
  PrometheusSeries,
  RedKind,
  RedMetrics,
} from "../core/metrics.ts";
import { readDashboard } from "./dashboard.ts";
import { type Expected, fetchTruth, longestWindow, type Truth } from "./dashboard-truth.ts";
import { bucketOf, windows } from "./promql.ts";

type Labels = Readonly<Record<string, string>>;

/** A rate may be off by this share: rate() stretches what it saw to the window's edges, up to half a scrape interval on each side. */
const rateTolerance = 0.1;
/** Share of a histogram's counts by which a rank may miss a bucket's edge: the window's edges lie between two scrapes. Less in the tail. */
const rankTolerance = (q: number): number => Math.min(0.01, q / 5, (1 - q) / 5);
/** Share of the known traffic a panel must cover to show it. */
const coverage = 0.9;
/** What the generator sent and what was counted agree within this share (and a scrape interval's worth). */
const countTolerance = 0.05;
/** Fewer say little: 1,000 requests leave ten above p99. */
const leastRequests = 300;
const leastErrors = 15;
/** Seconds before the steady part at which the generator had not begun. */
const quietFor = 30;
/** A series with fewer requests in its window is not judged by itself. */
const leastOfSeries = 20;

export const tolerances: readonly string[] = [
  "A rate, an error rate and a share of errors are right within 10 % of what the application counted in the query's own window (per second, or per window as increase() has it).",
  "A quantile is right when it lies in the histogram bucket that the true quantile of the query's own window lies in; where its rank is within 1 % of the counts (0.2 % for p99) of a bucket's edge, also in the neighboring one.",
  "A query that shows a figure keeps quiet 30 s before the traffic began, when nothing is counted: a constant measures nothing.",
  "A panel whose unit is a time shows no rate, and one in percent no time; without a unit everything is tried, times in seconds and in milliseconds.",
  "A query shows a figure when each of its series agrees for the requests its labels stand for, and together they cover at least 90 % of the known traffic.",
  "What the generator sent and what the application counted must agree within 5 % and one scrape interval before anything is judged by it.",
  "At least 300 requests and 15 errors must have been sent.",
];

const quantiles: Record<"p50" | "p95" | "p99", number> = { p50: 0.5, p95: 0.95, p99: 0.99 };
const kinds = ["rate", "errors", "p50", "p95", "p99"] as const satisfies readonly RedKind[];

const near = (value: number, { low, high }: { low: number; high: number }): boolean =>
  value >= low * (1 - rateTolerance) && value <= high * (1 + rateTolerance);
const scaled = ({ low, high }: { low: number; high: number }, by: number) => ({ low: low * by, high: high * by });

/** The bucket of a quantile, and a neighbor where the rank is at the edge. */
function allowed(q: number, { buckets }: Expected): { low: number; high: number }[] {
  const slack = rankTolerance(q);
  return [q, q - slack, q + slack].flatMap((one) => bucketOf(one, buckets) ?? []);
}

/** A latency in seconds, as the panel's unit has it: where it names none, seconds or milliseconds. */
function inSeconds(value: number, unit: string): number[] {
  if (unit === "ms" || unit === "dtdurationms") return [value / 1000];
  if (/^(s|dtdurations|clocks)$/.test(unit)) return [value];
  if (unit === "µs") return [value / 1e6];
  return [value, value / 1000];
}

const within = (value: number, buckets: readonly { low: number; high: number }[]): boolean =>
  buckets.some(
    ({ low, high }) => value >= low - 1e-9 && value <= (high === Number.POSITIVE_INFINITY ? low : high) + 1e-9,
  );

/** Units that only one of the figures can have. */
const unitKinds: readonly (readonly [RegExp, readonly RedKind[]])[] = [
  [/^(s|ms|µs|ns|dtdurations|dtdurationms|clocks|clockms)$/, ["p50", "p95", "p99"]],
  [/^(percent|percentunit)$/, ["errors"]],
  [/^(reqps|rps|ops|cps|wps|reqpm|opm|cpm|wpm)$/, ["rate", "errors"]],
];
const possible = (unit: string): readonly RedKind[] => unitKinds.find(([pattern]) => pattern.test(unit))?.[1] ?? kinds;

/** A query's window: its own, or one it may have been recorded with. */
interface Window {
  seconds: number;
  /** Only a query with a window of its own can be an increase over it. */
  own: boolean;
}

/** Whether one value is what the figure should be for these requests. */
function agrees(kind: RedKind, value: number, expected: Expected, window: Window, unit: string): boolean {
  const perSecond = 1 / window.seconds;
  const per = (count: { low: number; high: number }): boolean =>
    near(value, scaled(count, perSecond)) || (window.own && near(value, count));
  switch (kind) {
    case "rate":
      return per(expected.requests);
    case "errors": {
      const { errors, requests } = expected;
      if (!(errors.high > 0)) return false;
      const share = { low: errors.low / requests.high, high: errors.high / requests.low };
      const percent = unit === "percentunit" ? false : near(value, scaled(share, 100));
      return per(errors) || near(value, share) || percent;
    }
    default: {
      const buckets = allowed(quantiles[kind], expected);
      return inSeconds(value, unit).some((one) => within(one, buckets));
    }
  }
}

interface Moment {
  at: number;
  series: readonly PrometheusSeries[];
}

/** Labels of a series that tell requests apart; __name__ and names no raw series has do not. */
const telling = (labels: Labels, truth: Truth): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => truth.labels.has(name)));

const contradicts = (labels: Labels, traffic: Labels): boolean =>
  Object.entries(traffic).some(([name, value]) => labels[name] !== undefined && labels[name] !== value);

/** Whether a query shows a figure at one moment: of the requests with the scope's labels. */
function showsAt(
  kind: RedKind,
  { at, series }: Moment,
  window: Window,
  unit: string,
  truth: Truth,
  scope: Labels,
): boolean {
  const whole = truth.over(at, window.seconds, scope);
  const goal = kind === "errors" ? whole.errors.high : whole.requests.high;
  let covered = 0;
  for (const one of series) {
    const labels = telling(one.labels, truth);
    if (contradicts(labels, scope)) continue;
    const expected = truth.over(at, window.seconds, { ...scope, ...labels });
    const amount = kind === "errors" ? expected.errors.high : expected.requests.high;
    const value = one.points.at(-1)?.[1] ?? Number.NaN;
    if (amount < leastOfSeries && series.length > 1) continue;
    if (kind === "errors" && amount === 0) continue;
    if (!Number.isFinite(value) || !agrees(kind, value, expected, window, unit)) return false;
    covered += amount;
  }
  return goal > 0 && covered >= goal * coverage;
}

/**
 * Whether a query keeps quiet while there are no such requests: what shows a figure all the same is no measurement of it. Where there were
 * some, it must show those.
 */
function quietAt(kind: RedKind, moment: Moment, window: Window, unit: string, truth: Truth, scope: Labels): boolean {
  const values = moment.series.map(({ points }) => points.at(-1)?.[1] ?? Number.NaN).filter(Number.isFinite);
  if (values.every((value) => value === 0)) return true;
  const { requests, errors } = truth.over(moment.at, window.seconds, scope);
  const amount = kind === "errors" ? errors.high : requests.high;
  // Fewer are too few to say what the figure should be.
  return amount >= 1 && (amount < leastOfSeries || showsAt(kind, moment, window, unit, truth, scope));
}

/** Where a query has no range selector of its own (a recorded rate, say), windows it may have been made with. */
const usualWindows = [60, 300, 30, 120];

/**
 * Judges a dashboard by what its queries answer about traffic that somebody drove: which of them show rate, errors, p50, p95 and p99. Titles,
 * names and spelling count for nothing. Compared is over each query's own window, with the application's raw counters; and those first with
 * what the generator sent. Every tolerance is in `tolerances`.
 */
export async function judgeDashboard(
  text: string,
  options: { prometheus: PrometheusProbe; traffic: KnownTraffic; metrics: RedMetrics },
): Promise<Judged> {
  const { prometheus, traffic, metrics } = options;
  const no = (problem: Extract<Judged, { ok: false }>["problem"], says: string): Judged => ({
    ok: false,
    problem,
    says,
  });
  if (traffic.sent < leastRequests || traffic.errors < leastErrors)
    return no(
      "too-little-traffic",
      `${traffic.sent} requests and ${traffic.errors} errors were sent; at least ${leastRequests} and ${leastErrors} are needed.`,
    );
  const ready = await prometheus.ready();
  if (!ready.ok) return no(ready.problem === "not-there" ? "not-there" : "not-answering", ready.says);
  const read = await readDashboard(text, prometheus, traffic.to);
  if (!read.ok) return no(read.problem, read.says);
  const { queries, skipped } = read.dashboard;

  const longest = Math.max(60, ...queries.flatMap((query) => windows(query.asked)));
  const steady = traffic.to - traffic.from;
  const got = await fetchTruth(prometheus, metrics, traffic.to, Math.min(longest, longestWindow) + steady + 60);
  if (!got.ok)
    return no(got.problem === "not-there" || got.problem === "not-answering" ? got.problem : "failed", got.says);
  const { truth } = got;
  if (!truth)
    return no(
      "empty",
      `Prometheus has no series ${metrics.requests} of this traffic: it scrapes nothing that counts it, or has not yet.`,
    );

  const counted = truth.counted(traffic.from, traffic.to, metrics.traffic);
  // The counters are read every `interval`: that much of the traffic may not have been read at either end.
  const unread = (truth.interval / steady) * traffic.sent;
  if (counted.requests < traffic.sent * (1 - countTolerance) - unread)
    return no(
      "traffic-missing",
      `${traffic.sent} requests were sent, and Prometheus counted ${Math.round(counted.requests)} of them: it does not scrape all that answered them.`,
    );

  const judged: JudgedQuery[] = [];
  // A few at a time: Prometheus has other things to do.
  for (let index = 0; index < queries.length; index += 4) {
    const some = queries.slice(index, index + 4);
    judged.push(...(await Promise.all(some.map((query) => judge(query, prometheus, truth, traffic, metrics)))));
  }
  const minute = truth.over(traffic.to, 60, metrics.traffic);
  const quantile = (q: number): number => bucketOf(q, minute.buckets)?.high ?? Number.NaN;
  const verdict: DashboardVerdict = {
    queries: judged,
    red: Object.fromEntries(
      kinds.map((kind) => [kind, judged.filter((one) => one.shows.includes(kind))]),
    ) as unknown as DashboardVerdict["red"],
    expected: {
      rate: minute.requests.low / 60,
      errors: minute.errors.low / 60,
      p50: quantile(0.5),
      p95: quantile(0.95),
      p99: quantile(0.99),
      mean: minute.mean,
    },
    counted: { sent: traffic.sent, requests: counted.requests, errors: counted.errors },
    alike: alike(minute),
    skipped,
    tolerances,
  };
  return { ok: true, verdict };
}

/** Figures this traffic gives the same bucket: a query for one of them cannot be told from a query for the other, unless by its unit. */
function alike(expected: Expected): [string, string][] {
  const names = ["p50", "p95", "p99"] as const;
  const pairs: [string, string][] = [];
  for (const [index, one] of names.entries()) {
    const own = allowed(quantiles[one], expected);
    if (within(expected.mean, own)) pairs.push([one, "mean"]);
    for (const other of names.slice(index + 1)) {
      const middle = bucketOf(quantiles[other], expected.buckets);
      if (middle && own.some(({ high }) => high === middle.high)) pairs.push([one, other]);
    }
  }
  const share = expected.errors.low / expected.requests.low;
  for (const name of names) {
    const own = allowed(quantiles[name], expected);
    const figures = [share, share * 100, expected.errors.low / 60].flatMap((one) => [one, one / 1000]);
    if (figures.some((one) => within(one, own))) pairs.push(["errors", name]);
  }
  return pairs;
}

async function judge(
  query: DashboardQuery,
  prometheus: PrometheusProbe,
  truth: Truth,
  traffic: KnownTraffic,
  metrics: RedMetrics,
): Promise<JudgedQuery> {
  const own = windows(query.asked);
  const [window] = own;
  const base = { ...query, ...(window !== undefined && { window }) };
  const answer = await prometheus.query(query.asked, traffic.to);
  if (!answer.ok) {
    const problem = answer.problem === "bad-query" ? "bad-query" : "failed";
    return { ...base, shows: [], values: [], problem, says: answer.says };
  }
  const values = answer.value.map(({ labels, points }) => ({ labels, value: points.at(-1)?.[1] ?? Number.NaN }));
  if (values.length === 0) {
    const remark = answer.warnings[0];
    return {
      ...base,
      shows: [],
      values,
      problem: "no-series",
      says: `It returns no series${remark ? ` (${remark})` : ""}.`,
    };
  }
  if (values.every(({ value }) => !Number.isFinite(value)))
    return {
      ...base,
      shows: [],
      values,
      problem: "not-a-number",
      says: "It returns no number: nothing is divided by nothing.",
    };

  const candidates: Window[] = (own.length > 0 ? own : usualWindows)
    .filter((length) => length <= longestWindow)
    .slice(0, 4)
    .map((length) => ({ seconds: length, own: own.length > 0 }));
  const ask = async (at: number): Promise<Moment> => {
    const again = await prometheus.query(query.asked, at);
    return { at, series: again.ok ? again.value : [] };
  };
  const moments: Moment[] = [{ at: traffic.to, series: answer.value }];
  // Once more earlier in the traffic, where a whole window of it lies before; and before it began.
  const earlier = traffic.from + Math.min(...candidates.map((one) => one.seconds)) + truth.interval;
  if (candidates.length > 0 && earlier < traffic.to - 2 * truth.interval) moments.push(await ask(earlier));
  const before = await ask(traffic.from - quietFor);
  const shows = possible(query.unit).filter((kind) =>
    candidates.some((window) =>
      // Of the known traffic, or of everything the namespace counted: probes and scrapes are requests, too.
      [metrics.traffic, {}].some(
        (scope) =>
          moments.every((moment) => showsAt(kind, moment, window, query.unit, truth, scope)) &&
          quietAt(kind, before, window, query.unit, truth, scope),
      ),
    ),
  );
  if (shows.length > 0) return { ...base, shows, values };
  const looksLike = candidates
    .map((length) => resembles(moments[0]!, length, query.unit, truth, metrics.traffic))
    .find(Boolean);
  const says =
    candidates.length === 0
      ? "Its window is longer than an hour: too long to be compared with this traffic."
      : looksLike
        ? `It returns ${looksLike} of this traffic.`
        : "What it returns is none of rate, errors, p50, p95 and p99 of this traffic.";
  return { ...base, shows, values, problem: "other", says, ...(looksLike && { looksLike }) };
}

/** What a query that shows none of the five returns instead, if it can be told. */
function resembles(
  { at, series }: Moment,
  window: Window,
  unit: string,
  truth: Truth,
  traffic: Labels,
): JudgedQuery["looksLike"] {
  const [one] = series;
  if (!one || series.length > 1) return undefined;
  const value = one.points.at(-1)?.[1] ?? Number.NaN;
  for (const scope of [traffic, {}]) {
    const expected = truth.over(at, window.seconds, scope);
    if (inSeconds(value, unit).some((time) => near(time, { low: expected.mean, high: expected.mean })))
      return "the mean";
    for (const label of ["pod", "instance", "version", "route", "method"]) {
      const parts = truth.values(label);
      const part = (own: string) => truth.over(at, window.seconds, { ...scope, [label]: own });
      if (
        parts.length > 1 &&
        parts.some((own) => part(own).requests.low >= leastOfSeries && agrees("rate", value, part(own), window, unit))
      )
        return "a part";
    }
    for (const q of [0.75, 0.8, 0.9, 0.98, 0.999])
      if (inSeconds(value, unit).some((time) => within(time, allowed(q, expected)))) return "another quantile";
  }
  return undefined;
}
