import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { attempts, usersRequests } from "./counters.ts";
import { asUsers, entryOf, noRoute, onItsWay } from "./entry.ts";
import { shownStatuses, shownVersions } from "./fleet.ts";

/**
 * Prometheus says whether the faulty release ever served and failed, 200 requests whether it still does (a share of 10 % stays unseen once in
 * 1.4e9, 0.9^200). Right: weight 0, the canary scaled to 0, deleted or undone; a sound release in its place. Wrong: never shipped; never given any
 * traffic; still serving; back beyond the promoted version; back, but with part of the requests led to nobody.
 */
export const rolledBack = (f: Facts): Check =>
  check({
    title: `${f.bad} was shipped, failed, and is out: ${f.second} serves, without errors`,
    points: 3,
    mode: "sample",
    within: "60s",
    evidence: "process",
    alone: false,
    why: "Going back was a matter of a second because the stable version had never left: its pods were running, warm, with nine tenths of the traffic. Nothing had to be built, pulled or started. That is the difference to a rolling update, where the old pods have to come back first.",
    failures: {
      "not-shipped": {
        untouched: true,
        says: `Prometheus has not counted a single user's request answered by ${f.bad}.`,
        hints: [
          `Send ${f.bad} out as the canary: the canary's Deployment takes its settings from ConfigMap ${f.badRelease}, and the route gives it ten percent.`,
          `Place (d) of canary.yaml is for a release's settings: they come from the ConfigMap ${f.badRelease}. Apply the file, and only then set the weights.`,
          `Did it serve, and nobody counted? The pod's annotations prometheus.io/scrape and prometheus.io/port must be there. And are the users at work: kubectl get deployment ${f.users}`,
        ],
      },
      unseen: {
        says: `${f.bad} went before one failure of it was counted: it was taken back without a reason that could be shown.`,
        hints: [
          "A canary needs requests, and Prometheus needs a scrape (every 5 s), before there is anything to decide upon. How many requests did it get?",
          "At one request a second and one failure in five, the first comes after five seconds on average. Ship it again, and look at the failures by version before you act.",
        ],
      },
      "still-there": {
        says: `${f.bad} still answers users, and fails one in five of them.`,
        hints: [
          "Which is the fastest way to take it out of the traffic? What gave it its share?",
          "The route's weights: 100 and 0. Without weights: scale the canary's Deployment to 0.",
        ],
      },
      "wrong-version": {
        says: `${f.first} answers again: that is further back than the release that was wrong.`,
        hints: [
          `${f.second} had been promoted. Is deployment/${f.deployment} at its image still?`,
          `Taking the canary out is enough: the stable Deployment needs no undo. kubectl set image deployment/${f.deployment} ${f.container}=${f.newImage} repairs it.`,
        ],
      },
      failing: {
        says: `${f.bad} is out, and still requests fail.`,
        hints: [
          "The evidence counts answers by status. 500 with a version comes from a pod; 500 or 503 without one from the gateway, which has nobody to ask.",
          "A backendRef with a weight must lead to a Service with endpoints: kubectl get endpointslices. Give the route's weight to the stable Service alone, or bring the canary's pods back.",
        ],
      },
    },
    async observe(scene) {
      const entry = await entryOf(scene.cluster, f);
      if (!entry) return fail("not-shipped", noRoute(f));
      const tried = attempts(await usersRequests(scene), f.bad);
      const requests = Math.round(tried.reduce((sum, one) => sum + one.requests, 0));
      const failed = Math.round(tried.reduce((sum, one) => sum + one.failed, 0));
      const counted: Evidence = {
        object: `users' requests answered by ${f.bad}, as Prometheus counted them`,
        path: "failed, of all",
        expected: "1 or more",
        actual: `${failed} of ${requests}`,
      };
      if (requests === 0) return fail("not-shipped", counted);
      const late = onItsWay(entry, Date.now());
      if (late && !entry.refused) return waiting(late, counted);
      const sample = await asUsers(scene.probes, entry, f.own);
      const split: Evidence = {
        object: `${sample.sent} requests for ${f.host}/predict`,
        path: "answers by version",
        expected: `by ${f.second} (and a sound canary); none by ${f.bad}`,
        actual: shownVersions(sample),
        command: `kubectl get httproute ${entry.route.metadata.name} -o yaml`,
      };
      if (sample.versions[f.bad]) return fail("still-there", [split, counted]);
      const errors = sample.sent - (sample.statuses["200"] ?? 0);
      const healthy: Evidence = { ...split, path: "answers", expected: "200: all", actual: shownStatuses(sample) };
      if (errors > 0) return fail("failing", [healthy, split]);
      if (sample.versions[f.first]) return fail("wrong-version", [split, counted]);
      if (failed === 0) return fail("unseen", counted);
      return pass([split, healthy, counted]);
    },
  });
