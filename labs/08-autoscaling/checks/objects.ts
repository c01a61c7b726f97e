import type { V1Pod, V2HorizontalPodAutoscaler, V2HPAScalingRules } from "@kubernetes/client-node";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import { workload } from "../../../checkers/core/workload.ts";

export const nameOf = (object: { metadata?: { name?: string } }): string => object.metadata?.name ?? "";
export const names = (list: readonly string[]): string => (list.length === 0 ? "none" : list.join(", "));

/** Every autoscaler of the namespace that names this Deployment as its target. */
export async function scalersOf(cluster: Cluster, deployment: string): Promise<V2HorizontalPodAutoscaler[]> {
  const all = await cluster.list(kinds.HorizontalPodAutoscaler);
  return all.filter(
    ({ spec }) => spec?.scaleTargetRef.kind === "Deployment" && spec.scaleTargetRef.name === deployment,
  );
}

/** What an autoscaler points at: "Deployment/ml-inference". */
export const targetOf = ({ spec }: V2HorizontalPodAutoscaler): string =>
  `${spec?.scaleTargetRef.kind}/${spec?.scaleTargetRef.name}`;

/** A quantity of CPU in millicores: "50m", "0.05", "1". */
export function millicores(quantity: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m|u|n|)$/.exec(quantity ?? "");
  if (!match) return undefined;
  const unit = { m: 1, u: 1e-3, n: 1e-6 }[match[2] ?? ""] ?? 1_000;
  return Number(match[1]) * unit;
}

/** Containers the kubelet counts as a pod's own: those of the spec, and init containers that stay (sidecars). */
const counted = ({ spec }: V1Pod) => [
  ...(spec?.containers ?? []),
  ...(spec?.initContainers ?? []).filter((one) => one.restartPolicy === "Always"),
];

/** Names of containers of this pod that request no CPU. What a LimitRange has put in counts: it stands in the pod. */
export const withoutRequest = (pod: V1Pod): string[] =>
  counted(pod)
    .filter((one) => millicores(one.resources?.requests?.cpu) === undefined)
    .map((one) => one.name);

/** A pod's CPU request in millicores: what "100 %" means to an autoscaler. */
export const requestOf = (pod: V1Pod): number =>
  counted(pod).reduce((sum, one) => sum + (millicores(one.resources?.requests?.cpu) ?? 0), 0);

/** The newest pods of a Deployment. */
export const newestPods = async (cluster: Cluster, deployment: string): Promise<V1Pod[]> =>
  (await workload(cluster, deployment))?.newest ?? [];

/** What the autoscaler aims at, as a share of the request in percent; undefined where it doesn't look at CPU at all. */
export function cpuAim(
  { spec }: V2HorizontalPodAutoscaler,
  request: number,
): { percent: number; said: string } | undefined {
  for (const metric of spec?.metrics ?? []) {
    const source =
      metric.type === "Resource"
        ? metric.resource
        : metric.type === "ContainerResource"
          ? metric.containerResource
          : undefined;
    if (source?.name !== "cpu") continue;
    const { averageUtilization, averageValue } = source.target;
    if (averageUtilization !== undefined) return { percent: averageUtilization, said: `${averageUtilization} %` };
    const value = millicores(averageValue);
    if (value !== undefined) {
      const percent = request > 0 ? Math.round((100 * value) / request) : 0;
      return {
        percent,
        said: `averageValue ${averageValue}${request > 0 ? `, which is ${percent} % of a request of ${request}m` : ""}`,
      };
    }
  }
  return undefined;
}

/** Seconds for which the highest recommendation counts before replicas are taken away. Without the field: five minutes. */
export const downWindow = ({ spec }: V2HorizontalPodAutoscaler): number =>
  spec?.behavior?.scaleDown?.stabilizationWindowSeconds ?? 300;

/** True where rules never let it act. */
export const disabled = (rules: V2HPAScalingRules | undefined): boolean => rules?.selectPolicy === "Disabled";

/** A condition of the autoscaler's, as kubectl describe shows it. */
export const conditionOf = (
  { status }: V2HorizontalPodAutoscaler,
  type: "AbleToScale" | "ScalingActive" | "ScalingLimited",
) => (status?.conditions ?? []).find((one) => one.type === type);

/** The CPU utilization it last worked with, in percent of the request; undefined: "<unknown>". */
export function utilization({ status }: V2HorizontalPodAutoscaler): number | undefined {
  for (const metric of status?.currentMetrics ?? []) {
    const current = metric.resource?.current ?? metric.containerResource?.current;
    const name = metric.resource?.name ?? metric.containerResource?.name;
    if (name === "cpu" && current) return current.averageUtilization ?? (current.averageValue ? -1 : undefined);
  }
  return undefined;
}
