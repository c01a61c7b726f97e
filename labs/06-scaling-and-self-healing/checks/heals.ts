import { type Check, check } from "../../../checkers/core/check.ts";
import { gettingReady } from "../../../checkers/core/getting-ready.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { refusal, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { untilHealed } from "./deletion.ts";
import { nameOf, readyPods } from "./objects.ts";

/**
 * Deletes a pod and takes the time until as many as before are ready.
 * Right: any Deployment whose pods become ready in time. Wrong: a probe that waits a minute; a quota that leaves no room for a successor.
 * n = 1; what it measures takes seconds and the limit is far from it, so chance decides nothing.
 */
export const heals = (lab: Facts): Check => {
  const { deployment, replicas, healWithin } = lab;
  return check({
    title: `A deleted pod is made up for within ${healWithin} s`,
    points: 3,
    mode: "disturb",
    within: "75s",
    evidence: "state",
    alone: false,
    why: "Nobody had to notice a death: the ReplicaSet's controller was told of a change, counted one too few and made one, in well under a second. What took the time was the new pod's own start: scheduling, the container, the model, the first successful readiness probe. That time is yours to shorten, and it is the same whether you scale, roll out or lose a node.",
    failures: {
      "too-few": {
        untouched: true,
        says: `Fewer than ${replicas} pods of ${deployment} are ready, so there is nothing to come back to.`,
        hints: [
          `First bring the Deployment to ${replicas} ready pods: the first task.`,
          `kubectl get pods -l app=${lab.app} shows how far it is.`,
        ],
      },
      slow: {
        says: `The successor was made at once, but it was not ready ${healWithin} s later: until then the others carry its share.`,
        hints: [
          "What does a new pod of yours wait for? kubectl get pods --watch, and delete one.",
          "kubectl describe pod on the new one: Events say when the container started and what its probes got; the rest of the time is waiting that someone asked for.",
          "initialDelaySeconds holds back the first look of a probe, also where the program is ready long before. A readiness probe needs none: let it ask every second or two from the start.",
        ],
      },
      refused: {
        says: "The ReplicaSet wanted to make a successor and the API server refused it: this service loses a pod for good each time.",
        hints: [
          "The refusal is in the evidence: who said no, and what is used up?",
          "kubectl get resourcequota shows used and hard. Pods that are leaving count until they are gone, so a quota needs room for more than the replicas.",
          "Remove the quota, or raise it above what the Deployment needs while a pod is replaced.",
        ],
      },
    },
    async observe(scene) {
      const { cluster, probes } = scene;
      const work = await workload(cluster, deployment);
      const before = (await readyPods(cluster, deployment)).map(nameOf);
      const progress = work ? await gettingReady(cluster, work) : undefined;
      if (progress?.state === "waiting") return waiting(progress.why);
      const [victim] = before;
      if (before.length < replicas || victim === undefined) {
        return fail("too-few", {
          object: `deployment/${deployment}`,
          path: "ready pods",
          expected: String(replicas),
          actual: String(before.length),
          command: `kubectl get deployment ${deployment}`,
        });
      }
      await probes.disturb.deletePod(victim);
      const { healed, heir } = await untilHealed(scene, lab, before, victim, performance.now(), healWithin * 1_000);
      const evidence: Evidence = {
        object: `deployment/${deployment}`,
        path: `seconds until ${before.length} are ready again, after pod/${victim} was deleted`,
        expected: `at most ${healWithin}`,
        actual:
          healed === undefined
            ? `not within ${healWithin}`
            : `${(healed / 1_000).toFixed(1)}${heir ? `, with pod/${heir}` : ""}`,
        command: "kubectl get pods --sort-by=.metadata.creationTimestamp",
      };
      if (healed !== undefined) return pass(evidence);
      const after = await workload(cluster, deployment);
      const refused = after && refusal(after.deployment);
      return refused ? fail("refused", [refused, evidence]) : fail("slow", evidence);
    },
  });
};
