import { check } from "../../../../checkers/core/check.ts";
import { LookError } from "../../../../checkers/core/errors.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { type Facts, facts } from "./facts.ts";

/** How far an answer may be from the truth. Both are worked out of the same samples at the same moment, so a right query gives the very figure. */
const tolerance = 0.01;
/** Requests that the last minute must have, so that the percentiles are apart. */
const enough = 40;

const query = ({ namespace, percentile, quantile }: Facts) =>
  check({
    title: `The query gives the ${percentile}th percentile of /predict`,
    points: 4,
    mode: "sample",
    within: "90s",
    evidence: "state",
    alone: false,
    why: "A histogram counts requests up to each bound, le. Rates of these counters are added up by le and then histogram_quantile reads the percentile off them. Averaging percentiles, or taking sum through count, answers another question.",
    failures: {
      "not-handed-in": {
        untouched: true,
        says: "Nothing was handed in.",
        hints: ["Write the query into answers/query.txt in your folder, or into the field on the page."],
      },
      "bad-query": {
        says: "Prometheus cannot work this query out.",
        hints: [
          "The evidence has its own words. Try the query in the API or the web page of Prometheus before you hand it in.",
        ],
      },
      "another-figure": {
        says: "The query answers something else than what was asked for.",
        hints: [
          "Which requests does it count: this namespace, this route? And which figure is it: a percentile, or the mean?",
          "histogram_quantile(…, sum by (le) (rate(…_bucket{…}[1m])))",
        ],
      },
    },
    async observe({ learner, probes }) {
      const handed = await learner.answer("query");
      const path = "answers/query.txt";
      if (!handed) return fail("not-handed-in", { path, expected: "a query", actual: "nothing" });
      const prometheus = probes.prometheus();
      const at = Math.floor(Date.now() / 1_000) - 1;
      // Compared over the window that the query itself has: the task says a minute, and no other tells of other requests.
      const window = /\[\s*(\d+[smhd](?:\d+[smhd])*)/.exec(handed)?.[1] ?? "1m";
      const of = (metric: string): string => `${metric}{namespace="${namespace}",route="/predict"}`;
      const [count, truth, answer] = await Promise.all([
        prometheus.query(`sum(increase(${of("http_request_duration_seconds_count")}[1m]))`, at),
        prometheus.query(
          `histogram_quantile(${quantile}, sum by (le) (rate(${of("http_request_duration_seconds_bucket")}[${window}])))`,
          at,
        ),
        prometheus.query(handed, at),
      ]);
      for (const one of [count, truth]) if (!one.ok) throw new LookError(`Prometheus gives no figures: ${one.says}`);
      const right = truth.ok ? truth.value[0]?.points[0]?.[1] : undefined;
      const requests = (count.ok ? count.value[0]?.points[0]?.[1] : undefined) ?? 0;
      if (!answer.ok) {
        if (answer.problem !== "bad-query") throw new LookError(`Prometheus gives no answer: ${answer.says}`);
        return fail("bad-query", { path, expected: "a query that can be worked out", actual: answer.says });
      }
      if (requests < enough || right === undefined || Number.isNaN(right)) {
        return waiting("Prometheus has too few requests of the last minute yet", {
          path: "requests for /predict in the last minute",
          expected: `at least ${enough}`,
          actual: String(Math.round(requests)),
        });
      }
      const values = answer.value.map(({ points }) => points.at(-1)?.[1] ?? Number.NaN);
      const seconds = (value: number): string => `${value.toPrecision(4)} s`;
      const evidence: Evidence = {
        path: `what the query answers, over [${window}]`,
        expected: `${seconds(right)} (within ${tolerance * 100} %)`,
        actual: values.map(seconds).join(", ") || "no series",
      };
      const agrees = values.length > 0 && values.every((value) => Math.abs(value - right) <= tolerance * right);
      return agrees
        ? pass(evidence)
        : fail("another-figure", [evidence, { path, expected: "", actual: handed.slice(0, 300) }]);
    },
  });

export default defineLab({
  title: "Ask Prometheus for a percentile",
  summary: "A PromQL query that reads a percentile off a histogram.",
  week: 4,
  minutes: 7,
  domain: "observe",
  addons: ["prometheus"],
  answers: { query: { label: "The PromQL query" } },
  study: ["12", "13"],
  facts,
  checks: (f) => ({ query: query(f) }),
});
