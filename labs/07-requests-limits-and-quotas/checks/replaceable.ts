import type { V1Deployment } from "@kubernetes/client-node";
import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { unsettled } from "../../../checkers/core/workload.ts";
import { refuser } from "../ask.ts";
import type { Facts } from "../facts.ts";

/** The pod that the Deployment's controller would ask for if one were missing. */
const nextPod = ({ spec }: V1Deployment, name: string): Record<string, unknown> => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { generateName: `${name}-`, labels: spec?.template.metadata?.labels },
  spec: spec?.template.spec,
});

/** Whether each Deployment's next pod would be let in: running today says nothing about being replaced tonight. */
export const replaceable = (f: Facts): Check =>
  check({
    title: `Under the LimitRange, a pod of ${f.deployment} or ${f.scorer} that dies can be replaced`,
    points: 4,
    mode: "sample",
    within: "60s",
    evidence: "state",
    alone: false,
    why: "Admission looks at pods when they are created, and Deployments create pods at moments nobody chooses: a crash, a drain, a rollout. A template that fits the rules today is what makes tonight's replacement possible.",
    failures: {
      "no-limit-range": {
        untouched: true,
        says: "There is no LimitRange yet, so nothing could be refused for its size.",
        hints: ["Put the LimitRange in place first; then see what it means for the pods that are there already."],
      },
      "no-deployment": {
        says: "One of the two Deployments is gone, so nothing would be replaced at all.",
        hints: [
          "Both were there when the lab began, and their manifests are in your folder.",
          "kubectl apply -f ml-inference.yaml -f batch-scorer.yaml, with resources that fit the LimitRange.",
        ],
      },
      "below-minimum": {
        says: "The running pods are from before the LimitRange. The next one is below its minimum and will be refused: at the next deletion, drain or rollout a replica is lost and stays lost.",
        hints: [
          "Delete one pod and watch: kubectl get deployment shows 1/2, and kubectl describe replicaset says who refuses.",
          `Requests of 50m and 64Mi were fine in lab 02. What does the LimitRange ask of each container at least?`,
          `Raise the requests in the template to at least ${f.minCpu} and ${f.minMemory} (the limits must not be lower), and apply.`,
        ],
      },
      "above-maximum": {
        says: `A container of the template is larger than the LimitRange allows, so the next pod will be refused.`,
        hints: [
          `The LimitRange allows a container ${f.maxCpu} cores and ${f.maxMemory}. Mind the units: cpu: 100 is a hundred cores, 100m a tenth of one.`,
        ],
      },
      "over-quota": {
        says: "The next pod fits the LimitRange but not what is left of the quota.",
        hints: [
          "kubectl describe quota: which resource has Used near Hard, and who uses it?",
          "Pods that are Pending count as well. Remove experiments you no longer need: kubectl delete -f edge.yaml",
        ],
      },
      refused: {
        says: "The API server would refuse the next pod for another reason than its size.",
        hints: ["Its words are in the evidence. Whatever they name must exist, or be allowed, in this namespace."],
      },
    },
    async observe({ cluster, probes }) {
      const [ranges, ...deployments] = await Promise.all([
        cluster.list(kinds.LimitRange),
        cluster.get(kinds.Deployment, f.deployment),
        cluster.get(kinds.Deployment, f.scorer),
      ]);
      const evidence: Evidence[] = [];
      if (ranges.length === 0) {
        return fail("no-limit-range", {
          object: "limitranges",
          expected: f.limitRange,
          actual: "none in this namespace",
          command: "kubectl get limitranges",
        });
      }
      const failed = new Set<"below-minimum" | "above-maximum" | "over-quota" | "refused">();
      for (const [index, name] of [f.deployment, f.scorer].entries()) {
        const deployment = deployments[index];
        const at = { object: `deployment/${name}`, path: "its next pod, by server dry-run", expected: "let in" };
        if (!deployment) {
          const actual = "there is no such Deployment";
          return fail("no-deployment", { ...at, actual, command: "kubectl get deployments" });
        }
        const asked = await probes.dryRun(nextPod(deployment, name));
        const command = `kubectl get deployment ${name} -o jsonpath='{.spec.template.spec.containers[*].resources}'`;
        evidence.push({ ...at, actual: asked.accepted ? "let in" : asked.message, command });
        if (asked.accepted) continue;
        const who = refuser(asked.message);
        if (who === "limit-range") failed.add(/\bminimum\b/.test(asked.message) ? "below-minimum" : "above-maximum");
        else failed.add(who === "quota" ? "over-quota" : "refused");
      }
      const [first] = failed;
      if (first) return fail(first, evidence);
      const moving = deployments.flatMap((one) => (one ? [unsettled(one)] : [])).find((one) => one !== undefined);
      return moving ? waiting(moving, evidence) : pass(evidence);
    },
  });
