import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { type Findings, isQueried, judgeObjective, looksAtTime, looksLike } from "./judged.ts";
import { readObjective } from "./objective.ts";
import { figures, within } from "./percentiles.ts";
import { type PhaseName, phases, phaseTitles, provenance, type Recording, recording } from "./recording.ts";

/**
 * Holds the learner's objective against three measured phases. It has to be kept where nobody waits longer than the limit (calm, and with a bigger model
 * that is slower for all alike), and broken where many do (the rush). The phases are such that mean and median order them wrongly: see whyUnfit().
 * Right: p99 or another high percentile with a bound between; a share of requests under a bound; either as a query. Wrong: mean, median,
 * a bound nobody ever crosses, one that normal days cross, a query without series.
 */
export const sloTells = (f: Facts): Check =>
  check({
    title: "The objective is broken when people wait, and only then",
    points: 5,
    mode: "disturb",
    alone: "machine",
    within: "3m",
    evidence: "state",
    needs: ["slo-written"],
    why: "A percentile counts people: so many in a hundred had to wait longer than this. A mean counts time, and a few long waits disappear in many short ones. Which of the two an objective is written on decides whether anybody hears of the rush.",
    failures: {
      "bad-query": {
        says: "Prometheus does not understand the query.",
        hints: [
          "Its own words are in the evidence. Try the query first: bash ask.sh 'QUERY'",
          "Count the parentheses; a rate needs a range, [5m] or [$window], inside of the outermost one.",
        ],
      },
      "no-series": {
        says: "The query finds nothing, so the objective would be neither kept nor broken, ever.",
        hints: [
          "Which labels and which bounds are there? bash ask.sh 'http_request_duration_seconds_bucket{route=\"/predict\"}'",
          'le is text, and only the bounds of the histogram exist: le="0.5" does, le="0.45" does not.',
        ],
      },
      "not-a-number": {
        says: "The query's answer is NaN: something was divided by nothing.",
        hints: [
          "A quantile or a ratio of no requests is not a number. Does each part of the query find requests on its own?",
          "histogram_quantile needs the label le: sum by (le) (rate(…_bucket[$window])).",
        ],
      },
      mean: {
        says: "It is written on the mean, and the mean does not tell: it was lower while people waited than with the bigger model, with which nobody did.",
        hints: [
          "Compare the three phases in the evidence. Is there any bound on the mean that is kept in the second and broken in the third?",
          "Which figure stays low as long as nobody waits, and jumps when one in ten does?",
          `A percentile far out, p99 say, with a bound near what users bear: ${f.limit} ms.`,
        ],
      },
      median: {
        says: "It is written on the median, which says nothing about the slower half: while one in ten waited, it hardly moved.",
        hints: [
          "How many users may be unlucky before you want to know? With the median, half of them.",
          `${f.share} % of requests, not 50: p99, or an objective of ${f.share}%.`,
        ],
      },
      "not-latency": {
        says: "What it measures is not how long users wait. Errors deserve an objective of their own, and a cause such as a queue may be worth an alert; what was promised here is the time until the answer.",
        hints: [
          "Start at the user: which of the service's metrics says how long a request took, with the time it waited?",
          `${f.duration}_bucket, by histogram_quantile or as a share of those below a bound.`,
        ],
      },
      "too-loose": {
        says: "It is kept even in the rush, when many waited longer than they bear. An objective that is never broken protects nobody.",
        hints: [
          "The evidence has the figures of the rush. The bound has to lie below what it showed.",
          `The checkout gives up after ${f.limit} ms: that is the bound that means something.`,
        ],
      },
      "too-tight": {
        says: "It is broken although nobody waits too long: it would cry all day, and soon nobody would listen.",
        hints: [
          "Which phase breaks it, and what did its users see?",
          "The bound comes from what users bear, not from what the service does on a good day.",
          `Between the p99 of the calm phases and that of the rush there is room; ${f.limit} ms lies in it.`,
        ],
      },
    },
    async observe(scene) {
      const { learner, probes, namespace } = scene;
      const read = readObjective(await learner.file(f.objectives));
      // slo-written says why; between its pass and this the file may have changed.
      if (!read.ok) return fail("bad-query", { object: f.objectives, expected: "an objective", actual: read.says });
      const { objective } = read;
      const record = await recording(scene, f, { queried: isQueried(objective) });
      const result = await judgeObjective(objective, record, probes.prometheus(), f, namespace);
      if (!result.ok) {
        return fail(result.problem, {
          object: f.objectives,
          path: result.query.slice(0, 160),
          expected: "a number for each phase",
          actual: result.says,
          command: "bash ask.sh 'QUERY'",
        });
      }
      const { findings } = result;
      const evidence = phases.map((name) => told(name, findings, record, f, objective.written));
      const { calm, bigger, rush } = findings;
      const like = looksLike(findings, record);
      if (like === "something else" || (rush.kept && !looksAtTime(objective))) return fail("not-latency", evidence);
      if (calm.kept && bigger.kept && !rush.kept) return pass(evidence);
      if (like === "mean" || like === "median") return fail(like, evidence);
      // A share of at most 60 % good is a median by another name.
      if (objective.form === "ratio" && objective.share <= 0.6 && rush.kept) return fail("median", evidence);
      return fail(calm.kept && bigger.kept ? "too-loose" : "too-tight", evidence);
    },
  });

function told(name: PhaseName, findings: Findings, record: Recording, f: Facts, written: string): Evidence {
  const phase = record.phases[name];
  const late = 100 * (1 - within(phase, f.limit));
  return {
    path: `${phaseTitles[name]} (${provenance(record)})`,
    expected: `${name === "rush" ? "broken" : "kept"}: ${late.toFixed(1)} % waited longer than ${f.limit} ms (${figures(phase)})`,
    actual: `${written}: ${findings[name].kept ? "kept" : "broken"} (${findings[name].says})`,
  };
}
