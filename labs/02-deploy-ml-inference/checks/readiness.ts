import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { names } from "./objects.ts";

/** A readiness probe of any kind. */
export const readiness = ({ deployment, port }: Facts): Check =>
  check({
    title: "The pods say for themselves when they can take requests",
    points: 1,
    mode: "observe",
    within: "30s",
    evidence: "state",
    why: "Without a readiness probe a pod counts as ready the moment its process starts. A model server that loads weights for a minute would be sent requests for that minute.",
    failures: {
      "no-deployment": {
        untouched: true,
        says: "There is no Deployment to look at yet.",
        hints: ["Apply the Deployment first."],
      },
      "no-probe": {
        says: "No container has a readiness probe: each pod is sent requests as soon as its process exists.",
        hints: [
          "The skeleton has a liveness probe, which asks: shall I restart it? Another probe asks: shall I send it requests?",
          "Add readinessProbe: beside livenessProbe:. An httpGet is the usual kind; tcpSocket, exec and grpc are accepted too.",
          `readinessProbe: with httpGet: path: / and port: ${port}, and periodSeconds: 5.`,
        ],
      },
    },
    async observe({ cluster }) {
      const found = await cluster.get(kinds.Deployment, deployment);
      if (!found)
        return fail("no-deployment", {
          object: `deployment/${deployment}`,
          expected: "exists",
          actual: "not found",
          command: "kubectl get deployments",
        });
      const probed = (found.spec?.template.spec?.containers ?? [])
        .filter((one) => one.readinessProbe)
        .map((one) => one.name);
      const evidence: Evidence = {
        object: `deployment/${deployment}`,
        path: "spec.template.spec.containers[*].readinessProbe",
        expected: "on at least one container",
        actual: probed.length > 0 ? `on ${names(probed)}` : "on none",
        command: `kubectl get deployment ${deployment} -o yaml`,
      };
      return probed.length > 0 ? pass(evidence) : fail("no-probe", evidence);
    },
  });
