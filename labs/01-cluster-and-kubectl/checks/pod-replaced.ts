import { check } from "../../../checkers/core/check.ts";
import { fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { at, brokenFailure, fleet } from "../reading.ts";

/** A Deployment's first ReplicaSet is there within this time, in seconds. */
const secondsToStart = 3;

/**
 * A pod younger than the end of the last rollout was made for no other reason than that one was missing.
 * Right: delete a pod; delete all of them; evict or drain; scale to 0 and back; delete the ReplicaSet with its pods.
 * Wrong: end the process (the container restarts, the pod stays); rollout restart (a changed template, not a missing pod);
 * leave the Deployment at another number; delete the Deployment.
 */
export const podReplaced = (f: Facts) =>
  check({
    title: `A pod of ${f.deployment} has been replaced`,
    points: 3,
    mode: "observe",
    within: "90s",
    evidence: "state",
    why: `Nobody named the new pod or said when to make it: the ReplicaSet controller compared ${f.replicas} wanted with those it found, and made what was missing. It does so whatever the cause: a deletion, a dead node, a slip of the fingers. Controllers keep no list of things to do; they look and compare. That is why they survive their own restarts and missed messages.`,
    failures: {
      never: {
        says: "All pods are those of the first rollout; none has been replaced yet.",
        hints: [
          "The Deployment only makes a pod when one is missing. Who could make one go missing?",
          "kubectl get pods shows their names; kubectl delete takes a kind and a name.",
          `kubectl delete pod with one of the names that start with ${f.deployment}. Then look at AGE in kubectl get pods.`,
        ],
        untouched: true,
      },
      restarted: {
        says: "A container was restarted inside its pod, but the pod is the same: same name, same address, same age.",
        hints: [
          "RESTARTS counts what the kubelet did inside a pod. This task is about the pod as a whole.",
          "What has to disappear is the Pod object. kubectl has a verb for that.",
          "kubectl delete pod NAME, and watch the list: kubectl get pods --watch",
        ],
      },
      "rolled-out": {
        says: "These pods come from a rollout: the pod template changed and the Deployment exchanged them. None has gone missing and been made up for since.",
        hints: [
          "kubectl rollout restart, kubectl set image and edits of the template make new pods on request. Here the point is what happens without one.",
          "Take a pod away now, after the rollout is done, and change nothing else.",
        ],
      },
      resized: {
        says: "The Deployment wants another number of pods than the task asks for, so what you see is a new wish and not a repaired one.",
        hints: [
          "Compare READY in kubectl get deployment with the number in the task.",
          "kubectl scale deployment takes --replicas. Set it back to the number in the task, then delete a pod and leave the number alone.",
        ],
      },
      broken: brokenFailure(f.deployment),
      "no-deployment": {
        says: "The Deployment is gone, and with it the wish: nobody is left to make pods.",
        hints: [
          "Deleting a Deployment deletes its ReplicaSets and their pods too (garbage collection follows ownerReferences). Deleting one pod was enough.",
          "Reset the lab to get the Deployment back: the button in the workbench, or ./workbook reset 01. Then delete a pod only.",
        ],
      },
    },
    async observe({ cluster }) {
      const seen = await fleet(cluster, f.deployment);
      const object = `deployment/${f.deployment}`;
      const command = `kubectl get deployment,replicaset,pods -l app=${f.app}`;
      if (!seen) return fail("no-deployment", { object, expected: "present", actual: "not found", command });
      const { deployment, sets, wanted, pods, unsettled, trouble } = seen;
      if (wanted !== f.replicas) {
        return fail("resized", {
          object,
          path: "spec.replicas",
          expected: `${f.replicas}`,
          actual: `${wanted}`,
          command,
        });
      }
      if (unsettled && trouble) return fail("broken", trouble);
      const done = deployment.status?.conditions?.find(
        ({ type, reason }) => type === "Progressing" && reason === "NewReplicaSetAvailable",
      );
      if (unsettled || !done) return waiting(unsettled ?? `the rollout of ${object} is in progress`);
      const rolledOut = at(done.lastUpdateTime);
      const younger = pods.filter((pod) => at(pod.metadata?.creationTimestamp) > rolledOut);
      const time = (moment: number) => `${new Date(moment).toISOString().slice(11, 19)} UTC`;
      const evidence = {
        object: `pods of ${object}`,
        path: "metadata.creationTimestamp",
        expected: `one made after the rollout ended (${time(rolledOut)})`,
        actual: pods
          .map((pod) => `${pod.metadata?.name} ${time(at(pod.metadata?.creationTimestamp))}`)
          .sort()
          .join(", "),
        command: "kubectl get pods --sort-by=.metadata.creationTimestamp",
      };
      const revision = deployment.metadata?.annotations?.["deployment.kubernetes.io/revision"] ?? "1";
      // The first revision's ReplicaSet is made with the Deployment. A later one stands in for one that was deleted with its pods.
      const born = at(deployment.metadata?.creationTimestamp) + secondsToStart * 1000;
      const remade =
        revision === "1" && sets.length > 0 && sets.every((set) => at(set.metadata?.creationTimestamp) > born);
      if (younger.length > 0 || remade) return pass(evidence);
      if (pods.some((pod) => pod.status?.containerStatuses?.some(({ restartCount }) => restartCount > 0))) {
        return fail("restarted", evidence);
      }
      return fail(revision === "1" ? "never" : "rolled-out", evidence);
    },
  });
