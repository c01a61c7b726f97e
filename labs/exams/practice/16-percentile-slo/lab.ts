import { parse } from "yaml";
import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { type Evidence, fail, pass } from "../../../../checkers/core/verdict.ts";
import { type Facts, facts } from "./facts.ts";

interface Objective {
  indicator?: unknown;
  threshold_ms?: unknown;
}

/** Nothing where the text is no YAML, or no object. */
function objectiveOf(text: string | undefined): Objective | undefined {
  try {
    const value: unknown = parse(text ?? "", { maxAliasCount: 10 });
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** "p95", "P99.9", "95th percentile", 95 and 0.95 name a percentile; undefined for what names none. */
function percentileOf(indicator: unknown): number | undefined {
  const match = /^\s*p?\s*(\d+(?:\.\d+)?)\s*(?:th|%)?\s*(?:percentile)?\s*$/i.exec(String(indicator ?? ""));
  const value = Number(match?.[1] ?? Number.NaN);
  if (!(value > 0 && value < 100)) return undefined;
  return value < 1 ? value * 100 : value;
}

const objective = ({ percentile, requests, threshold, slower, latencies }: Facts) =>
  check({
    title: `The objective is a percentile that ${slower} of 1,000 requests may exceed, as tight as the requests allow`,
    points: 4,
    mode: "observe",
    within: "10s",
    evidence: "state",
    why: "A mean hides the slow ones: it stays where it is while one user in twenty waits. A percentile says how many may wait longer, and its threshold is then a promise about all the others.",
    failures: {
      unreadable: {
        says: "There is no objective/slo.yaml with an indicator and a threshold_ms that is a number.",
        hints: ["The file you began with has the right form: three keys. Change its values only."],
      },
      "not-that-percentile": {
        says: "The indicator is not the percentile asked for, so the objective says something about other requests.",
        hints: [
          "The 50th percentile is what 500 of 1,000 requests exceed.",
          `${slower} of 1,000 may be slower, so the others keep it: how many percent are these?`,
        ],
      },
      broken: {
        says: "These requests do not keep the threshold: the objective would be missed from the first day.",
        hints: [`sort -n latencies.txt, and look at the value that as many of the ${requests} requests exceed as may.`],
      },
      loose: {
        says: "The threshold is wider than these requests need: latency could grow a good deal before anybody heard of it.",
        hints: ["The smallest multiple that is not below the percentile. sort -n latencies.txt shows where that lies."],
      },
    },
    async observe({ learner }) {
      const found = objectiveOf(await learner.file("objective/slo.yaml"));
      const object = "objective/slo.yaml";
      const limit = Number(found?.threshold_ms ?? Number.NaN);
      const says = `indicator ${String(found?.indicator)}, threshold_ms ${String(found?.threshold_ms)}`;
      const read: Evidence = {
        object,
        expected: "an indicator and a number",
        actual: found ? says : "none",
        command: "cat objective/slo.yaml",
      };
      if (!found || found.indicator === undefined || !Number.isFinite(limit)) return fail("unreadable", read);
      const indicator: Evidence = {
        ...read,
        path: "indicator",
        expected: `the percentile that ${slower} of 1,000 exceed`,
        actual: String(found.indicator),
      };
      const named = percentileOf(found.indicator);
      if (named === undefined || Math.abs(named - percentile) > 1e-9) return fail("not-that-percentile", indicator);
      const values = latencies.split("\n").map(Number);
      const slow = values.filter((value) => value > limit).length;
      const most = (requests * slower) / 1_000;
      const kept: Evidence = {
        ...read,
        path: `requests of latencies.txt above ${limit} ms`,
        expected: `at most ${most} of ${requests}, with no smaller multiple`,
        actual: String(slow),
        command: "sort -n latencies.txt | tail",
      };
      if (limit < threshold) return fail("broken", kept);
      return limit > threshold ? fail("loose", kept) : pass([indicator, kept]);
    },
  });

export default defineLab({
  title: "An objective on a percentile",
  summary: "A service level objective on a percentile, fitted to measured latencies.",
  week: 4,
  minutes: 6,
  domain: "observe",
  study: ["13"],
  facts,
  checks: (f) => ({ objective: objective(f) }),
});
