/** Whether a Deployment gets its pods ready, and who would have to act where it doesn't. Pure: reads objects. */
import { type Cluster, kinds } from "./port.ts";
import type { Evidence } from "./verdict.ts";
import { probeFailure, refusal, troubleOf, unsettled, type Workload } from "./workload.ts";

/** What keeps pods from getting ready until someone acts: a code each, as checks name them. */
export const obstacles = ["refused", "image-pull", "unschedulable", "not-ready", "crash-loop"] as const;
export type Obstacle = (typeof obstacles)[number];

export type Progress =
  | { state: "ready" }
  /** On its way, or not yet known to be stuck. */
  | { state: "waiting"; why: string }
  | { state: "stuck"; code: Obstacle; evidence: Evidence };

/**
 * Looks at the pods of the newest revision. A crash loop is named last, because a failing liveness probe restarts containers too and says more.
 * A slow start is not held against anyone: see probeFailure.
 */
export async function gettingReady(cluster: Cluster, { deployment, newest }: Workload): Promise<Progress> {
  const refused = refusal(deployment);
  if (refused) return { state: "stuck", code: "refused", evidence: refused };
  const troubles = newest.map(troubleOf).filter((one) => one !== undefined);
  const first = troubles.find((one) => one.kind !== "crash-loop");
  if (first) return { state: "stuck", code: first.kind, evidence: first.evidence };
  const why = unsettled(deployment);
  if (why) {
    const events = await cluster.list(kinds.Event);
    const probed = newest.map((pod) => probeFailure(pod, events, Date.now())).find((one) => one !== undefined);
    if (probed) return { state: "stuck", code: "not-ready", evidence: probed };
  }
  const crash = troubles[0];
  if (crash) return { state: "stuck", code: "crash-loop", evidence: crash.evidence };
  return why ? { state: "waiting", why } : { state: "ready" };
}
