import type { V1Deployment } from "@kubernetes/client-node";
import { type Check, check } from "../../../checkers/core/check.ts";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { probeFailure, refusal, troubleOf, unsettled, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { isRecreate, shownStrategy } from "./objects.ts";

/** A Deployment of this name in the default namespace, where applies go astray; undefined where that can't be seen. */
const astray = (cluster: Cluster, name: string): Promise<V1Deployment | undefined> =>
  cluster.get(kinds.Deployment, name, { namespace: "default" }).catch(() => undefined);

/** The ground of the others: the Deployment replaces its pods a few at a time, and what it wants is there. */
export const strategy = (f: Facts): Check => {
  const { deployment, replicas } = f;
  return check({
    title: `${deployment} is updated a few pods at a time, and all ${replicas} are ready`,
    points: 1,
    mode: "observe",
    within: "3m",
    evidence: "state",
    why: "A Deployment keeps two ReplicaSets during an update and moves the number from one to the other, within the bounds of maxSurge and maxUnavailable. Recreate has no such bounds: the old ones go to zero first.",
    failures: {
      recreate: {
        untouched: true,
        says: "The strategy is Recreate: every update begins by ending all pods.",
        hints: [
          "kubectl explain deployment.spec.strategy lists the two types there are.",
          `In ${deployment}.yaml, type: RollingUpdate, with rollingUpdate: and its two numbers below it. Then apply the file.`,
        ],
      },
      "no-deployment": {
        says: `There is no Deployment ${deployment} in this lab's namespace.`,
        hints: [
          "kubectl get deployments lists what is there.",
          `kubectl apply -f ${deployment}.yaml from your folder brings it back. Its history is gone with it.`,
          `It isn't listed after an apply? kubectl get deployments -A | grep ${deployment}: this lab's namespace is ${f.namespace}.`,
        ],
      },
      "wrong-namespace": {
        unreachable: "it takes a Deployment in the namespace default, which runs that share a cluster leave alone",
        says: `The Deployment ${deployment} is in the namespace default, not in this lab's.`,
        hints: [
          "metadata.namespace in the manifest comes first, -n on the command line next, the context last.",
          `Apply it again without a namespace in the manifest, and remove the stray one: kubectl delete deployment ${deployment} -n default`,
        ],
      },
      paused: {
        says: "The Deployment is paused: it takes in every change and acts on none.",
        hints: [
          "You asked it to hold still while you changed several things. What is the opposite of pause?",
          `kubectl rollout resume deployment/${deployment}`,
        ],
      },
      "wrong-count": {
        says: "The Deployment asks for another number of pods than the task does.",
        hints: [
          `kubectl get deployment ${deployment} shows the number wanted.`,
          `kubectl scale deployment ${deployment} --replicas=${replicas}, and mend the manifest as well.`,
        ],
      },
      stuck: {
        says: "An update is under way that cannot get anywhere: its new pods do not start. The old ones still serve, as far as the strategy let them.",
        hints: [
          "The evidence has the reason. Is it the image's name, the program's arguments, or room on the nodes?",
          `First get out of it: kubectl rollout undo deployment/${deployment} goes back to the revision before.`,
          `The versions there are: ${f.first}, ${f.kept} and ${f.undone} of ${f.repository}.`,
        ],
      },
      "not-ready": {
        says: "New pods run but do not become ready, so the update waits for them.",
        hints: [
          "The evidence has the kubelet's own words: which port and path did it ask, and what came back?",
          `The readiness probe asks for /ready on port ${f.port}. kubectl rollout undo takes the change back meanwhile.`,
        ],
      },
      refused: {
        says: "The API server accepted the Deployment but refuses to create its pods.",
        hints: [
          "A Deployment is checked when you apply it, its pods only when they are made. The refusal is in the evidence.",
          "Whatever the template names must exist in this namespace. This lab needs no serviceAccountName.",
        ],
      },
    },
    async observe({ cluster }) {
      const found = await workload(cluster, deployment);
      if (!found) {
        const stray = await astray(cluster, deployment);
        return fail(stray ? "wrong-namespace" : "no-deployment", {
          object: `deployment/${deployment}`,
          path: "metadata.namespace",
          expected: f.namespace,
          actual: stray ? "default" : "not found",
          command: stray ? `kubectl get deployment ${deployment} -n default` : "kubectl get deployments",
        });
      }
      const { spec } = found.deployment;
      const evidence: Evidence = {
        object: `deployment/${deployment}`,
        path: "spec.strategy",
        expected: "RollingUpdate",
        actual: shownStrategy(found.deployment),
        command: `kubectl describe deployment ${deployment}`,
      };
      if (isRecreate(found.deployment)) return fail("recreate", evidence);
      if (spec?.paused)
        return fail("paused", { ...evidence, path: "spec.paused", expected: "not set", actual: "true" });
      const want = spec?.replicas ?? 1;
      if (want !== replicas) {
        return fail("wrong-count", {
          ...evidence,
          path: "spec.replicas",
          expected: String(replicas),
          actual: String(want),
        });
      }
      const refused = refusal(found.deployment);
      if (refused) return fail("refused", refused);
      const trouble = found.newest.map(troubleOf).find((one) => one !== undefined);
      if (trouble) return fail("stuck", trouble.evidence);
      const why = unsettled(found.deployment);
      if (!why) return pass(evidence);
      // Once an update is through, a pod that is unready for a moment is no update that is stuck.
      const through = (found.deployment.status?.conditions ?? []).some(
        (one) => one.type === "Progressing" && one.reason === "NewReplicaSetAvailable",
      );
      if (through) return waiting(why, evidence);
      const events = await cluster.list(kinds.Event);
      const unready = found.newest
        .map((pod) => probeFailure(pod, events, Date.now(), 20_000))
        .find((one) => one !== undefined);
      return unready ? fail("not-ready", unready) : waiting(why, evidence);
    },
  });
};
