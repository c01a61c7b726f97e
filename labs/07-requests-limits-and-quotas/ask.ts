import type { V1Pod } from "@kubernetes/client-node";
import type { DryRun, Probes } from "../../checkers/core/check.ts";

export interface Resources {
  requests?: Readonly<Record<string, string>>;
  limits?: Readonly<Record<string, string>>;
}

/** Who refused a pod: a LimitRange looks at each container, a quota at the namespace's sum. */
export type Refuser = "limit-range" | "quota" | "quota-wants-values" | "other";

/** By the API server's own words. A LimitRange is asked before the quota, so a pod that offends both is refused by the LimitRange. */
export function refuser(message: string): Refuser {
  if (/exceeded quota:/.test(message)) return "quota";
  if (/failed quota:.*must specify/.test(message)) return "quota-wants-values";
  // "maximum cpu usage per Container is 16, but limit is 101", "memory max limit to request ratio per Container …"
  if (
    /\b(?:minimum|maximum) \S+ usage per (?:Container|Pod)|limit to request ratio per (?:Container|Pod)/.test(message)
  )
    return "limit-range";
  return "other";
}

/** A pod with one container for each entry, to ask the API server about. It is never kept. */
export const podOf = (containers: readonly Resources[]): Record<string, unknown> => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { generateName: "workbook-asks-" },
  spec: {
    containers: containers.map((resources, index) => ({
      name: `container-${index + 1}`,
      image: "workbook.local/toolbox:1.0",
      resources,
    })),
  },
});

export const askPod = (probes: Probes, ...containers: readonly Resources[]): Promise<DryRun<V1Pod>> =>
  probes.dryRun<V1Pod>(podOf(containers));

/** Requests as written, limits the same: Guaranteed. */
export const both = (resources: Readonly<Record<string, string>>): Resources => ({
  requests: resources,
  limits: resources,
});
