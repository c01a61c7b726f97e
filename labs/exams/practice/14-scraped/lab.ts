import { check } from "../../../../checkers/core/check.ts";
import { LookError } from "../../../../checkers/core/errors.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { kinds } from "../../../../checkers/core/port.ts";
import { standing } from "../../../../checkers/core/standing.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { type Facts, facts } from "./facts.ts";

const wish = "prometheus.io/scrape";

const scraped = ({ name, port }: Facts) =>
  check({
    title: `Each pod of ${name} is a target of Prometheus, and up`,
    points: 4,
    mode: "sample",
    within: "60s",
    evidence: "state",
    alone: false,
    why: "Prometheus asks the API server for pods and keeps those whose annotations ask to be scraped. The annotations belong to the pods, so they stand in the template; on a Service they speak for the pods behind it.",
    failures: {
      "no-target": {
        says: "Not each of the pods is a target: Prometheus does not know that it should ask them.",
        hints: [
          "Annotations beside the Deployment's own name are not on its pods. spec.template.metadata is where pods get theirs from.",
          `prometheus.io/scrape: "true" and prometheus.io/port: "${port}", both as text.`,
        ],
      },
      down: {
        says: "Prometheus asks the pods, but gets no metrics from them.",
        hints: [
          "The evidence has its own words: nobody listens there, or the path is not known.",
          `The metrics are at /metrics on port ${port}.`,
        ],
      },
    },
    async observe({ cluster, probes, namespace }) {
      const found = await standing(cluster, name);
      const object = `deployment/${name}`;
      if ("waiting" in found) return waiting(found.waiting);
      if ("stuck" in found) return fail("no-target", found.stuck);
      const own = found.work.pods.map((pod) => pod.metadata?.name ?? "");
      const [answer, services] = await Promise.all([probes.prometheus().targets(), cluster.list(kinds.Service)]);
      if (!answer.ok) throw new LookError(`Prometheus does not tell its targets: ${answer.says}`);
      const targets = answer.value.filter(
        ({ labels }) => labels.namespace === namespace && own.includes(labels.pod ?? ""),
      );
      const asked = new Set(targets.map(({ labels }) => labels.pod));
      const known: Evidence = {
        object,
        path: "pods that are targets of Prometheus",
        expected: `${own.length} of ${own.length}`,
        actual: `${asked.size} of ${own.length}`,
        command: "kubectl get pods -o custom-columns=NAME:.metadata.name,ANNOTATIONS:.metadata.annotations",
      };
      if (asked.size < own.length) {
        // Whoever asked for it is found within some seconds.
        const wished = [...found.work.pods, ...services].filter((one) => one.metadata?.annotations?.[wish] === "true");
        const latest = Math.max(0, ...wished.map((one) => +new Date(one.metadata?.creationTimestamp ?? 0)));
        const fresh = Date.now() - latest < 30_000;
        return fresh ? waiting("Prometheus is about to find the pods", known) : fail("no-target", known);
      }
      const bad = targets.find(({ health }) => health === "down");
      if (bad) {
        return fail("down", {
          object: `pod/${bad.labels.pod}`,
          path: bad.url,
          expected: "up",
          actual: `down: ${bad.lastError}`,
          command: `kubectl get --raw /api/v1/namespaces/workbook-prometheus/services/prometheus:9090/proxy/api/v1/targets?state=active`,
        });
      }
      return targets.every(({ health }) => health === "up")
        ? pass([known, { object, path: "their health", expected: "up", actual: "up" }])
        : waiting("Prometheus has not asked all of them yet", known);
    },
  });

export default defineLab({
  title: "Have Prometheus scrape a Deployment",
  summary: "Every pod a target of Prometheus that is up.",
  week: 4,
  minutes: 5,
  domain: "observe",
  addons: ["prometheus"],
  study: ["12"],
  facts,
  checks: (f) => ({ scraped: scraped(f) }),
});
