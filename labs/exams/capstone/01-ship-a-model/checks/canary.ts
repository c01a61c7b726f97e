import { type Check, check } from "../../../../../checkers/core/check.ts";
import { type Evidence, fail, pass } from "../../../../../checkers/core/verdict.ts";
import { judgeShare, planShare, tenPercent } from "../../../../../checkers/probes/share.ts";
import type { Facts } from "../facts.ts";
import { spoken } from "./reading.ts";

/** Half the share, and twice it, must be told from it. */
export const planOf = (f: Facts) => (f.share === 10 ? tenPercent : planShare(f.part, f.part / 2, f.part * 1.8));

/**
 * Counts who answers, on one sample of fixed size through the gateway. Right: weights in the proxy, a split by request, the ratio of pods behind
 * one Service, a weighted route. Wrong: no canary; half and half; so few that nobody learns anything.
 */
export const canary = (f: Facts): Check =>
  check({
    title: `About ${f.share} % of the requests through the gateway are answered by version ${f.canary}`,
    points: 20,
    mode: "sample",
    alone: false,
    within: "90s",
    evidence: "state",
    task: "release",
    domain: "release",
    needs: ["reachable"],
    why: "A few users' requests show whether the new version is sound before everybody's do; how many must be small enough to bear and large enough to tell.",
    failures: {
      none: {
        says: `No request was answered by version ${f.canary}: there is no canary, or nothing leads to it.`,
        hints: ["A second Deployment with the new image, and a part of the requests that goes there."],
      },
      "too-few": {
        says: "Too few requests reach the canary: it would take long to notice anything.",
        hints: ["The bounds in the evidence are for this number of requests. What decides the share in your set-up?"],
      },
      "too-many": {
        says: "Too many requests reach the canary: if it is bad, more users suffer than were meant to.",
        hints: ["The bounds in the evidence are for this number of requests. What decides the share in your set-up?"],
      },
      failing: {
        says: "Some of these requests failed: a release must not cost answers.",
        hints: ["The statuses in the evidence tell which. Is every pod that is sent requests ready?"],
      },
    },
    async observe({ probes }) {
      const plan = planOf(f);
      const sample = await probes.traffic({ service: f.gateway, port: f.gatewayPort, path: "/predict", n: plan.n });
      const ok = sample.statuses["200"] ?? 0;
      const hits = sample.versions[f.canary] ?? 0;
      const evidence: Evidence[] = [
        {
          object: `service/${f.gateway}`,
          path: `versions that answered ${plan.n} requests`,
          expected: `${f.canary}: from ${plan.least} to ${plan.most}`,
          actual: `${f.canary}: ${hits} (${Math.round((hits / plan.n) * 1_000) / 10} %); ${Object.entries(
            sample.versions,
          )
            .filter(([version]) => version !== f.canary)
            .map(([version, n]) => `${version}: ${n}`)
            .join(", ")}`,
        },
        {
          object: `service/${f.gateway}`,
          path: "statuses",
          expected: `200: ${plan.n}`,
          actual: spoken(sample.statuses),
        },
      ];
      if (hits === 0) return fail("none", evidence);
      if (ok < plan.n) return fail("failing", evidence.reverse());
      const verdict = judgeShare(plan, hits, plan.n);
      if (verdict === "about") return pass(evidence);
      return fail(verdict === "too-little" ? "too-few" : "too-many", evidence);
    },
  });
