import type { V1Deployment, V1Pod } from "@kubernetes/client-node";
import type { Failure } from "../../../checkers/core/check.ts";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import { type Fail, fail, type Waiting, waiting } from "../../../checkers/core/verdict.ts";
import { isReady, probeFailure, refusal, troubleOf, unsettled, workload } from "../../../checkers/core/workload.ts";

export const nameOf = (pod: V1Pod): string => pod.metadata?.name ?? "";

export type GroundCode = "no-deployment" | "refused" | "not-running";
export interface Running {
  deployment: V1Deployment;
  /** Ready pods of the present template. */
  pods: V1Pod[];
}

/** A Deployment that has come to rest with all its pods ready, or what is the matter with it. */
export async function running(
  cluster: Cluster,
  name: string,
): Promise<{ running: Running } | { outcome: Fail<GroundCode> | Waiting }> {
  const work = await workload(cluster, name);
  if (!work) {
    return {
      outcome: fail("no-deployment", {
        object: `deployment/${name}`,
        expected: "exists",
        actual: "not found",
        command: "kubectl get deployments",
      }),
    };
  }
  const refused = refusal(work.deployment);
  if (refused) return { outcome: fail("refused", refused) };
  const trouble = work.newest.map(troubleOf).find((one) => one !== undefined);
  if (trouble) return { outcome: fail("not-running", trouble.evidence) };
  const why = unsettled(work.deployment);
  const pods = work.newest.filter(isReady);
  if (!why && pods.length > 0) return { running: { deployment: work.deployment, pods } };
  const events = await cluster.list(kinds.Event);
  const probed = work.newest.map((pod) => probeFailure(pod, events, Date.now())).find((one) => one !== undefined);
  if (probed) return { outcome: fail("not-running", probed) };
  if (why) return { outcome: waiting(why) };
  return {
    outcome: fail("not-running", {
      object: `deployment/${name}`,
      path: "spec.replicas",
      expected: "at least 1",
      actual: String(work.deployment.spec?.replicas ?? 1),
      command: `kubectl get deployment ${name}`,
    }),
  };
}

/** What to say where a Deployment of this lab is not there or does not run. */
export const groundFailures = (deployment: string): Readonly<Record<GroundCode, Failure>> => ({
  "no-deployment": {
    says: `The Deployment ${deployment} is gone from this lab's namespace, so there is nothing to look at.`,
    hints: [
      `It was there when the lab began, and its manifest is in your folder: ${deployment}.yaml.`,
      `kubectl apply -f ${deployment}.yaml brings it back. If it lands elsewhere, a namespace: in the file or -n on the command line sends it there.`,
    ],
  },
  refused: {
    says: `The Deployment ${deployment} was accepted, but the API server refuses to create its pods.`,
    hints: [
      "The refusal stands in the evidence, word for word; kubectl describe replicaset has it too. Who refuses: a LimitRange, a quota, or something else?",
      "A LimitRange speaks of minimum or maximum usage per Container; a quota says exceeded quota or must specify. Anything else it names must exist in this namespace.",
      "Let the container's requests and limits fit what refused them, and apply.",
    ],
  },
  "not-running": {
    says: `The pods of ${deployment} do not get going, so nothing can be measured on them.`,
    hints: [
      "The evidence says which: an image that isn't there, a process that ends, no node with room, or a probe that fails.",
      "kubectl describe pod has the story under Events; kubectl logs POD --previous a crashed container's last words. OOMKilled means: more memory than its limit.",
      `kubectl rollout undo deployment/${deployment} goes back to the template before; then change one thing at a time.`,
    ],
  },
});
