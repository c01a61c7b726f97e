import { setTimeout as pause } from "node:timers/promises";
import type { Scene } from "../../../checkers/core/check.ts";
import type { Experiment, Measurement } from "../../../checkers/core/lab.ts";
import { isReady } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { answered, nameOf, podsOf } from "./objects.ts";

const tidy = (seconds: number): number => Math.round(seconds * 100) / 100;

/** One figure at this moment; NaN where there is none. */
async function figure({ probes }: Scene, promql: string): Promise<number> {
  return answered(await probes.prometheus().query(promql))[0]?.points.at(-1)?.[1] ?? Number.NaN;
}

/** What the predictions measure. */
export const experiments = (lab: Facts): Record<string, Experiment> => {
  const selector = `{namespace="${lab.namespace}", route="${lab.path}"}`;
  const bucket = (more = ""): string =>
    `${lab.histogram}_bucket{namespace="${lab.namespace}", route="${lab.path}"${more}}`;
  return {
    /**
     * From the histogram, over the last five minutes: buckets beside the mean give a lower and an upper bound; between them the share is taken
     * along a straight line, as histogram_quantile does.
     */
    "above-the-mean": {
      within: "30s",
      async measure(scene): Promise<Measurement> {
        const over = "[5m]";
        const total = await figure(scene, `sum(increase(${lab.histogram}_count${selector}${over}))`);
        if (!(total >= 300))
          throw new Error(
            "Prometheus has hardly counted a request of this service yet. Do the first task, and wait half a minute.",
          );
        const mean = (await figure(scene, `sum(increase(${lab.histogram}_sum${selector}${over}))`)) / total;
        const series = answered(await scene.probes.prometheus().query(`sum by (le) (increase(${bucket()}${over}))`));
        const counts = series
          .map(({ labels, points }) => [Number(labels.le), points.at(-1)?.[1] ?? 0] as const)
          .filter(([bound]) => Number.isFinite(bound))
          .sort(([one], [other]) => one - other);
        const below = counts.filter(([bound]) => bound <= mean).at(-1) ?? [0, 0];
        const above = counts.find(([bound]) => bound > mean) ?? [mean, total];
        const part = above[0] > below[0] ? (mean - below[0]) / (above[0] - below[0]) : 0;
        const share = 1 - (below[1] + part * (above[1] - below[1])) / total;
        const median = await figure(scene, `histogram_quantile(0.5, sum by (le) (rate(${bucket()}${over})))`);
        return {
          value: Math.round(100 * share),
          series: [
            { label: "slower than the mean, of 100", value: Math.round(100 * share) },
            { label: "the mean (ms)", value: Math.round(mean * 1000) },
            { label: "the median (ms)", value: Math.round(median * 1000) },
          ],
          says: `Of ${Math.round(total)} requests in the last five minutes the mean took ${Math.round(mean * 1000)} ms, and ${Math.round(100 * share)} of 100 took longer than that. Half were done within ${Math.round(median * 1000)} ms.`,
        };
      },
    },
    /** Slows one pod down for three quarters of a minute, and takes p95 of each pod and of both together over the last twenty seconds of it. */
    "two-p95": {
      within: "2m",
      async measure(scene, tell): Promise<Measurement> {
        const pods = ((await podsOf(scene.cluster, lab.deployment)) ?? []).filter(isReady).map(nameOf);
        const [slow, other] = pods;
        if (!slow || !other) throw new Error(`This needs ${lab.replicas} ready pods of ${lab.deployment}.`);
        await scene.probes.disturb.post(slow, 9000, `/slow?ms=${lab.slowed * 1_000}`, "/slow?ms=0");
        const window = "[20s]";
        const p95 = (more = ""): Promise<number> =>
          figure(scene, `histogram_quantile(0.95, sum by (le) (rate(${bucket(more)}${window})))`);
        const measured = async (): Promise<Measurement["series"]> => {
          const [one, two, both] = await Promise.all([p95(`, pod="${slow}"`), p95(`, pod="${other}"`), p95()]);
          return [
            { label: "p95 of the slow pod (s)", value: tidy(one) },
            { label: "p95 of the other (s)", value: tidy(two) },
            { label: "mean of the two (s)", value: tidy((one + two) / 2) },
            { label: "p95 of all requests (s)", value: tidy(both) },
          ];
        };
        let series: Measurement["series"] = [];
        for (let waited = 0; waited < 45; waited += 5) {
          await pause(5_000, undefined, { signal: scene.signal });
          series = await measured();
          if (series.every(({ value }) => Number.isFinite(value))) tell?.({ series });
        }
        const all = series.at(-1)?.value ?? Number.NaN;
        if (!Number.isFinite(all))
          throw new Error(
            "Prometheus has counted too little of this. Are both pods scraped, and do the visitors come?",
          );
        return {
          value: all,
          series,
          says: `One of two pods slowed down by ${lab.slowed} s: ${series.map(({ label, value }) => `${label.replace(" (s)", "")} ${value} s`).join(", ")}.`,
        };
      },
    },
  };
};
