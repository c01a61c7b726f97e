import type { V1Deployment } from "@kubernetes/client-node";
import { type Check, check } from "../../../checkers/core/check.ts";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { probeFailure, refusal, troubleOf, unsettled, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";

/** A Deployment of this name in the default namespace, where applies go astray; undefined where that can't be seen. */
const astray = (cluster: Cluster, name: string): Promise<V1Deployment | undefined> =>
  cluster.get(kinds.Deployment, name, { namespace: "default" }).catch(() => undefined);

/** The Deployment, its count, and why its pods do not get going where they do not. */
export const replicas = (lab: Facts): Check => {
  const { deployment, port, replicas, image } = lab;
  return check({
    title: `The Deployment ${deployment} wants ${replicas} pods and has them ready`,
    points: 3,
    mode: "observe",
    within: "90s",
    evidence: "state",
    why: "You wrote down a number; controllers made the world match it and will go on doing so. A pod that dies is missing from the count, and that is all it takes to get another.",
    failures: {
      "no-deployment": {
        untouched: true,
        says: `There is no Deployment ${deployment} in this lab's namespace.`,
        hints: [
          `Finish ${deployment}.yaml in your folder, then hand it to the cluster: kubectl apply -f ${deployment}.yaml`,
          `kubectl get deployments lists what is there. Is the name right, and the kind? kind: Deployment, metadata.name: ${deployment}.`,
          `You applied it, and it isn't listed? kubectl get deployments -A | grep ${deployment} shows where it went. This lab's namespace is ${lab.namespace}.`,
        ],
      },
      "wrong-namespace": {
        unreachable: "it takes a Deployment in the namespace default, which runs that share a cluster leave alone",
        says: `The Deployment ${deployment} is there, but in the namespace default, not in this lab's.`,
        hints: [
          "What decides the namespace of an apply? Three things can; the terminal's context is only the last of them.",
          "A namespace in the manifest's metadata decides (kubectl refuses an -n that differs). Without one, -n does; without either, the context: kubectl config view --minify | grep namespace",
          `Take the namespace: out of the manifest and apply again; remove the stray one with kubectl delete deployment ${deployment} -n default`,
        ],
      },
      "wrong-count": {
        says: "The Deployment asks for another number of pods than the task does, so that is what you get.",
        hints: [
          "A Deployment without replicas: gets one. Which field says how many?",
          `Set spec.replicas to ${replicas} and apply, or kubectl scale deployment ${deployment} --replicas=${replicas}. If you scale by hand, mend the file too: the next apply would undo it.`,
        ],
      },
      "image-pull": {
        says: "The node can't get the image, so the container never starts.",
        hints: [
          "Read the image's name in the evidence letter by letter, the part after the colon too. No tag means :latest.",
          "kubectl describe pod shows the attempts under Events. Back-off means that the kubelet tries again, later each time: waiting won't mend a wrong name.",
          `The image is ${image}. Correct it and apply: new pods replace the stuck ones.`,
        ],
      },
      "crash-loop": {
        says: "The container starts and ends, again and again: the image is fine, what it is told to do isn't.",
        hints: [
          "Its last words are kept: kubectl logs POD --previous shows what the former try said.",
          "Compare the arguments that arrived with the ones you meant: kubectl get pod POD -o jsonpath='{.spec.containers[0].args}'. Each list entry is one argument; no shell splits or unquotes them. command: replaces the program itself and isn't needed.",
          `Two arguments are wanted: -listen=:${port} and -text=…, each its own entry under args:.`,
        ],
      },
      unschedulable: {
        says: "No node can take the pod: it asks for more than any has left.",
        hints: [
          "The scheduler counts requests, not use. Compare resources.requests with what a node can give: kubectl describe nodes | grep -A 6 Allocatable",
          "Mind the units: cpu: 50m is a twentieth of a core, cpu: 50 is fifty cores; memory: 64Mi and 64Gi differ by a factor of 1,024.",
          "The skeleton's values fit: requests cpu: 50m, memory: 64Mi.",
        ],
      },
      refused: {
        says: "The API server accepted the Deployment but refuses to create its pods.",
        hints: [
          "A Deployment is checked when you apply it, its pods only when they are made. The refusal is in the evidence, and in kubectl describe replicaset.",
          "Whatever it names must exist, or be allowed, in this namespace: a ServiceAccount, a quota, a policy.",
          "This lab needs no serviceAccountName: without one the pods use the namespace's default.",
        ],
      },
      "not-ready": {
        says: "The containers run, but their probe keeps failing, so no pod may be sent requests.",
        hints: [
          "The evidence has the kubelet's own words: which port and path did it ask, and what came back?",
          "Three places must agree: the port the program listens on (-listen), the probe's port, and its path. containerPort changes none of them.",
          `Let the program listen with -listen=:${port}, nothing before the colon (127.0.0.1 would hear only its own pod), and the probe ask that port for /.`,
        ],
      },
    },
    async observe({ cluster }) {
      const work = await workload(cluster, deployment);
      if (!work) {
        const stray = await astray(cluster, deployment);
        return fail(stray ? "wrong-namespace" : "no-deployment", {
          object: `deployment/${deployment}`,
          path: "metadata.namespace",
          expected: lab.namespace,
          actual: stray ? "default" : "not found",
          command: stray ? `kubectl get deployment ${deployment} -n default` : "kubectl get deployments",
        });
      }
      const want = work.deployment.spec?.replicas ?? 1;
      const evidence: Evidence = {
        object: `deployment/${deployment}`,
        path: "spec.replicas",
        expected: String(replicas),
        actual: String(want),
        command: `kubectl get deployment ${deployment}`,
      };
      if (want !== replicas) return fail("wrong-count", evidence);
      const refused = refusal(work.deployment);
      if (refused) return fail("refused", refused);
      const troubles = work.newest.map(troubleOf).filter((one) => one !== undefined);
      const first = troubles.find((one) => one.kind !== "crash-loop");
      if (first) return fail(first.kind, first.evidence);
      const why = unsettled(work.deployment);
      if (why) {
        const events = await cluster.list(kinds.Event);
        const probed = work.newest.map((pod) => probeFailure(pod, events, Date.now())).find((one) => one !== undefined);
        if (probed) return fail("not-ready", probed);
      }
      const crash = troubles[0];
      if (crash) return fail("crash-loop", crash.evidence);
      if (why) return waiting(why, evidence);
      return pass([
        evidence,
        { ...evidence, path: "status.readyReplicas", actual: String(work.deployment.status?.readyReplicas ?? 0) },
      ]);
    },
  });
};
