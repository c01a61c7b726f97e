import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { troubleOf } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { answered } from "./counters.ts";
import { fleetEvidence, fleetOf, type Member, readyByVersion } from "./fleet.ts";

const scrape = "prometheus.io/scrape";

/**
 * Asks the pods themselves for their version, and Prometheus for its targets. Right: a second Deployment of any name and labels; a StatefulSet; one
 * pod by hand. Wrong: the first Deployment updated (all pods are new, nothing to compare with); an image that is not there; the annotation
 * left out, written as a label, or naming a port nobody listens on.
 */
export const sideBySide = (f: Facts): Check =>
  check({
    title: "Two versions run beside each other, ready, and Prometheus scrapes both",
    points: 2,
    mode: "sample",
    within: "60s",
    evidence: "state",
    alone: false,
    why: "The comparison is the point of a canary: old and new at the same moment, under the same traffic, measured in the same way. A canary that is not scraped is only a risk; you would take it and learn nothing.",
    failures: {
      "one-version": {
        untouched: true,
        says: "Only one version runs, so there is nothing to compare it with.",
        hints: [
          "The evidence counts ready pods by the version they say they are. Which one is missing, the old or the new?",
          `A canary is a second Deployment beside the first: its own metadata.name, its own labels in selector and template. kubectl get deployments should list both.`,
          `If every pod is new, you updated the first Deployment instead: kubectl rollout undo deployment/${f.deployment} brings the old ones back, kubectl scale --replicas=${f.replicas} their number. In canary.yaml, change the name at (a) before you apply it.`,
        ],
      },
      broken: {
        says: "A pod of the new version does not get going.",
        hints: [
          "The evidence has the kubelet's words. kubectl get pods shows what state the pod is in.",
          "kubectl describe pod, at the end: Events. Is the image one that exists?",
          `Versions ${f.first} and ${f.second} are images: ${f.newImage}. Later releases are the same image with other settings.`,
        ],
      },
      "not-scraped": {
        says: "Prometheus does not know of a pod that serves: what happens there, nobody will see.",
        hints: [
          "How does Prometheus find the pods of the old version? Compare what kubectl get pods -o yaml says of an old and a new one, above spec.",
          `Annotations of the pod, not of the Deployment, and not labels: they belong under spec.template.metadata.annotations.`,
          `${scrape}: "true" and prometheus.io/port: "${f.port}", both as quoted strings.`,
        ],
      },
      "target-down": {
        says: "Prometheus knows the pod, asks it for metrics, and gets none.",
        hints: [
          "The evidence has the address that is asked and what came of it. Does the process listen there?",
          `The pod serves /metrics on port ${f.port}: prometheus.io/port must say so, prometheus.io/path needs to be "/metrics" or left out.`,
        ],
      },
    },
    async observe(scene) {
      const fleet = await fleetOf(scene, f);
      const ready = readyByVersion(fleet);
      const all = fleetEvidence(fleet, f, "two versions, at least 1 pod each");
      if (ready.size < 2) {
        for (const { pod, ready: serves } of fleet) {
          const trouble = serves ? undefined : troubleOf(pod);
          if (trouble) return fail("broken", [trouble.evidence, all]);
        }
        const coming = fleet.filter((one) => !one.ready);
        if (coming.length > 0) return waiting(`${coming.map(({ name }) => name).join(", ")} not ready yet`, all);
        return fail("one-version", all);
      }
      const targets = answered(await scene.probes.prometheus().targets()).filter(
        ({ labels }) => labels.namespace === scene.namespace,
      );
      const seen: Evidence[] = [];
      let pending: string | undefined;
      for (const { name, pod } of [...ready.values()].flat() as Member[]) {
        const target = targets.find(({ labels }) => labels.pod === name);
        const evidence = (actual: string, code: string): Evidence => ({
          object: `pod/${name}`,
          path: "target in Prometheus",
          expected: "up",
          actual,
          command:
            code === "down"
              ? `kubectl describe pod ${name}`
              : `kubectl get pod ${name} -o jsonpath='{.metadata.annotations}'`,
        });
        if (target?.health === "down")
          return fail("target-down", evidence(`${target.url}: ${target.lastError}`, "down"));
        if (!target && pod.metadata?.annotations?.[scrape] !== "true")
          return fail("not-scraped", evidence(`none: the pod has no annotation ${scrape}: "true"`, "none"));
        if (target?.health === "up") seen.push(evidence(`up, ${target.url}`, "up"));
        else pending ??= `Prometheus has not scraped pod/${name} yet: it asks every 5 s`;
      }
      return pending ? waiting(pending, all) : pass([all, ...seen.slice(-2)]);
    },
  });
