import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { unsettled } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { copyOf, type Update, underLoad } from "./copy.ts";
import { isRecreate, shownStrategy } from "./objects.ts";

/**
 * Updates a copy of the learner's Deployment under load and counts. At f.rate requests a second, one connection each, a pod whose port closes
 * while others still send to it costs several requests; three pods are replaced, so that the chance to see none of it is small.
 * Right: RollingUpdate with readiness and a pause before SIGTERM (preStop by command or by sleep), or a process that drains by itself.
 * Wrong: Recreate; no preStop; a grace period shorter than the pause; no readiness probe.
 */
export const noFailedRequest = (f: Facts): Check =>
  check({
    title: "An update under load loses no request",
    points: 5,
    mode: "disturb",
    within: "3m",
    evidence: "state",
    alone: "load",
    needs: ["strategy"],
    why: "Each new pod got requests only once it was ready, and each old pod went on answering until the nodes had stopped sending to it: the endpoint is removed at the moment of deletion, the preStop pause lets that news arrive, and only then does SIGTERM close the port.",
    failures: {
      "cut-off": {
        says: "Requests were lost as old pods ended: for a moment nodes still sent to a port that was already closed.",
        hints: [
          "When a pod is deleted, two things start at once: SIGTERM goes to the process, and the news that it leaves goes to every node. Which arrives first?",
          "Let the pod wait before SIGTERM is sent: kubectl explain pod.spec.containers.lifecycle.preStop. How many seconds does the news take at most?",
          "A preStop that sleeps for 5 to 10 s is plenty, and it counts against terminationGracePeriodSeconds, which must be longer: a grace of 3 s cuts a sleep of 10 short.",
        ],
      },
      "too-early": {
        says: "New pods were sent requests before their model was loaded.",
        hints: [
          "How does the cluster know that a new pod can serve? Look at the statuses in the evidence: 503 is the program saying that it still loads.",
          "Without a readiness probe a pod counts as ready as soon as its process exists, and the update goes on to replace the next one.",
          `Keep the readinessProbe of the manifest: httpGet /ready on port ${f.port}.`,
        ],
      },
      "too-slow": {
        says: `The update was not through after ${f.updateLimit} s.`,
        hints: [
          "How long does one pod take, and how many are replaced at a time? maxSurge says how many may be added, minReadySeconds how long each must stay ready before the next.",
          `With ${f.replicas} pods one after the other, minReadySeconds counts ${f.replicas} times. A few seconds of it are useful; here none are needed.`,
        ],
      },
    },
    async observe(scene) {
      const { cluster } = scene;
      const [deployment, service] = await Promise.all([
        cluster.get(kinds.Deployment, f.deployment),
        cluster.get(kinds.Service, f.service),
      ]);
      if (!deployment) return waiting(`there is no deployment/${f.deployment}`);
      const why = unsettled(deployment);
      if (why) return waiting(`${why}; the update is measured when that is over`);
      const strategy: Evidence = {
        object: `deployment/${f.deployment}`,
        path: "spec.strategy",
        expected: "replaces pods a few at a time",
        actual: shownStrategy(deployment),
        command: `kubectl describe deployment ${f.deployment}`,
      };
      if (isRecreate(deployment))
        return waiting("the strategy is Recreate, whose gap the experiment measures", strategy);
      const settling = deployment.spec?.minReadySeconds ?? 0;
      if (settling > f.updateLimit) {
        return fail("too-slow", {
          ...strategy,
          path: "spec.minReadySeconds",
          expected: `an update within ${f.updateLimit} s`,
          actual: `each new pod must stay ready for ${settling} s first`,
        });
      }
      const copy = await copyOf(scene, f, deployment, service);
      const { flow, took } = await underLoad(scene, f, copy);
      const first = flow.failures[0];
      const statuses = Object.entries(flow.statuses)
        .map(([status, n]) => `${status === "0" ? "no answer" : status}: ${n}`)
        .join(", ");
      const evidence: Evidence[] = [
        {
          object: `a copy of deployment/${f.deployment}, updated under ${f.rate} requests a second`,
          path: `${flow.sent} requests`,
          expected: "0 failed",
          actual: `${flow.failed} failed (${statuses})${first ? `; the first after ${(first.at / 1000).toFixed(1)} s: ${first.error ?? first.status}` : ""}`,
        },
        strategy,
        {
          object: "the same copy",
          path: "time until the last old pod was gone",
          expected: `at most ${f.updateLimit} s`,
          actual: lasting(took, f.updateLimit),
        },
      ];
      if (flow.failed > 0) {
        const loading = flow.statuses["503"] ?? 0;
        return fail(loading > flow.failed / 2 ? "too-early" : "cut-off", evidence);
      }
      return took === undefined ? fail("too-slow", evidence) : pass(evidence);
    },
  });

/** How long an update took, as evidence. `limit`: seconds. */
function lasting(took: Update["took"], limit: number): string {
  if (took === undefined) return `more than ${limit} s`;
  return took === "enough" ? "not followed to its end, since requests were lost" : `${took} s`;
}
