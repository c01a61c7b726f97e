import type { V1EndpointSlice, V1Pod } from "@kubernetes/client-node";

export const nameOf = (pod: V1Pod): string => pod.metadata?.name ?? "";
export const names = (list: readonly string[]): string => (list.length === 0 ? "none" : list.join(", "));
export const counts = (tally: Readonly<Record<string, number>>): string =>
  names(Object.entries(tally).map(([key, count]) => `${key}: ${count}`));

export const matches = (selector: Record<string, string>, labels: Record<string, string> | undefined): boolean =>
  Object.entries(selector).every(([key, value]) => labels?.[key] === value);

export const shown = (pairs: Record<string, string> | undefined): string =>
  names(Object.entries(pairs ?? {}).map(([key, value]) => `${key}=${value}`));

/** Pods the slices list as ready, by name. */
export const readyTargets = (slices: readonly V1EndpointSlice[]): string[] => [
  ...new Set(
    slices.flatMap((slice) =>
      (slice.endpoints ?? [])
        .filter((one) => one.conditions?.ready !== false && one.targetRef?.kind === "Pod")
        .map((one) => one.targetRef?.name ?? ""),
    ),
  ),
];
