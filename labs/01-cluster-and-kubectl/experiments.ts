import { setTimeout as pause } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import type { Scene } from "../../checkers/core/check.ts";
import type { Experiment } from "../../checkers/core/lab.ts";
import { kinds } from "../../checkers/core/port.ts";
import type { Facts } from "./facts.ts";
import { fleet, isReady, named } from "./reading.ts";

/** Milliseconds between two looks of an experiment. */
const beat = 200;

/** How many requests for `route` the pod itself has counted, answered with 200. */
const counted = async ({ probes }: Scene, f: Facts, pod: string, route: string) => {
  const { status, body } = await probes.podGet(pod, f.containerPort, "/metrics");
  if (status !== 200) throw new Error(`pod/${pod} did not give its counters (HTTP ${status}). Try again in a moment.`);
  return body
    .split("\n")
    .filter((line) => line.startsWith("http_requests_total{") && line.includes(`route="${route}"`))
    .filter((line) => line.includes('status="200"'))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
};

export const experiments = (f: Facts): Record<string, Experiment> => ({
  /** Ends the process of one pod and watches what Kubernetes does about it. */
  "end-the-process": {
    within: "60s",
    async measure({ cluster, probes, signal }) {
      const before = (await fleet(cluster, f.deployment))?.ready[0];
      const pod = before?.metadata?.name;
      if (!before || !pod)
        throw new Error(`No pod of deployment/${f.deployment} is Ready. Mend that first, then run it again.`);
      const restarts = (one: V1Pod | undefined) => one?.status?.containerStatuses?.[0]?.restartCount ?? 0;
      const began = performance.now();
      // The exec may break off: it runs in the container that it ends.
      await probes.exec(pod, ["sh", "-c", "kill 1"]).catch(() => undefined);
      for (;;) {
        const after = await cluster.get(kinds.Pod, pod);
        const replaced = after?.metadata?.uid !== before.metadata?.uid;
        if (replaced || (restarts(after) > restarts(before) && after && isReady(after))) {
          const seconds = Math.round((performance.now() - began) / 100) / 10;
          const sameAddress = after?.status?.podIP === before.status?.podIP;
          return {
            value: replaced ? 0 : sameAddress ? 1 : 2,
            series: [
              { label: "new pods", value: replaced ? 1 : 0 },
              { label: "restarts of the container", value: restarts(after) - restarts(before) },
              { label: "seconds until Ready again", value: seconds },
            ],
            says: replaced
              ? `n = 1: the process of pod/${pod} was ended, and the pod was replaced.`
              : `n = 1: after ${seconds} s pod/${pod} is Ready again, with the same name, ${sameAddress ? "the same address" : "another address"} and RESTARTS up by ${restarts(after) - restarts(before)}.`,
          };
        }
        await pause(beat, undefined, { signal });
      }
    },
  },
  /** Reads from the pods' own counters who got the requests that the learner sent through port-forward. */
  "forwarded-share": {
    within: "30s",
    async measure(scene) {
      const ready = named((await fleet(scene.cluster, f.deployment))?.ready ?? []).sort();
      if (ready.length < 2) {
        throw new Error(
          `Only ${ready.length} pod of deployment/${f.deployment} is Ready; with one, there is no share to measure.`,
        );
      }
      const counts = await Promise.all(ready.map((pod) => counted(scene, f, pod, f.forwardedPath)));
      const total = counts.reduce((sum, one) => sum + one, 0);
      if (total < f.forwarded) {
        throw new Error(
          `The pods have counted ${total} requests for ${f.forwardedPath}, and ${f.forwarded} are needed. Run the loop under the question first, through port-forward.`,
        );
      }
      return {
        value: Math.round((100 * Math.max(...counts)) / total),
        series: ready.map((pod, index) => ({ label: pod, value: counts[index] ?? 0 })),
        says: `n = ${total} requests for ${f.forwardedPath}, as counted by the ${ready.length} pods themselves.`,
      };
    },
  },
});
