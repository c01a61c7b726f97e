import { type Check, check } from "../../../checkers/core/check.ts";
import { gettingReady } from "../../../checkers/core/getting-ready.ts";
import { fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { nameOf, names, requestOf, withoutRequest } from "./objects.ts";

/**
 * Reads the pods, not the template: what a LimitRange puts in is as good. Any amount is right; how much is sensible shows under load.
 * Wrong: none; one container of two without; the request of a Deployment that nobody runs.
 */
export const cpuRequest = (lab: Facts): Check => {
  const { deployment, request } = lab;
  return check({
    title: `Every container of ${deployment}'s pods requests CPU`,
    points: 2,
    mode: "observe",
    within: "90s",
    evidence: "state",
    why: "Utilization is a fraction: CPU used, divided by CPU requested, summed over the pod's containers. The request is the denominator, so it is part of the autoscaler's target: 50 % of 50m and 25 % of 100m are the same 25 millicores.",
    failures: {
      "no-deployment": {
        says: `The Deployment ${deployment} is gone, so there is nothing to scale.`,
        hints: ["kubectl get deployments", `Your folder has its manifest: kubectl apply -f ${deployment}.yaml`],
      },
      "no-request": {
        untouched: true,
        says: "The pods request no CPU: there is nothing to measure their use against.",
        hints: [
          "kubectl explain pod.spec.containers.resources: which of the two promises CPU, which one caps it?",
          `resources.requests.cpu in the container, ${request}m for this lab. It is part of the pod template, so new pods are made.`,
          `kubectl set resources deployment/${deployment} --requests=cpu=${request}m, or the same in ${deployment}.yaml and kubectl apply.`,
        ],
      },
      "one-without": {
        says: "One container of the pod requests CPU and another does not: the pod as a whole has no denominator.",
        hints: [
          "The evidence names the container. Sidecars count as well.",
          "Give each container a request, or let the autoscaler look at one container only: a metric of type ContainerResource. This task wants the request.",
        ],
      },
      "image-pull": {
        says: "The new pods can't get their image, so the old ones, as they were, go on.",
        hints: [
          `The image is ${lab.image}.`,
          `kubectl rollout undo deployment/${deployment} brings back the template before the last change.`,
        ],
      },
      "crash-loop": {
        says: "The new pods start and end, again and again.",
        hints: [
          "Their last words: kubectl logs POD --previous",
          `kubectl rollout undo deployment/${deployment} brings back the template before the last change.`,
        ],
      },
      unschedulable: {
        says: "No node has room for what the pods request now.",
        hints: [
          "Mind the units: cpu: 50m is a twentieth of a core, cpu: 50 is fifty cores.",
          `Request ${request}m, and kubectl describe node shows under Allocated resources what is promised already.`,
        ],
      },
      refused: {
        says: "The API server accepted the Deployment but refuses to create its pods.",
        hints: [
          "The refusal is in the evidence. A request above its own limit is refused at once; a quota or LimitRange has the last word otherwise.",
          "This lab needs neither quota nor LimitRange.",
        ],
      },
      "not-ready": {
        says: "The new pods run, but their probe keeps failing.",
        hints: [
          "The evidence has the kubelet's own words.",
          "A limit far below the request of real work starves a program until its probes time out. This lab needs no limit.",
        ],
      },
    },
    async observe({ cluster }) {
      const work = await workload(cluster, deployment);
      const command = `kubectl get pods -l app=${lab.app} -o custom-columns=POD:.metadata.name,CPU:.spec.containers[*].resources.requests.cpu`;
      if (!work) {
        return fail("no-deployment", {
          object: `deployment/${deployment}`,
          expected: "exists",
          actual: "not found",
          command: "kubectl get deployments",
        });
      }
      const progress = await gettingReady(cluster, work);
      if (progress.state === "stuck") return fail(progress.code, progress.evidence);
      if (progress.state === "waiting") return waiting(progress.why);
      const pods = work.newest.map((pod) => ({ pod, without: withoutRequest(pod) }));
      const bare = pods.find(({ without }) => without.length > 0);
      const [first] = pods;
      if (!first) return waiting("the Deployment has no pods at the moment");
      const evidence = {
        object: `pod/${nameOf((bare ?? first).pod)}`,
        path: "spec.containers[*].resources.requests.cpu",
        expected: "on every container",
        actual: bare ? `none on ${names(bare.without)}` : `${requestOf(first.pod)}m in all`,
        command,
      };
      if (!bare) return pass(evidence);
      const containers = bare.pod.spec?.containers.length ?? 1;
      return fail(bare.without.length < containers ? "one-without" : "no-request", evidence);
    },
  });
};
