import type { V1Pod } from "@kubernetes/client-node";
import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { isReady, troubleOf } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";

/** Where LimitRanger writes down what it filled in. */
const filledIn = "kubernetes.io/limit-ranger";

/** One pod of each class, as the API server itself classed them. */
export const qosClasses = (f: Facts): Check => {
  const wanted = { [f.guaranteed]: "Guaranteed", [f.burstable]: "Burstable", [f.bestEffort]: "BestEffort" };
  return check({
    title: "One running pod of each class: Guaranteed, Burstable and BestEffort",
    points: 3,
    mode: "observe",
    within: "60s",
    evidence: "state",
    why: "Nobody sets the class: it follows from what the containers ask for. It says who is ended first when a node runs out of memory, so a pod's place in that queue is decided in its resources.",
    failures: {
      "no-pods": {
        untouched: true,
        says: "None of the three pods is there yet.",
        hints: [
          "qos.yaml in your folder has the three, without resources. What must each say for its class?",
          "kubectl explain pod.status.qosClass, or the table in the lesson; then kubectl apply -f qos.yaml",
        ],
      },
      missing: {
        says: "One of the three pods is missing.",
        hints: [
          `The names are ${Object.keys(wanted).join(", ")}, in this lab's namespace. kubectl get pods shows which are there.`,
          "If it was refused, the message said by whom. A namespace with a LimitRange refuses requests below its minimum.",
        ],
      },
      "not-running": {
        says: "One of the pods was classed, but its container doesn't run.",
        hints: [
          "The evidence says why: an image that isn't there, or requests that no node can meet.",
          "Keep the numbers small: a few hundred millicores and mebibytes fit on every node.",
        ],
      },
      defaulted: {
        says: "You gave that pod no resources, but a LimitRange of the namespace filled them in as it was created, so it isn't BestEffort.",
        hints: [
          "Look at what arrived: kubectl get pod besteffort -o yaml. The annotation kubernetes.io/limit-ranger says who wrote it.",
          "Where a LimitRange has defaults, no new pod can be BestEffort. That is what defaults are for. But a LimitRange changes no pod that is there already.",
          "Delete the LimitRange, create the pod anew, and apply the LimitRange again.",
        ],
      },
      "wrong-class": {
        says: "A pod has another class than its name says.",
        hints: [
          "The class is computed from requests and limits of all containers. Put the pod's resources beside the rule in the lesson.",
          "Guaranteed: each container has a CPU and a memory limit, and requests equal to them (left out, they are). BestEffort: no container has any. Burstable: everything between.",
          "Resources of a bare pod can't be edited into another class: delete it, change the file, apply.",
        ],
      },
    },
    async observe({ cluster }) {
      const pods = await cluster.list(kinds.Pod);
      const found = new Map<string, V1Pod>(
        pods
          .filter((pod) => Object.hasOwn(wanted, pod.metadata?.name ?? "") && !pod.metadata?.deletionTimestamp)
          .map((pod) => [pod.metadata?.name ?? "", pod]),
      );
      const evidence = Object.entries(wanted).map(
        ([name, expected]): Evidence => ({
          object: `pod/${name}`,
          path: "status.qosClass",
          expected,
          actual: found.get(name)?.status?.qosClass ?? "not found",
          command: `kubectl get pod ${name} -o jsonpath='{.status.qosClass}{"\\n"}{.spec.containers[*].resources}{"\\n"}'`,
        }),
      );
      if (found.size === 0) return fail("no-pods", evidence);
      const wrong = [...found].filter(([name, pod]) => pod.status?.qosClass !== wanted[name]);
      const bare = wrong.find(([name, pod]) => name === f.bestEffort && pod.metadata?.annotations?.[filledIn]);
      if (bare) {
        const said = bare[1].metadata?.annotations?.[filledIn] ?? "";
        return fail("defaulted", [
          ...evidence,
          {
            object: `pod/${f.bestEffort}`,
            path: `metadata.annotations[${filledIn}]`,
            expected: "none",
            actual: said,
          },
        ]);
      }
      if (wrong.length > 0) return fail("wrong-class", evidence);
      if (found.size < 3) return fail("missing", evidence);
      const trouble = [...found.values()].map(troubleOf).find((one) => one !== undefined);
      if (trouble) return fail("not-running", [trouble.evidence, ...evidence]);
      const starting = [...found.values()].filter((pod) => !isReady(pod));
      if (starting.length > 0) {
        return waiting(`starting: ${starting.map((pod) => pod.metadata?.name).join(", ")}`, evidence);
      }
      return pass(evidence);
    },
  });
};
