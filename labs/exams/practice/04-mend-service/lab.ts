import { behind } from "../../../../checkers/core/behind.ts";
import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { kinds } from "../../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { isReady, unsettled, workload } from "../../../../checkers/core/workload.ts";
import { counted, trafficOnceFollowed } from "../../../../checkers/probes/followed.ts";
import { type Facts, facts } from "./facts.ts";

/** Requests in one sample: that one of two pods gets none of 40 by chance happens once in 5e11 samples. */
const n = 40;

const answers = ({ name, other, port, servicePort }: Facts) =>
  check({
    title: `Requests to ${name}:${servicePort} are answered by each pod of ${name}, and by no other`,
    points: 4,
    mode: "sample",
    within: "60s",
    evidence: "state",
    alone: false,
    why: "Two things lead from a Service to a pod: the selector says which pods, targetPort where they listen. The EndpointSlice shows what came of both, so it is the place to look at first.",
    failures: {
      "no-endpoints": {
        says: "No ready pod stands behind the Service, so there is nobody who could answer.",
        hints: [
          "kubectl get endpointslices shows what the selector found. Compare it with kubectl get pods --show-labels.",
          "All pairs of the selector must be on a pod. kubectl edit service mends it in place.",
        ],
      },
      "wrong-port": {
        says: `Pods stand behind the Service, but requests are not answered on port ${servicePort}.`,
        hints: [
          `Where do the pods listen? kubectl logs deployment/${name} says it; the EndpointSlice says where requests go.`,
          `port is the Service's own (${servicePort}), targetPort the pods' (${port}).`,
        ],
      },
      stranger: {
        says: `Others than the pods of ${name} answer as well, or not each of its pods does; or the others were taken away.`,
        hints: [
          `Which labels tell ${name} from ${other}? A selector of what both have takes both.`,
          "The evidence names the pods that answered.",
        ],
      },
    },
    async observe(scene) {
      const { cluster } = scene;
      const [found, work] = await Promise.all([behind(cluster, name), workload(cluster, name)]);
      const object = `service/${name}`;
      const starting = work && unsettled(work.deployment);
      if (starting) return waiting(starting);
      const own = (work?.pods ?? [])
        .filter(isReady)
        .map((pod) => pod.metadata?.name ?? "")
        .sort();
      const command = `kubectl get endpointslices -l kubernetes.io/service-name=${name}`;
      const listed: Evidence = {
        object,
        path: "ready pods behind it",
        expected: own.join(", ") || `those of ${name}`,
        actual: found === undefined ? "no such Service" : found.ready.join(", ") || "none",
        command,
      };
      const selector = Object.entries(found?.service.spec?.selector ?? {});
      const chosen = (work?.pods ?? []).some((pod) =>
        selector.every(([key, value]) => pod.metadata?.labels?.[key] === value),
      );
      // A selector that is right has its slice a moment later.
      if (found && found.ready.length === 0 && selector.length > 0 && chosen)
        return waiting("the Service's endpoints are following its selector", listed);
      if (!found || found.ready.length === 0) return fail("no-endpoints", listed);
      const sample = await trafficOnceFollowed(
        scene,
        { service: name, port: servicePort, n },
        ({ statuses, pods }) => statuses["200"] === n && Object.keys(pods).sort().join() === own.join(),
      );
      const status: Evidence = {
        object,
        path: `${n} requests to port ${servicePort}, by status`,
        expected: `200: ${n}`,
        actual: counted(sample.statuses) + (sample.firstError ? ` (${sample.firstError})` : ""),
        command,
      };
      if (sample.statuses["200"] !== n) return fail("wrong-port", [status, listed]);
      const by: Evidence = {
        object,
        path: "pods that answered",
        expected: own.join(", "),
        actual: Object.keys(sample.pods).sort().join(", "),
        command: "kubectl get pods --show-labels",
      };
      if (by.actual !== by.expected) return fail("stranger", [by, status]);
      // Nor by taking the others away.
      const beside = (await cluster.get(kinds.Deployment, other))?.spec?.replicas ?? 0;
      const left: Evidence = {
        object: `deployment/${other}`,
        path: "spec.replicas, left alone",
        expected: "1",
        actual: String(beside),
        command: "kubectl get deployments",
      };
      return beside === 1 ? pass([status, by, left]) : fail("stranger", left);
    },
  });

export default defineLab({
  title: "Mend a Service that nobody answers",
  summary: "A Service whose selector and port lead to the right pods.",
  week: 1,
  minutes: 6,
  domain: "expose",
  study: ["01", "02"],
  facts,
  checks: (f) => ({ answers: answers(f) }),
});
