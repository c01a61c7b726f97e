import type { Scene } from "../../../checkers/core/check.ts";
import type { Experiment, Measurement } from "../../../checkers/core/lab.ts";
import { isReady, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { conditionOf, nameOf, requestOf, scalersOf, utilization } from "./objects.ts";
import { climb, rateFor } from "./scales.ts";

/** The autoscaler at rest at its minimum, with something to divide by, or a sentence on what is missing. */
async function atRest({ cluster }: Scene, { deployment, least }: Facts) {
  const [[hpa], work] = await Promise.all([scalersOf(cluster, deployment), workload(cluster, deployment)]);
  if (!hpa || !work) throw new Error(`There is no autoscaler for ${deployment} yet: do the tasks above first.`);
  if (conditionOf(hpa, "ScalingActive")?.status !== "True" || utilization(hpa) === undefined)
    throw new Error(
      "The autoscaler sees no CPU utilization yet. kubectl get hpa: wait until a number stands under TARGETS.",
    );
  const from = work.deployment.spec?.replicas ?? 0;
  if (from > least)
    throw new Error(
      `${deployment} is still at ${from} pods. Wait until it is back at ${least}: about two minutes after the last load.`,
    );
  return { from, pods: work.pods.filter(isReady) };
}

const seconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;

/** Requests a second that a waiting model gets, milliseconds it waits for each, and seconds of it. */
const waitingLoad = { rate: 1, slow: 5_000, lasts: 60 };

export const experiments = (lab: Facts): Record<string, Experiment> => ({
  /** Drives load for about four pods and takes the time until the Deployment is asked for more. n = 1. */
  "first-reaction": {
    within: "4m",
    async measure(scene, tell): Promise<Measurement> {
      const { from, pods } = await atRest(scene, lab);
      const rate = rateFor(lab, requestOf(pods[0] ?? {}));
      const series: Measurement["series"] = [];
      const up = await climb(scene, lab, from, rate, (at, _replicas, used) => {
        if (used === undefined || series.at(-1)?.value === used) return;
        series.push({ label: `after ${Math.round(at / 1_000)} s: % of the request`, value: used });
        tell?.({ series });
      });
      if (up.asked === undefined)
        throw new Error(
          `It asked for no more within two minutes; it saw up to ${up.used} %. Look at kubectl describe hpa.`,
        );
      return {
        value: seconds(up.asked),
        series,
        says: `n = 1: ${rate} requests a second from second 0; ${seconds(up.asked)} s later the autoscaler asked for ${up.peak} pods instead of ${from}.`,
      };
    },
  },
  /** The pods wait instead of computing: their admin port makes each prediction take 5 s more, and takes that back at the end. */
  "waiting-model": {
    within: "3m",
    async measure(scene, tell): Promise<Measurement> {
      const { from, pods } = await atRest(scene, lab);
      const { probes, cluster } = scene;
      for (const pod of pods) {
        const { status } = await probes.disturb.post(nameOf(pod), 9000, `/slow?ms=${waitingLoad.slow}`, "/reset");
        if (status !== 200) throw new Error(`pod/${nameOf(pod)} did not take the order to be slow (HTTP ${status}).`);
      }
      const { service, port, path, deployment } = lab;
      const series: Measurement["series"] = [];
      let most = from;
      let used = 0;
      const look = async () => {
        const [work, [hpa]] = await Promise.all([workload(cluster, deployment), scalersOf(cluster, deployment)]);
        most = Math.max(most, work?.deployment.spec?.replicas ?? 0);
        used = Math.max(used, (hpa && utilization(hpa)) ?? 0);
      };
      const flow = await probes.load({
        service,
        port,
        path,
        rate: waitingLoad.rate,
        seconds: waitingLoad.lasts,
        timeout: 30_000,
        onSecond({ at, p50 }) {
          if (at % 5 === 0 && p50 > 0) series.push({ label: `second ${at}: half took (s)`, value: seconds(p50) });
          tell?.({ series });
          // A failed look only misses one point.
          look().catch(() => {});
        },
      });
      await look();
      return {
        value: most > from ? 0 : 1,
        series: [
          ...series,
          { label: "most pods asked for", value: most },
          { label: "highest CPU seen (%)", value: used },
        ],
        says: `${flow.sent} requests at ${waitingLoad.rate} a second, each waiting ${waitingLoad.slow / 1_000} s in the model: half took ${seconds(flow.latency.p50)} s, 5 % over ${seconds(flow.latency.p95)} s, and the autoscaler, seeing at most ${used} % CPU, asked for ${most === from ? `${from} pods as before` : `${most} pods`}.`,
      };
    },
  },
});
