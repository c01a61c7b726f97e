import { setTimeout as pause } from "node:timers/promises";
import { busyPatience } from "../core/behind.ts";
import type { Scene, Target, TrafficSample } from "../core/check.ts";
import { LookError } from "../core/errors.ts";

/** Pauses before asking again, in milliseconds: kube-proxy follows a change within 4 s, on a busy machine within `busyPatience`. */
const pauses = [4_000, busyPatience - 4_000];

/**
 * Requests to a Service whose objects look right. Where they do not come out as they should, a change may not have reached every node yet: they
 * are sent again, and the last sample stands. For what is all or nothing; a share is never measured twice. Throws LookError
 * where the cluster's DNS gave no answer: that is nobody's Service.
 */
export async function trafficOnceFollowed(
  { probes, signal }: Scene,
  target: Target & { n: number },
  right: (sample: TrafficSample) => boolean,
): Promise<TrafficSample> {
  let sample = await probes.traffic(target);
  for (const ms of pauses) {
    if (right(sample)) return sample;
    await pause(ms, undefined, { signal });
    sample = await probes.traffic(target);
  }
  if (!right(sample) && sample.firstError?.startsWith("Resolving timed out")) {
    throw new LookError(
      "The cluster's DNS gave no answer in time, so no request could be sent.",
      "Try again in a minute.",
    );
  }
  return sample;
}

/** Counts as evidence shows them: "200: 18, 0: 2". */
export const counted = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([key, n]) => `${key}: ${n}`)
    .join(", ") || "none";
