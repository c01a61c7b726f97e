import { setTimeout as pause } from "node:timers/promises";
import { type Check, check } from "../../../../../checkers/core/check.ts";
import { LookError } from "../../../../../checkers/core/errors.ts";
import type { RedKind } from "../../../../../checkers/core/metrics.ts";
import { type Evidence, fail, pass } from "../../../../../checkers/core/verdict.ts";
import { knownTraffic } from "../../../../../checkers/probes/dashboard-truth.ts";
import type { Facts } from "../facts.ts";
import { missing, modelPods, nameOf } from "./reading.ts";

const file = "dashboard.json";
/** Requests a second, for how many seconds: 900 of them in the steady part, with some 70 errors. */
const traffic = { rate: 20, seconds: 55 } as const;
/** Share of requests that are made to fail meanwhile. */
const errorRate = 0.08;
/** Milliseconds until the last of it has been scraped: one interval, and the scrape. */
const scrape = 7_000;
const words: Readonly<Record<RedKind, string>> = {
  rate: "requests a second",
  errors: "errors",
  p50: "p50",
  p95: "p95",
  p99: "p99",
};

/**
 * Drives traffic with errors through the gateway, runs the dashboard's own queries, and compares. Right: any spelling that returns the truth, within
 * the tolerances of the judge. Wrong: a mean for a percentile; errors without a filter; a query without series; another namespace's figures.
 */
export const dashboard = (f: Facts): Check =>
  check({
    title: `${file} shows rate, errors, p50, p95 and p99 of the model's requests, truly`,
    points: 9,
    mode: "disturb",
    alone: false,
    within: "4m",
    evidence: "state",
    task: "observe",
    domain: "observe",
    needs: ["reachable", "scraped"],
    why: "Rate, errors and duration say how users fare. Each panel was compared with what was sent and with the raw counters, over its own window.",
    failures: {
      "no-dashboard": {
        says: `There is no ${file} in the working folder, and no dashboard in a ConfigMap of the namespace.`,
        hints: ["A Grafana dashboard as it is exported: panels with targets, each with an expr."],
      },
      unreadable: {
        says: "It is no dashboard that can be read.",
        hints: ["The evidence says what is wrong with it. jq . dashboard.json tells where JSON breaks."],
      },
      "figure-missing": {
        says: "A figure is missing, or the query for it does not return the truth about known traffic.",
        hints: [
          "The evidence has each figure with what the nearest query returned.",
          'Errors are those with status=~"5.."; a percentile is histogram_quantile over the sum by (le) of the buckets\' rate.',
        ],
      },
    },
    async observe({ cluster, probes, learner, namespace, signal }) {
      const [found] = await probes.dashboards({ learner });
      if (!found) return fail("no-dashboard", missing(`${file} in the working folder`, `ls ${file}`));
      const about = { object: found.where };
      try {
        JSON.parse(found.text);
      } catch (error) {
        return fail("unreadable", { ...about, expected: "JSON", actual: (error as Error).message });
      }
      for (const pod of await modelPods(cluster, f)) {
        await probes.disturb.post(
          nameOf(pod),
          9000,
          `/errors?rate=${encodeURIComponent(`500=${errorRate}`)}`,
          "/reset",
        );
      }
      const began = Date.now() / 1_000;
      const flow = await probes.load({ service: f.gateway, port: f.gatewayPort, path: "/predict", ...traffic });
      const known = { ...knownTraffic(flow, began), to: Date.now() / 1_000 - 1 };
      await pause(scrape, undefined, { signal });
      const judged = await probes.judgeDashboard(found.text, {
        traffic: known,
        metrics: {
          requests: "http_requests_total",
          duration: "http_request_duration_seconds",
          traffic: { namespace, route: "/predict" },
        },
      });
      if (!judged.ok) {
        if (["not-a-dashboard", "no-queries", "not-json"].includes(judged.problem))
          return fail("unreadable", { ...about, expected: "a dashboard with queries", actual: judged.says });
        throw new LookError(`The dashboard could not be judged: ${judged.says}`, "Grade again.");
      }
      const { red, queries } = judged.verdict;
      const kinds = Object.keys(words) as RedKind[];
      const evidence: Evidence[] = kinds.map((kind) => {
        const [query] = red[kind];
        return {
          ...about,
          path: words[kind],
          expected: "a query that returns it",
          actual: query
            ? `${query.written} returned ${Number(query.values[0]?.value.toPrecision(3))}`
            : `none of ${queries.length}: ${queries
                .filter(({ shows }) => shows.length === 0)
                .slice(0, 2)
                .map(({ written, says }) => `${written}: ${says}`)
                .join("; ")}`,
        };
      });
      const lacking = evidence.filter((_, index) => red[kinds[index] as RedKind].length === 0);
      return lacking.length > 0 ? fail("figure-missing", lacking) : pass(evidence);
    },
  });
