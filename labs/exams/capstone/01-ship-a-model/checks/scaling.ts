import type { V1Pod } from "@kubernetes/client-node";
import { type Check, check } from "../../../../../checkers/core/check.ts";
import { kinds } from "../../../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { missing, nameOf, stablePods } from "./reading.ts";

/** Thousandths of a core of a Kubernetes quantity: "50m", "0.5", "1". */
const millicores = (quantity: string | undefined): number => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(m?)$/.exec(quantity ?? "") ?? [];
  return number === undefined ? 0 : Number(number) * (unit === "m" ? 1 : 1_000);
};
const requestOf = (pod: V1Pod): number =>
  (pod.spec?.containers ?? []).reduce((sum, one) => sum + millicores(one.resources?.requests?.cpu), 0);

/**
 * Right: an autoscaler with these bounds on CPU, the pods small enough that the most of them fit the quota beside everything else. Wrong: none; other
 * bounds; pods without a limit on memory; pods so big that the quota stops the last ones, which shows under load only.
 */
export const scaling = (f: Facts): Check =>
  check({
    title: `${f.model} may grow from ${f.replicas} to ${f.most} pods, and the quota lets it`,
    points: 15,
    mode: "observe",
    within: "45s",
    evidence: "state",
    task: "scale",
    domain: "scale",
    needs: ["serving"],
    why: "The autoscaler asks for pods; the quota decides whether they are created. What each pod requests, times the most of them, has to fit beside all the rest.",
    failures: {
      "no-scaler": {
        says: `No HorizontalPodAutoscaler is about ${f.model}: it does not grow.`,
        hints: ["kubectl autoscale deployment …, or a manifest of autoscaling/v2."],
      },
      "wrong-bounds": {
        says: "An autoscaler is there, with other bounds or another target than the task asks for.",
        hints: ["minReplicas, maxReplicas, and a metric of the resource cpu with averageUtilization."],
      },
      "no-memory-limit": {
        says: "A container of the model has no limit on memory: one leak takes the node's.",
        hints: ["resources.limits.memory on every container of the pod."],
      },
      "over-quota": {
        says: "The most pods would not fit the quota: the autoscaler would ask in vain, and only under load.",
        hints: [
          "kubectl describe quota shows used and hard. What does each further pod of the model request?",
          "Request less CPU per pod: they idle at a few thousandths of a core.",
        ],
      },
    },
    async observe({ cluster }) {
      const [all, quota, pods] = await Promise.all([
        cluster.list(kinds.HorizontalPodAutoscaler),
        cluster.get(kinds.ResourceQuota, f.quota.name),
        stablePods(cluster, f),
      ]);
      const scaler = all.find(
        ({ spec }) => spec?.scaleTargetRef.kind === "Deployment" && spec.scaleTargetRef.name === f.model,
      );
      if (!scaler)
        return fail("no-scaler", missing(`horizontalpodautoscaler for deployment/${f.model}`, "kubectl get hpa"));
      const { minReplicas = 1, maxReplicas, metrics = [] } = scaler.spec ?? {};
      const cpu = metrics.find(({ type, resource }) => type === "Resource" && resource?.name === "cpu")?.resource
        ?.target;
      const bounds: Evidence = {
        object: `horizontalpodautoscaler/${scaler.metadata?.name}`,
        path: "spec",
        expected: `${f.replicas} to ${f.most} pods, cpu ${f.utilization} %`,
        actual: `${minReplicas} to ${maxReplicas} pods, cpu ${cpu?.averageUtilization ?? "none"} %`,
        command: "kubectl get hpa",
      };
      if (minReplicas !== f.replicas || maxReplicas !== f.most || cpu?.averageUtilization !== f.utilization)
        return fail("wrong-bounds", bounds);
      if (pods.length === 0) return waiting(`no pod of deployment/${f.model} is ready`);
      const unlimited = pods.flatMap((pod) =>
        (pod.spec?.containers ?? [])
          .filter(({ resources }) => resources?.limits?.memory === undefined)
          .map(({ name }) => `pod/${nameOf(pod)} container ${name}`),
      );
      if (unlimited[0])
        return fail("no-memory-limit", {
          object: unlimited[0],
          path: "resources.limits.memory",
          expected: "a limit",
          actual: "none",
        });
      const hard = millicores(quota?.status?.hard?.["requests.cpu"] ?? quota?.spec?.hard?.["requests.cpu"]);
      const used = millicores(quota?.status?.used?.["requests.cpu"]);
      const each = Math.max(...pods.map(requestOf));
      const then = used + Math.max(0, f.most - pods.length) * each;
      const fit: Evidence = {
        object: `resourcequota/${f.quota.name}`,
        path: `requests.cpu with ${f.most} pods of ${each}m each`,
        expected: `at most ${hard}m`,
        actual: `${then}m`,
        command: `kubectl describe quota ${f.quota.name}`,
      };
      if (!quota) return fail("over-quota", missing(`resourcequota/${f.quota.name}`, "kubectl get quota"));
      return then > hard ? fail("over-quota", fit) : pass([bounds, fit]);
    },
  });
