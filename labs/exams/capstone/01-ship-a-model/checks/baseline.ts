import { type Check, check } from "../../../../../checkers/core/check.ts";
import { LookError } from "../../../../../checkers/core/errors.ts";
import { type Evidence, fail, pass } from "../../../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { missing } from "./reading.ts";

/**
 * 600 requests: the sample's own p95 then has a standard error of some 9 % for a lognormal latency with sigma 1 (the square root of
 * 0.05 × 0.95 / 600, over the density 0.103 of the normal distribution at its 95th percentile), a learner's 500 of about as much; a factor of 1.6 is
 * more than three and a half of both together. The mean of such a latency lies at a third of its p95.
 */
const measured = { rate: 30, seconds: 20 } as const;

/** "134", "134 ms", "0.134 s". Milliseconds, or undefined. */
export function milliseconds(text: string): number | undefined {
  const [, number, unit] = /^([\d.]+)\s*(ms|s)?$/i.exec(text.trim()) ?? [];
  const value = Number(number);
  if (number === undefined || !Number.isFinite(value) || value <= 0) return undefined;
  return unit?.toLowerCase() === "s" ? value * 1_000 : value;
}

/** Right: p95 of enough requests, however measured. Wrong: the mean; p50; a guess; seconds for milliseconds. */
export const baseline = (f: Facts): Check =>
  check({
    title: "The baseline p95 handed in is the one that is measured",
    points: 4,
    mode: "sample",
    within: "90s",
    evidence: "state",
    task: "validate",
    domain: "validate",
    needs: ["reachable"],
    why: "A release is judged against how it was before. A percentile says how the slowest of twenty fares; a mean hides them.",
    failures: {
      "not-handed-in": {
        says: "No baseline p95 was handed in, or it is no number of milliseconds.",
        hints: [`answers/${f.baseline}.txt in the working folder holds it: a number, in milliseconds.`],
      },
      "far-off": {
        says: "The p95 handed in is not what is measured.",
        hints: [
          `Sort the times of at least ${f.leastRequests} requests: the one that 95 % lie below. The mean is another figure, and so is p99.`,
        ],
      },
    },
    async observe({ probes, learner }) {
      const text = await learner.answer(f.baseline);
      const claimed = milliseconds(text ?? "");
      if (claimed === undefined) {
        const one = missing(`answers/${f.baseline}.txt`, `cat answers/${f.baseline}.txt`);
        return fail(
          "not-handed-in",
          text === undefined ? one : { ...one, expected: "milliseconds", actual: text.slice(0, 80) },
        );
      }
      const flow = await probes.load({ service: f.gateway, port: f.gatewayPort, path: "/predict", ...measured });
      if (flow.dropped > flow.sent / 20 || flow.failed > flow.sent / 20)
        throw new LookError(
          "The baseline could not be measured just now.",
          "Grade again when the machine is less busy.",
        );
      const { p95, p50 } = flow.latency;
      const evidence: Evidence = {
        object: `service/${f.gateway}`,
        path: `p95 of ${flow.sent} requests at ${measured.rate} a second`,
        expected: `${Math.round(p95)} ms, give or take a factor of ${f.tolerance} (p50 ${Math.round(p50)} ms)`,
        actual: `${Math.round(claimed)} ms handed in`,
      };
      const factor = Math.max(claimed / p95, p95 / claimed);
      return factor > f.tolerance ? fail("far-off", evidence) : pass(evidence);
    },
  });
