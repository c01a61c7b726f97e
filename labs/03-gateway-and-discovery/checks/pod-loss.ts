/** One pod of the model is deleted while requests come in through the gateway: what the check judges and the experiment counts. */
import { setTimeout as pause } from "node:timers/promises";
import type { Flow, Scene } from "../../../checkers/core/check.ts";
import { isReady, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { nameOf } from "./reading.ts";

/** Milliseconds: requests flow this long before the deletion (the probe's own lead) and after the replacement is ready. */
const lead = 2_000;
const after = 3_000;
/** Milliseconds a replacement may take; beyond it the answer is "none came". */
const replacementLimit = 25_000;
const beat = 250;

export interface Loss {
  flow: Flow;
  deleted: string;
  /** The pod that took its place, once ready; undefined when none did in time. */
  replacement: string | undefined;
  /** Failed requests whose turn came more than `recovery` seconds after the deletion. */
  late: number;
  /** Milliseconds from the deletion to the last failure; 0 when none failed. */
  outage: number;
}

const readyNames = async ({ cluster }: Scene, deployment: string): Promise<string[]> =>
  ((await workload(cluster, deployment))?.pods ?? []).filter(isReady).map(nameOf);

/** The ready pods of the model, by name. */
export const backends = (scene: Scene, lab: Facts): Promise<string[]> => readyNames(scene, lab.backend);

/**
 * Deletes the pod that answers most, gracefully, under `rate` requests a second on the learner's own path. Takes 8 to 15 s. The deletion
 * comes `lead` after the first request, to within the tens of milliseconds that the API server takes.
 */
export async function losePod(scene: Scene, lab: Facts): Promise<Loss> {
  const { probes, signal } = scene;
  const target = { nodePort: lab.nodePort, path: "/predict" };
  const before = await backends(scene, lab);
  const { pods } = await probes.traffic({ ...target, n: 20 });
  const [deleted = ""] = [...before].sort((one, other) => (pods[other] ?? 0) - (pods[one] ?? 0));
  const { flow, result } = await probes.during(
    { ...target, rate: lab.rate, seconds: Math.ceil(replacementLimit / 1_000) + 10 },
    async () => {
      const began = performance.now();
      await probes.disturb.deletePod(deleted);
      let replacement: string | undefined;
      while (replacement === undefined && performance.now() - began < replacementLimit) {
        await pause(beat, undefined, { signal });
        replacement = (await backends(scene, lab)).find((pod) => !before.includes(pod));
      }
      // Long enough to see whether failures end, and whether the new pod is found.
      const rest = Math.max(after, lab.recovery * 1_000 + 1_000 - (performance.now() - began));
      await pause(rest, undefined, { signal });
      return replacement;
    },
  );
  const since = flow.failures.map(({ at }) => at - lead).filter((at) => at >= 0);
  return {
    flow,
    deleted,
    replacement: result,
    late: since.filter((at) => at > lab.recovery * 1_000).length,
    outage: Math.round(Math.max(0, ...since)),
  };
}
