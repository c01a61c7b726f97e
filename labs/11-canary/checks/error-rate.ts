import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import { wilson } from "../../../checkers/probes/statistics.ts";
import type { Facts } from "../facts.ts";
import { attempts, besides, usersRequests } from "./counters.ts";

/** A number out of what somebody typed: "19.5", "19,5 %", "about 20". NaN for none, "NaN" included. */
const numberIn = (text: string): number => {
  const found = /(\d+(?:[.,]\d+)?)/.exec(text.replace(/nan/i, ""))?.[1];
  return found === undefined ? Number.NaN : Number(found.replace(",", "."));
};

const shown = (part: number): string => (100 * part).toFixed(1);

/**
 * The error rate of the faulty release in percent, as one reads it from Prometheus. Accepted is what its own counted requests can mean: Wilson's interval
 * with z = 2.58 (99 %) around failed / all, at least 3 percent points to each side, since a query over another window sees other requests. With 100
 * requests and 20 failures that is 11.7 to 32.1. The rate over all versions, about a tenth of it, is told from it: with few requests counted the interval
 * may reach down to that, so what is nearer to the rate over all than to the release's own is none of the release's.
 */
export const errorRate = (f: Facts): Check =>
  check({
    title: `How many percent of its requests ${f.bad} failed, read from Prometheus`,
    points: 2,
    mode: "sample",
    within: "30s",
    evidence: "process",
    alone: false,
    why: "Divided by version, the counters told in seconds what their sum hid: a tenth of the traffic failing every fifth request is two percent over all, which looks like a bad afternoon. A rate is failures divided by requests of the same group, over the same time; and a group without requests has no rate, not a rate of zero.",
    failures: {
      "none-entered": {
        untouched: true,
        says: "No error rate has been entered yet.",
        hints: [
          `Divide: what ${f.bad} failed (status 5xx), by all that ${f.bad} answered. Prometheus still has both after the rollback.`,
          "sum by (version) over each of the two, then one divided by the other, times 100. The range must reach back to when it served.",
          "The query in the text, with [15m] instead of [1m], or [1h] after a break.",
        ],
      },
      "no-number": {
        says: "That is no number. NaN is what Prometheus answers to zero divided by zero: a group that got no requests in that time.",
        hints: [
          "Does the range of your query reach back to when the release served? [1m] is empty a minute later.",
          "An empty answer means that no series matches: check version, namespace and the time. Enter a number of percent.",
        ],
      },
      "nothing-counted": {
        says: `There is nothing to compare it with: Prometheus has no request answered by ${f.bad}.`,
        hints: [
          `Ship ${f.bad} as the canary first, scraped, with a share of the traffic; take it back in time; then read.`,
        ],
      },
      overall: {
        says: "That is the rate over all versions: nine tenths of those requests never met the faulty one.",
        hints: [
          "Whose failures, divided by whose requests? Both must be of the same version.",
          "sum by (version) (…failures…) / sum by (version) (…requests…): the division then goes version by version.",
        ],
      },
      fraction: {
        says: "That is the rate as a fraction, as Prometheus gives it; here it is asked for in percent.",
        hints: ["A share of 1 is all of them: 100 percent. Multiply by 100."],
      },
      wrong: {
        says: `Prometheus' counters of ${f.bad} say something else.`,
        hints: [
          "The evidence has both numbers. Did you read failures, not successes; a share, not a count; and of the right version?",
          `Numerator: http_requests_total{version="${f.bad}",status=~"5.."}. Denominator: the same without status.`,
        ],
      },
    },
    async observe(scene) {
      const typed = await scene.learner.answer("error-rate");
      if (!typed) return fail("none-entered");
      const all = await usersRequests(scene);
      const tried = attempts(all, f.bad);
      const requests = tried.reduce((sum, one) => sum + one.requests, 0);
      const failed = tried.reduce((sum, one) => sum + one.failed, 0);
      const value = numberIn(typed);
      const evidence = (expected: string): Evidence => ({
        object: "answers/error-rate.txt",
        path: `percent of its requests that ${f.bad} failed`,
        expected,
        actual: typed.slice(0, 60),
      });
      if (Number.isNaN(value)) return fail("no-number", evidence("a number of percent"));
      if (requests === 0) return fail("nothing-counted", evidence("counted requests to compare with"));
      const rate = failed / requests;
      const { low, high } = wilson(failed, requests, 2.58);
      const [least, most] = [Math.min(low, rate - 0.03), Math.max(high, rate + 0.03)];
      const within = (percent: number): boolean => percent >= 100 * least && percent <= 100 * most;
      const counted = evidence(
        `${shown(Math.max(0, least))} to ${shown(most)}: ${Math.round(failed)} of ${Math.round(requests)} counted, ${shown(rate)} %`,
      );
      const overall = failed / besides(all, tried).reduce((sum, { by }) => sum + by, 0);
      const from = (other: number): number => Math.abs(value / 100 - other);
      if (value < 1 && within(100 * value) && Math.abs(value - rate) < from(rate)) return fail("fraction", counted);
      if (from(overall) < from(rate) && from(overall) <= Math.max(0.015, overall)) return fail("overall", counted);
      if (within(value)) return pass(counted);
      return fail("wrong", counted);
    },
  });
