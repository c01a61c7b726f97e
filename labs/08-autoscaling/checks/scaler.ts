import type { V2HorizontalPodAutoscaler } from "@kubernetes/client-node";
import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import { cpuAim, nameOf, names, newestPods, requestOf, scalersOf, targetOf } from "./objects.ts";

interface Wanted {
  deployment: string;
  /** A name to suggest in hints. */
  suggested: string;
  target: number;
  least: number;
  most: number;
  points: number;
  title: string;
  why: string;
}

/** Percent points by which an averageValue may miss the utilization it stands for: it is given in whole millicores. */
const rounding = 1;

/**
 * The autoscaler's wish as an object, whatever it is called and however it came about: manifest, kubectl autoscale and a patch, any API version.
 * Right: Resource or ContainerResource cpu as a utilization, or an averageValue that is the same share of the pods' request; further metrics.
 * Wrong: another target, two autoscalers for one Deployment, other bounds, memory, another share.
 */
export const scaler = (wanted: Wanted): Check => {
  const { deployment, suggested, target, least, most, points, title, why } = wanted;
  const command = "kubectl get hpa";
  return check({
    title,
    points,
    mode: "observe",
    within: "30s",
    evidence: "state",
    why,
    failures: {
      "no-hpa": {
        untouched: true,
        says: `Nothing scales ${deployment} yet: there is no HorizontalPodAutoscaler that names it.`,
        hints: [
          "kubectl autoscale --help, or a manifest of kind HorizontalPodAutoscaler, apiVersion autoscaling/v2: kubectl explain hpa.spec",
          `spec.scaleTargetRef names the Deployment, minReplicas and maxReplicas the bounds, metrics what to look at.`,
          `kubectl autoscale deployment ${deployment} --name=${suggested} --cpu=${target}% --min=${least} --max=${most}. (You made one, and it isn't listed? kubectl get hpa -A shows in which namespace it went.)`,
        ],
      },
      "wrong-target": {
        says: `There is an autoscaler, but it points at something else than Deployment ${deployment}.`,
        hints: [
          "kubectl get hpa: what stands under REFERENCE?",
          `scaleTargetRef needs apiVersion: apps/v1, kind: Deployment, name: ${deployment}, letter by letter. A ReplicaSet below it is put back by its Deployment.`,
        ],
      },
      "two-hpas": {
        says: `Two autoscalers point at ${deployment}: each would undo what the other does, so both stand still.`,
        hints: [
          "kubectl get hpa: which of them did you mean?",
          "Delete the other one: kubectl delete hpa NAME. One autoscaler may hold several metrics; it takes the highest answer.",
        ],
      },
      "wrong-bounds": {
        says: "The autoscaler's bounds aren't the ones asked for.",
        hints: [
          "The lower bound is what one pays for at night, the upper one what a surge, or a bug, may cost at most. Compare MINPODS and MAXPODS with the task.",
          `minReplicas: ${least}, maxReplicas: ${most}. Left out, minReplicas is 1.`,
        ],
      },
      "wrong-metric": {
        says: "The autoscaler doesn't look at CPU.",
        hints: [
          "kubectl get hpa: what stands before the slash under TARGETS?",
          "Memory hardly falls when requests stop, so a service that is scaled by it grows and stays. Take the resource cpu.",
          `metrics: one entry of type Resource, resource.name cpu, target.type Utilization, averageUtilization: ${target}`,
        ],
      },
      "wrong-level": {
        says: `The autoscaler aims at another CPU utilization than ${target} % of the request.`,
        hints: [
          "Expected and seen stand side by side. A percentage is one of the request, an averageValue is an amount per pod.",
          `target.averageUtilization: ${target}. (An averageValue is accepted when it is the same share of the pods' request.)`,
        ],
      },
    },
    async observe({ cluster }) {
      const found = await scalersOf(cluster, deployment);
      const [hpa] = found;
      if (!hpa) {
        const others = await cluster.list(kinds.HorizontalPodAutoscaler);
        const stray = others.filter((one) => astray(one, deployment, suggested));
        return fail(stray.length > 0 ? "wrong-target" : "no-hpa", {
          ...(stray[0] && { object: `hpa/${nameOf(stray[0])}` }),
          path: "spec.scaleTargetRef",
          expected: `Deployment/${deployment}`,
          actual: stray.length > 0 ? names(stray.map(targetOf)) : "no autoscaler",
          command,
        });
      }
      const object = `hpa/${nameOf(hpa)}`;
      if (found.length > 1) {
        return fail("two-hpas", {
          object: `deployment/${deployment}`,
          path: "autoscalers that point at it",
          expected: "one",
          actual: names(found.map(nameOf)),
          command,
        });
      }
      const bounds: Evidence = {
        object,
        path: "spec.minReplicas, spec.maxReplicas",
        expected: `${least} to ${most}`,
        actual: `${hpa.spec?.minReplicas ?? 1} to ${hpa.spec?.maxReplicas}`,
        command,
      };
      if (bounds.actual !== bounds.expected) return fail("wrong-bounds", bounds);
      const [pod] = await newestPods(cluster, deployment);
      const aim = cpuAim(hpa, pod ? requestOf(pod) : 0);
      const level: Evidence = {
        object,
        path: "spec.metrics[cpu].target",
        expected: `${target} % of the request`,
        actual:
          aim?.said ??
          `no cpu; ${names((hpa.spec?.metrics ?? []).map((one) => one.resource?.name ?? one.containerResource?.name ?? one.type))}`,
        command,
      };
      if (!aim) return fail("wrong-metric", level);
      if (Math.abs(aim.percent - target) > rounding || (aim.percent !== target && !aim.said.startsWith("averageValue")))
        return fail("wrong-level", level);
      return pass([bounds, level]);
    },
  });
};

/** An autoscaler that was surely meant for this Deployment: by its own name or by what it nearly points at. */
const astray = (hpa: V2HorizontalPodAutoscaler, deployment: string, suggested: string): boolean =>
  nameOf(hpa) === suggested ||
  nameOf(hpa) === deployment ||
  (hpa.spec?.scaleTargetRef.name ?? "").startsWith(deployment.split("-")[0] ?? deployment);
