import { setTimeout as pause } from "node:timers/promises";
import type { Scene, Target, TrafficSample } from "../core/check.ts";
import { LookError } from "../core/errors.ts";

/** Milliseconds in which every node's kube-proxy has followed a change; it rewrites its rules at most once a second. */
const proxyTime = 4_000;

/**
 * Requests to a Service whose objects look right. Where they do not come out as they should, a change may not have reached every node yet: they
 * are sent once more after that time, and that sample stands. For what is all or nothing; a share is never measured twice. Throws LookError
 * where the cluster's DNS gave no answer: that is nobody's Service.
 */
export async function trafficOnceFollowed(
  { probes, signal }: Scene,
  target: Target & { n: number },
  right: (sample: TrafficSample) => boolean,
): Promise<TrafficSample> {
  const first = await probes.traffic(target);
  if (right(first)) return first;
  await pause(proxyTime, undefined, { signal });
  const second = await probes.traffic(target);
  if (!right(second) && second.firstError?.startsWith("Resolving timed out")) {
    throw new LookError(
      "The cluster's DNS gave no answer in time, so no request could be sent.",
      "Try again in a minute.",
    );
  }
  return second;
}

/** Counts as evidence shows them: "200: 18, 0: 2". */
export const counted = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([key, n]) => `${key}: ${n}`)
    .join(", ") || "none";
