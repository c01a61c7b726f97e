import { type Check, check } from "../../../../../checkers/core/check.ts";
import { LookError } from "../../../../../checkers/core/errors.ts";
import { type Evidence, fail, pass, waiting } from "../../../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { modelPods, nameOf } from "./reading.ts";

/** Milliseconds after its start in which a pod need not have been scraped. */
const patience = 45_000;

/** Asks Prometheus for its targets. Right: annotated pods or an annotated Service. Wrong: no annotation; another port; the canary forgotten. */
export const scraped = (f: Facts): Check =>
  check({
    title: "Prometheus scrapes every pod of the model, the canary's too",
    points: 6,
    mode: "observe",
    within: "2m",
    evidence: "state",
    task: "observe",
    domain: "observe",
    needs: ["serving"],
    why: "What is not scraped is not there for any dashboard or alert; a canary that is not scraped is released blind.",
    failures: {
      "not-scraped": {
        says: "Prometheus does not scrape every pod of the model.",
        hints: [
          "The evidence lists the pods that are missing.",
          'Annotations of the pod template: prometheus.io/scrape: "true" and prometheus.io/port with the port that has /metrics.',
        ],
      },
    },
    async observe({ cluster, probes, namespace }) {
      const answer = await probes.prometheus().targets();
      if (!answer.ok) throw new LookError(`Prometheus does not answer: ${answer.says}`, "Look again in a moment.");
      const up = answer.value
        .filter(({ labels, health }) => labels.namespace === namespace && health === "up")
        .map(({ labels }) => labels.pod);
      const pods = await modelPods(cluster, f);
      if (pods.length === 0) return waiting("no pod of the model is ready");
      const without = pods.filter((pod) => !up.includes(nameOf(pod)));
      const evidence: Evidence = {
        object: "Prometheus' targets",
        path: "up, of the model's pods",
        expected: pods.map(nameOf).sort().join(", "),
        actual:
          up
            .filter((pod) => pods.some((one) => nameOf(one) === pod))
            .sort()
            .join(", ") || "none",
        command: "kubectl get pods -o yaml | grep prometheus.io",
      };
      if (without.length === 0) return pass(evidence);
      const young = without.every((pod) => Date.now() - new Date(pod.status?.startTime ?? 0).getTime() < patience);
      return young
        ? waiting("Prometheus has not scraped the newest pods yet", evidence)
        : fail("not-scraped", evidence);
    },
  });
