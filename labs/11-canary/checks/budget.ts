import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { attempts, cost, everScraped, usersRequests } from "./counters.ts";
import { fleetOf } from "./fleet.ts";

/** Seconds without a request after which a release counts as out: two scrapes and a little more. */
const quiet = 12;
/** Seconds a ready pod may be unknown to Prometheus. */
const unknown = 15;

/**
 * What the faulty release cost, counted by Prometheus from its first request on. The objective is 99.8 % of an hour's 36,000 requests, so 72 may
 * fail: that is the budget, and burned = failed / 72. A new try (45 s without any of its requests lie between) is a release of its own and has a
 * budget of its own, so one may learn from a first one that went wrong. Right: any rollback in time. Wrong: everything at once (2 failures a second:
 * over after 36 s); ten percent, forgotten for six minutes; a pod that nobody scrapes, whose failures are nobody's business.
 */
export const budget = (f: Facts): Check =>
  check({
    title: `What ${f.bad} cost stays within the error budget: at most ${f.budget} failed requests`,
    points: 4,
    mode: "sample",
    within: "60s",
    evidence: "process",
    alone: false,
    why: `An error budget turns "how bad is it" into a number that runs down. One failure in five at ten percent of the traffic burns it ten times slower than at a hundred: minutes to notice, to look and to decide, instead of seconds. The canary did not prevent the fault; it set its price.`,
    failures: {
      "not-shipped": {
        untouched: true,
        says: `${f.bad} has not answered any user yet, so it has cost nothing.`,
        hints: [`Ship ${f.bad} as the canary, at ${f.share} %, and watch the failures by version.`],
      },
      uncounted: {
        says: `${f.bad} runs where Prometheus does not see it: its failures are real, and nobody counts them.`,
        hints: [
          "The first task of this lab made sure that a canary is scraped. What is different now?",
          `spec.template.metadata.annotations of the canary: prometheus.io/scrape: "true", prometheus.io/port: "${f.port}".`,
        ],
      },
      overspent: {
        says: `More than ${f.budget} users' requests failed before ${f.bad} was out: the hour's error budget is gone.`,
        hints: [
          "How long did it serve, and with what share? The evidence has both. Which of the two would you change?",
          `Go back first (weights 100 and 0), and find out why afterwards. Then try again: wait a minute, ship ${f.bad} once more at ${f.share} %, and each try has a budget of its own.`,
          "Have the command that takes it back typed and ready before you ship. At ten percent you have about six minutes, at a hundred about half of one.",
        ],
      },
    },
    async observe(scene) {
      const tried = attempts(await usersRequests(scene), f.bad);
      const last = tried.at(-1);
      if (!last) {
        const [one] = (await fleetOf(scene, f)).filter(({ ready, version }) => ready && version === f.bad);
        if (!one) return fail("not-shipped");
        const began = one.pod.status?.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime;
        const seconds = began ? (Date.now() - new Date(began).getTime()) / 1000 : 0;
        if (seconds > unknown && !(await everScraped(scene, f.bad))) {
          return fail("uncounted", {
            object: `pod/${one.name}`,
            path: "series in Prometheus",
            expected: `http_requests_total{version="${f.bad}"}`,
            actual: "none",
            command: `kubectl get pod ${one.name} -o jsonpath='{.metadata.annotations}'`,
          });
        }
        return waiting(`${f.bad} is ready, and no user's request to it has been counted yet`);
      }
      const { failed, burned, seconds } = cost(last, f);
      const evidence: Evidence[] = [
        {
          object: `users' requests answered by ${f.bad}${tried.length > 1 ? `, try ${tried.length}` : ""}, as Prometheus counted them`,
          path: "failed",
          expected: `at most ${f.budget}: ${f.planned.toLocaleString("en")} requests an hour × ${(100 - f.objective).toFixed(1)} %`,
          actual: `${failed} of ${Math.round(last.requests)}: ${burned} % of the budget burned`,
        },
        {
          object: "the same",
          path: "from its first request to its last",
          expected: "short",
          actual: `${seconds} s`,
        },
      ];
      if (failed > f.budget) return fail("overspent", evidence);
      if (Date.now() / 1000 - last.to < quiet)
        return waiting(`${f.bad} was answering users a moment ago: ${failed} of ${f.budget} burned so far`, evidence);
      return pass(evidence);
    },
  });
