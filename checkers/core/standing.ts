/** A Deployment as most tasks ask for it: there, at rest, every pod ready. Pure: reads objects. */
import type { Failure } from "./check.ts";
import { gettingReady } from "./getting-ready.ts";
import type { Cluster } from "./port.ts";
import type { Evidence } from "./verdict.ts";
import { type Workload, workload } from "./workload.ts";

/** What keeps it from standing needs someone's help (`stuck`) or only time (`waiting`). */
export type Standing = { work: Workload } | { stuck: Evidence } | { waiting: string };

/** Looks at a Deployment as a whole; one that is not there is stuck too. */
export async function standing(cluster: Cluster, name: string): Promise<Standing> {
  const work = await workload(cluster, name);
  if (!work) {
    return {
      stuck: {
        object: `deployment/${name}`,
        expected: "exists",
        actual: "not found",
        command: "kubectl get deployments",
      },
    };
  }
  const progress = await gettingReady(cluster, work);
  if (progress.state === "stuck") return { stuck: progress.evidence };
  return progress.state === "waiting" ? { waiting: progress.why } : { work };
}

/** The failure of checks that ask for no more than that it stands. */
export const notRunning = (deployment: string): Failure => ({
  says: `The Deployment ${deployment} does not get all its pods ready, so there is nothing that could do the work.`,
  hints: [
    "kubectl get pods shows how far each pod came; kubectl describe pod and kubectl logs say why it stays there.",
    `kubectl describe deployment ${deployment} has the refusal where a pod is not even made.`,
  ],
});
