/** One pod of the model is deleted while requests come in through the gateway: what the check judges and the experiment counts. */
import { setTimeout as pause } from "node:timers/promises";
import type { Flow, Scene } from "../../../checkers/core/check.ts";
import { LookError } from "../../../checkers/core/errors.ts";
import { isReady, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { nameOf } from "./reading.ts";

/** Milliseconds that requests flow before the deletion: the probe's own lead. */
const lead = 2_000;
/** Milliseconds that the nodes' rules have to follow, once the successor is ready; and in which then nothing may fail any more. */
const settling = 2_500;
const quiet = 2_000;
/** Milliseconds a replacement may take; beyond it the answer is "none came". */
const replacementLimit = 25_000;
const beat = 250;

export interface Loss {
  flow: Flow;
  deleted: string;
  /** The pod that took its place, once ready; undefined when none did in time. */
  replacement: string | undefined;
  /** Failed requests whose turn came when the successor was ready and the nodes' rules had had time to follow. */
  late: number;
  /** Milliseconds from the deletion to the end of the last second with a failure; 0 when none failed. */
  outage: number;
}

const readyNames = async ({ cluster }: Scene, deployment: string): Promise<string[]> =>
  ((await workload(cluster, deployment))?.pods ?? []).filter(isReady).map(nameOf);

/** The ready pods of the model, by name. */
export const backends = (scene: Scene, lab: Facts): Promise<string[]> => readyNames(scene, lab.backend);

/**
 * Deletes the pod that answers most, gracefully, under `rate` requests a second on the learner's own path. Takes some 12 s. The deletion
 * comes `lead` after the first request, to within the tens of milliseconds that the API server takes. How long a successor takes, and how
 * soon the nodes' rules follow, is the machine's affair and not judged. Throws where the machine was too busy to send the requests on time.
 */
export async function losePod(scene: Scene, lab: Facts): Promise<Loss> {
  const { probes, signal } = scene;
  const target = { nodePort: lab.nodePort, path: "/predict" };
  const before = await backends(scene, lab);
  const { pods } = await probes.traffic({ ...target, n: 20 });
  const [deleted = ""] = [...before].sort((one, other) => (pods[other] ?? 0) - (pods[one] ?? 0));
  const { flow, result } = await probes.during(
    { ...target, rate: lab.rate, seconds: Math.ceil((replacementLimit + settling + quiet) / 1_000) + 5 },
    async () => {
      const began = performance.now();
      const since = (): number => performance.now() - began;
      await probes.disturb.deletePod(deleted);
      let replacement: string | undefined;
      while (replacement === undefined && since() < replacementLimit) {
        await pause(beat, undefined, { signal });
        replacement = (await backends(scene, lab)).find((pod) => !before.includes(pod));
      }
      const readyAt = since();
      await pause(settling + quiet, undefined, { signal });
      return { replacement, readyAt };
    },
  );
  if (flow.dropped > flow.sent / 10) {
    throw new LookError(
      `This machine was too busy to send ${flow.dropped} of ${flow.sent + flow.dropped} requests on time, so the others say little. Try again when it is quieter.`,
    );
  }
  // By whole seconds: of single failures a flow keeps only the first fifty.
  const failing = flow.seconds
    .map(({ at, failed }) => ({ since: at * 1_000 - lead, failed }))
    .filter(({ since, failed }) => failed > 0 && since > -1_000);
  const late = failing.filter(({ since }) => since > result.readyAt + settling);
  return {
    flow,
    deleted,
    replacement: result.replacement,
    late: late.reduce((sum, { failed }) => sum + failed, 0),
    outage: Math.max(0, ...failing.map(({ since }) => since + 1_000)),
  };
}
