import { type Check, check } from "../../../checkers/core/check.ts";
import { LookError } from "../../../checkers/core/errors.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { conditionOf, nameOf, names, newestPods, scalersOf, utilization, withoutRequest } from "./objects.ts";

/** The metrics API itself does not answer: nothing the learner has done. */
const noApi =
  /could not find the requested resource|unable to handle the request|no metrics known|connection refused|service unavailable/i;

/** What the controller itself says about its sight: the condition ScalingActive, and the number it last worked with. */
export const seesCpu = (lab: Facts): Check => {
  const { deployment } = lab;
  return check({
    title: `The autoscaler of ${deployment} sees its CPU utilization`,
    points: 3,
    mode: "observe",
    within: "2m",
    evidence: "state",
    why: "Every 15 s the controller asks the metrics API for what each pod used, divides by what it requested, and averages. A chain of four: kubelet, metrics-server, metrics API, controller. <unknown> means that it broke somewhere, and that the autoscaler does nothing at all, whatever the load.",
    failures: {
      "no-hpa": {
        untouched: true,
        says: `Nothing scales ${deployment} yet.`,
        hints: ["First the autoscaler itself: the task above."],
      },
      "nothing-to-divide": {
        says: "It gets measurements and can't make a percentage of them, because a container requests no CPU: it does nothing, whatever the load.",
        hints: [
          "kubectl get hpa shows <unknown>. kubectl describe hpa says why, under Conditions: read the message to its end.",
          "A percentage of what? See the task on requests.",
          `kubectl set resources deployment/${deployment} --requests=cpu=${lab.request}m, then wait for one round, 15 s.`,
        ],
      },
      "no-target": {
        unreachable:
          "an autoscaler that names this Deployment finds it, or there is no such autoscaler; kept for a Deployment that is deleted meanwhile",
        says: "The autoscaler can't find what it shall scale.",
        hints: ["kubectl get deployments: is it there?", `kubectl apply -f ${deployment}.yaml brings it back.`],
      },
      ambiguous: {
        says: "More than one autoscaler claims these pods, so none of them acts.",
        hints: ["kubectl get hpa: which of them did you mean?", "Delete the others: kubectl delete hpa NAME."],
      },
      blind: {
        unreachable:
          "a metric that nobody serves takes an adapter that this cluster does not have, beside a CPU metric that works",
        says: "The autoscaler can't compute a number of pods; its own words are in the evidence.",
        hints: [
          "kubectl describe hpa: Conditions first, then Events.",
          "A metric that no API serves blinds it: take out what you don't need and leave cpu.",
        ],
      },
    },
    async observe({ cluster }) {
      const found = await scalersOf(cluster, deployment);
      const [hpa] = found;
      const command = "kubectl describe hpa";
      if (!hpa)
        return fail("no-hpa", {
          path: "autoscalers that point at the Deployment",
          expected: "one",
          actual: "none",
          command: "kubectl get hpa",
        });
      const object = `hpa/${nameOf(hpa)}`;
      if (found.length > 1)
        return fail("ambiguous", {
          object,
          path: "autoscalers of the same pods",
          expected: "one",
          actual: names(found.map(nameOf)),
          command: "kubectl get hpa",
        });
      const able = conditionOf(hpa, "AbleToScale");
      const active = conditionOf(hpa, "ScalingActive");
      const message = (active?.message ?? "").slice(0, 400);
      const condition: Evidence = {
        object,
        path: "status.conditions[ScalingActive]",
        expected: "True",
        actual: active ? `${active.status}, ${active.reason}: ${message}` : "not judged yet",
        command,
      };
      if (able?.status === "False" && able.reason === "FailedGetScale")
        return fail("no-target", {
          ...condition,
          path: "status.conditions[AbleToScale]",
          actual: `${able.reason}: ${able.message}`,
        });
      if (active?.status === "False") {
        if (/missing request for cpu/.test(message)) {
          const pods = await newestPods(cluster, deployment);
          const mended = pods.length > 0 && pods.every((pod) => withoutRequest(pod).length === 0);
          return mended
            ? waiting("the pods request CPU by now; the autoscaler looks again within 15 s", condition)
            : fail("nothing-to-divide", condition);
        }
        if (active.reason === "AmbiguousSelector") return fail("ambiguous", condition);
        if (noApi.test(message)) {
          throw new LookError(
            "The metrics API does not answer, so nobody can tell how much CPU anything uses.",
            "Open the lab again: that puts metrics-server back.",
          );
        }
        // Young pods have no measurements yet, and a controller that has just begun asks again in 15 s.
        if (/no metrics returned|did not receive metrics|unready/.test(message))
          return waiting("metrics-server has no measurements of these pods yet; it takes one every 15 s", condition);
        return fail("blind", condition);
      }
      const used = utilization(hpa);
      if (active?.status !== "True" || used === undefined)
        return waiting("the autoscaler has not looked yet; it looks every 15 s", condition);
      return pass({
        object,
        path: "status.currentMetrics[cpu]",
        expected: "a number",
        actual: used >= 0 ? `${used} % of the request` : "an amount per pod",
        command: "kubectl get hpa",
      });
    },
  });
};
