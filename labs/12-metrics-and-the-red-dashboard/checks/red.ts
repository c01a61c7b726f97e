import { check, type Scene } from "../../../checkers/core/check.ts";
import type {
  DashboardQuery,
  DashboardVerdict,
  JudgedQuery,
  RedKind,
  RedMetrics,
} from "../../../checkers/core/metrics.ts";
import {
  type Evidence,
  type Fail,
  fail,
  type Outcome,
  type Pass,
  parts,
  pass,
  waiting,
} from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { dashboardsOf, type Readable } from "./dashboards.ts";
import { number, prometheusAway } from "./objects.ts";
import { shown as figuresOf, isConstant, meantFor, type Reason, reasonOf } from "./red-reasons.ts";
import { knownTraffic } from "./visitors.ts";

export const figures = ["rate", "errors", "p50", "p95", "p99"] as const satisfies readonly RedKind[];
const quantiles: readonly RedKind[] = ["p50", "p95", "p99"];

/** What the metrics of the traffic in question are called. */
export const metricsOf = (lab: Facts): RedMetrics => ({
  requests: lab.counter,
  duration: lab.histogram,
  traffic: { namespace: lab.namespace, route: lab.path },
});

/** Seconds by which the traffic looked at ends earlier, where the latest does not tell two figures apart. */
const earlier = [0, 30, 60];

type Judgement =
  | { state: "judged"; verdict: DashboardVerdict; where: string; end: number }
  | { state: "waiting"; why: string }
  | { state: "fail"; code: "not-scraped" | "no-traffic"; evidence: Evidence };

/** Judges each dashboard against what the visitors sent, and takes the one that shows most. */
async function judge(scene: Scene, lab: Facts, dashboards: readonly Readable[]): Promise<Judgement> {
  let best: Extract<Judgement, { state: "judged" }> | undefined;
  for (const back of earlier) {
    const known = await knownTraffic(scene, lab, back);
    if (known.state === "none")
      return { state: "fail", code: "no-traffic", evidence: { ...visitorsOf(lab), actual: known.actual } };
    if (known.state === "not-scraped")
      return { state: "fail", code: "not-scraped", evidence: { ...seriesOf(lab), actual: known.actual } };
    if (known.state === "too-early") {
      if (best) break;
      return { state: "waiting", why: known.why };
    }
    const here: (typeof best)[] = [];
    for (const { where, text } of dashboards) {
      const judged = await scene.probes.judgeDashboard(text, { traffic: known.traffic, metrics: metricsOf(lab) });
      if (judged.ok) {
        here.push({ state: "judged", verdict: judged.verdict, where, end: known.traffic.to });
        continue;
      }
      const { problem, says } = judged;
      if (problem === "not-there" || problem === "not-answering" || problem === "failed") throw prometheusAway(says);
      if (problem === "too-little-traffic") return { state: "waiting", why: says };
      if (problem === "empty" || problem === "traffic-missing")
        return { state: "fail", code: "not-scraped", evidence: { ...seriesOf(lab), actual: says } };
    }
    const most = here.sort((one, other) => count(other) - count(one))[0];
    if (!most) break;
    best ??= most;
    const mistaken = most.verdict.alike.some(([one, other]) => one !== "errors" && other !== "errors");
    if (!mistaken) return most;
  }
  return best ?? { state: "waiting", why: "the dashboard could not be compared with the traffic yet" };
}

const count = (one: { verdict: DashboardVerdict } | undefined): number =>
  one ? figures.filter((kind) => one.verdict.red[kind].length > 0).length : 0;

const visitorsOf = (lab: Facts): Omit<Evidence, "actual"> => ({
  object: `deployment/${lab.visitors}`,
  path: "requests it sent, from its log",
  expected: `about ${lab.rate} a second, answered`,
  command: `kubectl logs deployment/${lab.visitors} --tail=5`,
});
const seriesOf = (lab: Facts): Omit<Evidence, "actual"> => ({
  object: "Prometheus",
  path: `${lab.counter}{namespace="${lab.namespace}"}`,
  expected: "counts what the visitors sent",
  command: `bash ask.sh '${lab.counter}{namespace="${lab.namespace}"}'`,
});

export const red = (lab: Facts) =>
  check({
    title: "The dashboard tells the truth about rate, errors and duration",
    points: 10,
    mode: "observe",
    within: "90s",
    evidence: "state",
    why: "Each of your queries was run against Prometheus, at the end of traffic whose size the visitors wrote down, and compared with the raw counters over the query's own window. Titles were not read. A dashboard is right when what it shows is so.",
    parts: {
      rate: { title: "Rate: requests a second", points: 2 },
      errors: { title: "Errors: failed requests a second, or their share", points: 2 },
      p50: { title: "Duration: half are faster (p50)", points: 2 },
      p95: { title: "Duration: 95 % are faster (p95)", points: 2 },
      p99: { title: "Duration: 99 % are faster (p99)", points: 2 },
    },
    failures: {
      "not-scraped": {
        untouched: true,
        says: "Prometheus hasn't counted this traffic, so no query can show it: the pods are not scraped, or only some of them are.",
        hints: [
          "First the task before: Prometheus has to scrape both pods.",
          "bash ask.sh up shows every target, 1 for up.",
        ],
      },
      "no-dashboard": {
        says: `There is no dashboard: no ${lab.dashboard} in your folder, and no ConfigMap that holds one.`,
        hints: [
          `The dashboard is a file called ${lab.dashboard}, in the folder the terminal opens in.`,
          "The lab began with one that has a single panel; a reset brings it back (your files are saved first).",
        ],
      },
      "not-json": {
        says: "The dashboard is not JSON: neither Grafana nor this page can read it.",
        hints: [
          "The evidence says where the parser stopped. The mistake is there, or just before.",
          `kubectl exec -i ${lab.client} -- jq . <${lab.dashboard} names the line. Commas between entries and none after the last; quotes around every key.`,
          `PromQL has quotes of its own: inside JSON they are written \\", or use 'single' ones, which PromQL takes as well.`,
        ],
      },
      "not-a-dashboard": {
        says: "The file is JSON and no dashboard with queries: Grafana would show an empty page.",
        hints: [
          "A dashboard has a list called panels; each panel a list called targets; each target a query called expr.",
          `Compare with the panel the lab began with: "panels": [{"title": …, "targets": [{"expr": …}]}].`,
        ],
      },
      "no-traffic": {
        says: "There is no traffic to look at: with no requests there is no rate, and a quantile of nothing is NaN.",
        hints: [
          `Who sends the requests? kubectl get deployment ${lab.visitors}`,
          `kubectl logs deployment/${lab.visitors} --tail=5 shows what it sent and what was answered, second by second.`,
          `It takes one pod of ${lab.visitors} and a Service that leads to ready pods: kubectl scale deployment/${lab.visitors} --replicas=1`,
        ],
      },
      "no-rate": {
        says: "No query of the dashboard shows how many requests a second are answered.",
        hints: [
          `The counter is ${lab.counter}. How fast does it grow?`,
          "rate(…[1m]) is the growth a second, averaged over a minute, of each series; sum(…) makes one line of them.",
          `sum(rate(${lab.counter}{namespace="${lab.namespace}", route="${lab.path}"}[1m]))`,
        ],
      },
      "no-errors": {
        says: "No query of the dashboard shows how many requests fail.",
        hints: [
          `The same counter, and a label that tells failed requests from others: bash ask.sh 'sum by (status) (${lab.counter}{namespace="${lab.namespace}"})'`,
          'A matcher may be a pattern: status=~"5.." is every status from 500 to 599.',
          "The rate of those; or divided by the rate of all, which is the share that fails and does not rise with the traffic.",
        ],
      },
      "no-p50": {
        says: "No query shows the median: the time within which half of the requests are answered.",
        hints: [
          `Percentiles come out of ${lab.histogram}_bucket, by histogram_quantile.`,
          "p50 is 0.5 of them: the same query as for p95, with another first number.",
        ],
      },
      "no-p95": {
        says: "No query shows p95: the time within which 95 of 100 requests are answered.",
        hints: [
          `Percentiles come out of ${lab.histogram}_bucket, by histogram_quantile.`,
          "Rates of the buckets first, then summed so that the bounds (le) stay apart, then the quantile.",
          `histogram_quantile(0.95, sum by (le) (rate(${lab.histogram}_bucket{…}[1m])))`,
        ],
      },
      "no-p99": {
        says: "No query shows p99: the time that one request in a hundred exceeds. The slowest are where users leave.",
        hints: [
          `Percentiles come out of ${lab.histogram}_bucket, by histogram_quantile.`,
          "p99 is 0.99 of them: the same query as for p95, with another first number.",
        ],
      },
      "bad-query": {
        says: "A query doesn't parse: Prometheus refuses it, and its panel stays empty.",
        hints: [
          "The evidence has Prometheus' own words; the position is line and column in the query.",
          "Count the brackets: ( ), { } and [ ], each closed in the order it was opened.",
          "Build it up from the inside with bash ask.sh: the selector first, then rate(…[1m]), then sum(…).",
        ],
      },
      "no-series": {
        says: "A query matches no series: a name or a label in it is not what the metrics have. Prometheus takes that for an empty answer, not for a mistake.",
        hints: [
          "Take the matchers between { } out one by one, and see which one empties the answer.",
          `bash ask.sh '${lab.counter}{namespace="${lab.namespace}"}' lists the labels as they are.`,
          `The status is in the label status, the path in route, and route is ${lab.path} with its slash.`,
        ],
      },
      "no-le": {
        says: "histogram_quantile gets no buckets: the sum before it threw their bounds away, so it has nothing to find a quantile in.",
        hints: [
          "Which label tells the buckets of a histogram apart? Ask for the _bucket series and look.",
          "sum(…) drops every label; sum by (le) (…) keeps the bounds and drops the rest.",
        ],
      },
      "not-a-number": {
        says: "A query answers NaN: it divides by something that is 0.",
        hints: [
          "Ask for both sides of the division by themselves. Which one is 0?",
          "The divisor has to count all requests, in the same window, with the same matchers but for the status.",
        ],
      },
      "the-mean": {
        says: "A query shows the mean where a percentile should be. Most requests are faster than the mean, and those that hurt are far above it.",
        hints: [
          "_sum divided by _count is the mean, whatever the panel is called. So is avg.",
          "Percentiles need the buckets: histogram_quantile over the rates of _bucket.",
        ],
      },
      "no-rate-function": {
        says: "A query sums a counter as it is: a line that only rises, until a pod restarts and it falls. How busy the service is now can't be read off it.",
        hints: [
          "A counter's height says how old its pod is. What matters is its slope.",
          "rate(…[1m]) around the selector, and the sum around that: first the rate, then the sum.",
        ],
      },
      "rate-of-gauge": {
        says: "A query takes the rate of a gauge: of something that rises and falls, like the requests in flight. Each fall is taken for a restart, and the result means nothing.",
        hints: [
          "Which of the metrics are counters? curl the /metrics of a pod: the # TYPE lines say it.",
          `Requests are counted in ${lab.counter}; ${lab.gauge} is how many are being answered at this moment.`,
        ],
      },
      untrue: {
        says: "A query answers with figures that are not this traffic's: a part of it, more than it, a number somebody typed in, or something else.",
        hints: [
          "Compare what the query answered with what was expected, in the evidence. Is it half? Double? A thousand times?",
          "Half is often one pod of two (max, topk, a label); more is often other routes or other namespaces, since Prometheus scrapes them all.",
          `Every selector needs namespace="${lab.namespace}"; the figures are about route="${lab.path}". And a panel's unit must be that of its query: s for seconds.`,
        ],
      },
    },
    async observe(scene) {
      const found = await dashboardsOf(scene, lab, Date.now() / 1000);
      if (!found.ok) return whole(fail(found.code, found.evidence));
      const judged = await judge(scene, lab, found.all);
      if (judged.state === "waiting") return waiting(judged.why);
      if (judged.state === "fail") {
        const queries = found.all.flatMap(({ dashboard }) => dashboard.queries);
        return unseen(fail(judged.code, judged.evidence), queries, found.all[0]?.where ?? "");
      }
      return each(scene, judged);
    },
  });

type Code =
  | Reason["code"]
  | `no-${RedKind}`
  | "not-scraped"
  | "no-traffic"
  | "no-dashboard"
  | "not-json"
  | "not-a-dashboard";

/** The same for all five: what is in the way of each of them. The evidence once. */
function whole(failed: Fail<Code>): Outcome<Code> {
  const rest = fail(failed.code);
  return parts(Object.fromEntries(figures.map((kind, index) => [kind, index === 0 ? failed : rest])));
}

/** Where there is no traffic to judge by: that is in the way of those that have a query. That another has none is so all the same. */
function unseen(failed: Fail<Code>, queries: readonly DashboardQuery[], where: string): Outcome<Code> {
  const meant = new Set(queries.flatMap(meantFor));
  let told = false;
  const outcomes = figures.map((kind) => {
    if (meant.size > 0 && !meant.has(kind))
      return [
        kind,
        fail(`no-${kind}`, { object: where, path: kind, expected: "a query that shows it", actual: "none" }),
      ];
    const one = told ? fail(failed.code) : failed;
    told = true;
    return [kind, one];
  });
  return parts(Object.fromEntries(outcomes));
}

/** Says of each of the five whether some query shows it, and if none does, what the one that was meant for it shows instead. */
async function each(scene: Scene, judged: Extract<Judgement, { state: "judged" }>): Promise<Outcome<Code>> {
  const prometheus = scene.probes.prometheus();
  const { verdict, where, end } = judged;
  const chosen = new Map<RedKind, JudgedQuery>();
  const shown = verdict.queries.filter((query) => query.shows.length > 0);
  const constant = await Promise.all(shown.map((query) => isConstant(query, prometheus)));
  const wishes = new Set(shown.filter((_, index) => constant[index]));
  // Without a range, a query reads what has been counted so far. That may lie in a percentile's bucket for a moment, as so many milliseconds.
  const usable = (query: JudgedQuery): boolean => !wishes.has(query) && query.window !== undefined;
  assign(verdict, usable, chosen);

  const idle = verdict.queries.filter(
    (query) => ![...chosen.values()].includes(query) && (query.shows.length === 0 || !usable(query)),
  );
  const outcomes: Partial<Record<RedKind, Pass | Fail<Code>>> = {};
  for (const kind of figures) {
    const expected = expectation(kind, verdict);
    const query = chosen.get(kind);
    const base = { path: kind, expected };
    if (query) {
      outcomes[kind] = pass({ object: `panel "${query.panel}"`, ...base, actual: told(kind, query) });
      continue;
    }
    const meant = idle.find((one) => meantFor(one).includes(kind));
    if (!meant) {
      outcomes[kind] = fail(`no-${kind}`, { object: where, ...base, actual: "no query that shows it" });
      continue;
    }
    const reason = await reasonOf(meant, prometheus, end);
    outcomes[kind] = fail(reason.code, {
      object: `panel "${meant.panel}", query ${meant.refId}`,
      ...base,
      actual: reason.says.slice(0, 400),
      command: `bash ask.sh '${meant.asked.replaceAll("'", `'\\''`)}'`,
    });
  }
  // What is wrong is what one wants to see first; what is right, once all of it is.
  const all = Object.entries(outcomes) as [RedKind, Pass | Fail<Code>][];
  const failing = all.some(([, one]) => one.state === "fail");
  return parts(Object.fromEntries(all.map(([kind, one]) => [kind, failing && one.state === "pass" ? pass() : one])));
}

/** Gives each figure a query of its own: where traffic can't tell p95 from p99, one query must not stand for both. */
function assign(
  verdict: DashboardVerdict,
  usable: (query: JudgedQuery) => boolean,
  chosen: Map<RedKind, JudgedQuery>,
): void {
  const owner = new Map<JudgedQuery, RedKind>();
  const able = (kind: RedKind): JudgedQuery[] => verdict.red[kind].filter(usable);
  const place = (kind: RedKind, tried: Set<JudgedQuery>): boolean => {
    for (const query of able(kind)) {
      if (tried.has(query)) continue;
      tried.add(query);
      const former = owner.get(query);
      if (former !== undefined && !place(former, tried)) continue;
      owner.set(query, kind);
      return true;
    }
    return false;
  };
  // First those whose words say which they are; then whichever is left, moving others where that helps.
  for (const kind of figures) {
    const own = able(kind).find((query) => meantFor(query).includes(kind) && !owner.has(query));
    if (own) owner.set(own, kind);
  }
  const placed = new Set(owner.values());
  for (const kind of figures) if (!placed.has(kind)) place(kind, new Set());
  for (const [query, kind] of owner) chosen.set(kind, query);
}

/** What was expected of a figure, with its tolerance. */
function expectation(kind: RedKind, { expected, counted }: DashboardVerdict): string {
  if (kind === "rate")
    return `about ${number(expected.rate)} a second in the last minute (within 10 %; ${counted.sent} answered by the visitors' own count)`;
  if (kind === "errors")
    return `about ${number(expected.errors)} a second, or ${number((100 * expected.errors) / expected.rate)} % of all (within 10 %)`;
  return `in the histogram bucket up to ${number(expected[kind])} s (the mean is ${number(expected.mean)} s)`;
}

function told(kind: RedKind, query: JudgedQuery): string {
  const unit = quantiles.includes(kind) && query.unit !== "" ? ` ${query.unit}` : "";
  return `${figuresOf(query)}${unit}${query.window === undefined ? "" : ` over ${query.window} s`}`;
}
