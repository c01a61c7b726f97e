import type { V1Pod } from "@kubernetes/client-node";
import { LookError } from "../../../checkers/core/errors.ts";
import type { PrometheusAnswer } from "../../../checkers/core/metrics.ts";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import { workload } from "../../../checkers/core/workload.ts";

export const nameOf = (pod: V1Pod): string => pod.metadata?.name ?? "";
export const names = (list: readonly string[]): string => (list.length === 0 ? "none" : list.join(", "));
export const number = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "no number";

/**
 * What Prometheus answered. It is the workbook's own, so where it does not answer, that is nobody's failure: throws LookError with what to do.
 * A query of ours that does not parse would be our mistake, and is told the same way.
 */
export function answered<T>(answer: PrometheusAnswer<T>): T {
  if (answer.ok) return answer.value;
  throw prometheusAway(answer.says);
}

export const prometheusAway = (says: string): LookError =>
  new LookError(
    `Prometheus, which the workbook runs in the namespace workbook-prometheus, does not answer: ${says}`,
    "It usually comes back by itself within a minute; kubectl get pods -n workbook-prometheus shows how it is. Leaving the lab and coming back installs it again.",
  );

/** Living pods of the Deployment, in the order of their names; undefined where there is no such Deployment. */
export async function podsOf(cluster: Cluster, deployment: string): Promise<V1Pod[] | undefined> {
  const found = await workload(cluster, deployment);
  return found?.pods.sort((one, other) => nameOf(one).localeCompare(nameOf(other)));
}

export const selects = (selector: Readonly<Record<string, string>> | undefined, pod: V1Pod): boolean =>
  selector !== undefined &&
  Object.keys(selector).length > 0 &&
  Object.entries(selector).every(([key, value]) => pod.metadata?.labels?.[key] === value);

const scrape = "prometheus.io/scrape";

/** How a pod asks to be scraped: itself, through Services that lead to it, or not at all. */
export interface Asked {
  pod: V1Pod;
  itself: boolean;
  services: string[];
  /** The annotations that say where: the pod's own, else those of the first such Service. */
  annotations: Readonly<Record<string, string>>;
}
export async function askedFor(cluster: Cluster, pods: readonly V1Pod[]): Promise<Asked[]> {
  const services = (await cluster.list(kinds.Service)).filter((one) => one.metadata?.annotations?.[scrape] === "true");
  return pods.map((pod) => {
    const own = pod.metadata?.annotations ?? {};
    const itself = own[scrape] === "true";
    const leading = services.filter((one) => selects(one.spec?.selector, pod));
    return {
      pod,
      itself,
      services: leading.map((one) => one.metadata?.name ?? ""),
      annotations: itself ? own : (leading[0]?.metadata?.annotations ?? {}),
    };
  });
}
