import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { refusal, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { matches, nameOf, shown } from "./objects.ts";

/** The pods' own labels, whatever the Deployment's say. */
export const labels = ({ deployment, app, tier }: Facts): Check =>
  check({
    title: `The pods carry app=${app} and tier=${tier}`,
    points: 2,
    mode: "observe",
    within: "30s",
    evidence: "state",
    why: "Labels are the only thing that joins a Service, a Deployment, a dashboard or a network policy to pods. They are copied from the pod template when a pod is made, and never afterwards: that is where they belong.",
    failures: {
      "no-deployment": {
        untouched: true,
        says: "There is no Deployment yet, so there are no pods to carry labels.",
        hints: ["Apply the Deployment first; its pods get their labels from spec.template.metadata.labels."],
      },
      "only-on-deployment": {
        says: "The Deployment itself has the labels, its pods don't: a selector looks at pods.",
        hints: [
          "The manifest has two places called metadata.labels. Whose labels is each?",
          "kubectl get pods --show-labels shows what the pods have. Theirs come from spec.template.metadata.labels.",
          "Move or copy the missing label under template: → metadata: → labels: and apply; the pods are replaced by labelled ones.",
        ],
      },
      differ: {
        says: "A label is missing from the pods or has another value than the task's.",
        hints: [
          "kubectl get pods -L app,tier shows both as columns.",
          `Under template: → metadata: → labels: there should stand app: ${app} and tier: ${tier}; more labels do no harm.`,
        ],
      },
    },
    async observe({ cluster }) {
      const work = await workload(cluster, deployment);
      const command = "kubectl get pods -L app,tier";
      if (!work) {
        return fail("no-deployment", {
          object: `deployment/${deployment}`,
          expected: "exists",
          actual: "not found",
          command: "kubectl get deployments",
        });
      }
      const template = work.deployment.spec?.template.metadata?.labels;
      const pods = work.newest.map((pod) => ({ object: `pod/${nameOf(pod)}`, labels: pod.metadata?.labels }));
      if (pods.length === 0 && !refusal(work.deployment)) return waiting("the pods are being made");
      // Pods that are refused would have had the template's labels: what they are refused for is another check's matter.
      const bearers = pods.length > 0 ? pods : [{ object: `deployment/${deployment} (template)`, labels: template }];
      const wanted = { app, tier };
      const evidence = bearers.map(
        ({ object, labels }): Evidence => ({
          object,
          path: "metadata.labels",
          expected: shown(wanted),
          actual: shown(labels),
          command,
        }),
      );
      if (bearers.every(({ labels }) => matches(wanted, labels))) return pass(evidence);
      return fail(matches(wanted, work.deployment.metadata?.labels) ? "only-on-deployment" : "differ", evidence);
    },
  });
