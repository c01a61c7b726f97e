import { type Check, check } from "../../../checkers/core/check.ts";
import { gettingReady } from "../../../checkers/core/getting-ready.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";

/** The count, and why the pods do not get going where they do not. */
export const fourReplicas = (lab: Facts): Check => {
  const { deployment, port, replicas } = lab;
  return check({
    title: `The Deployment ${deployment} wants ${replicas} pods and has them ready`,
    points: 2,
    mode: "observe",
    within: "90s",
    evidence: "state",
    why: "Scaling is one number in the desired state. The Deployment handed it to its ReplicaSet, which counted, found two too few and made them; the scheduler found places, and the Service listed them once they were ready. No caller had to be told.",
    failures: {
      "no-deployment": {
        says: `The Deployment ${deployment} is gone, and nobody is left to keep its pods.`,
        hints: [
          "A deleted Deployment takes its ReplicaSets and pods with it. kubectl get deployments: is it there under another name?",
          `Your folder has its manifest: kubectl apply -f ${deployment}.yaml`,
        ],
      },
      "wrong-namespace": {
        unreachable: "it takes a Deployment in the namespace default, which runs that share a cluster leave alone",
        says: `The Deployment ${deployment} was applied to the namespace default, not to this lab's.`,
        hints: [
          "metadata.namespace in the manifest comes first, -n on the command line next, the context last: kubectl config view --minify | grep namespace",
          `Take the namespace: out of the manifest and apply again; remove the stray one with kubectl delete deployment ${deployment} -n default`,
        ],
      },
      "wrong-count": {
        untouched: true,
        says: `The Deployment does not ask for ${replicas} pods, so it does not get them.`,
        hints: [
          "Which field of a Deployment says how many? kubectl get deployment shows the number under READY, after the slash.",
          "Was the ReplicaSet scaled instead? The Deployment owns it, and puts it back within a moment.",
          `kubectl scale deployment/${deployment} --replicas=${replicas}, or the same number in the manifest and kubectl apply.`,
        ],
      },
      "image-pull": {
        says: "The node can't get the image, so new pods never start; the old ones are kept as long as that is so.",
        hints: [
          "Read the image's name in the evidence letter by letter, the part after the colon too.",
          `The image is ${lab.image}. Correct it and apply, or kubectl rollout undo deployment/${deployment}.`,
        ],
      },
      "crash-loop": {
        says: "The container starts and ends, again and again: the image is fine, what it is told to do isn't.",
        hints: [
          "Its last words are kept: kubectl logs POD --previous",
          "A bad value ends the start with one line that names every mistake. Which variable or argument did you change last?",
          `kubectl rollout undo deployment/${deployment} brings back the template before it.`,
        ],
      },
      unschedulable: {
        says: "There is no room: no node has as much left as one of the pods requests.",
        hints: [
          "The scheduler counts requests, not use. kubectl describe node shows under Allocated resources what is promised already.",
          "Mind the units: cpu: 50m is a twentieth of a core, cpu: 50 is fifty cores.",
          "The requests of the manifest as you found it (cpu: 50m, memory: 64Mi) fit four times.",
        ],
      },
      refused: {
        says: "The API server accepted the Deployment but refuses to create its pods.",
        hints: [
          "The refusal is in the evidence, and under Events in kubectl describe replicaset.",
          "A quota counts pods that are leaving as well: kubectl get resourcequota. A ServiceAccount that is named must exist.",
          "This lab needs neither quota nor serviceAccountName.",
        ],
      },
      "not-ready": {
        says: "Containers run, but their probe keeps failing, so they are sent nothing and count for nothing.",
        hints: [
          "The evidence has the kubelet's own words: which port and path did it ask, and what came back?",
          `The program listens on ${port} and answers /ready there. Let the readiness probe ask that.`,
        ],
      },
    },
    async observe({ cluster }) {
      const work = await workload(cluster, deployment);
      if (!work) {
        const stray = await cluster.get(kinds.Deployment, deployment, { namespace: "default" }).catch(() => undefined);
        return fail(stray ? "wrong-namespace" : "no-deployment", {
          object: `deployment/${deployment}`,
          path: "metadata.namespace",
          expected: lab.namespace,
          actual: stray ? "default" : "not found",
          command: stray ? `kubectl get deployment ${deployment} -n default` : "kubectl get deployments",
        });
      }
      const want = work.deployment.spec?.replicas ?? 1;
      const asked: Evidence = {
        object: `deployment/${deployment}`,
        path: "spec.replicas",
        expected: String(replicas),
        actual: String(want),
        command: `kubectl get deployment ${deployment}`,
      };
      if (want !== replicas) return fail("wrong-count", asked);
      const progress = await gettingReady(cluster, work);
      if (progress.state === "stuck") return fail(progress.code, progress.evidence);
      if (progress.state === "waiting") return waiting(progress.why, asked);
      const ready = work.deployment.status?.readyReplicas ?? 0;
      return pass([asked, { ...asked, path: "status.readyReplicas", actual: String(ready) }]);
    },
  });
};
