import type { Scene } from "../../../checkers/core/check.ts";
import type { Experiment } from "../../../checkers/core/lab.ts";
import type { Facts } from "../facts.ts";
import { attempts, usersRequests } from "./counters.ts";
import { byVersion, fleetOf } from "./fleet.ts";

/** The path that the learner's loop through port-forward asks for, and nothing else in this lab. */
const forwarded = "/status";
/** Requests of that loop. */
const enough = 40;

/** How many requests for that path a pod has counted itself. */
async function counted({ probes }: Scene, f: Facts, pod: string): Promise<number> {
  const { status, body } = await probes.podGet(pod, f.port, "/metrics");
  if (status !== 200) throw new Error(`pod/${pod} did not give its counters (HTTP ${status}). Try again in a moment.`);
  return body
    .split("\n")
    .filter((line) => line.startsWith("http_requests_total{") && line.includes(`route="${forwarded}"`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

export const experiments = (f: Facts): Record<string, Experiment> => ({
  /** Reads from the pods' own counters who answered what the learner sent through port-forward. */
  "forwarded-share": {
    within: "30s",
    async measure(scene) {
      const fleet = (await fleetOf(scene, f)).filter(({ ready }) => ready);
      const newest = fleet
        .flatMap(({ version }) => version ?? [])
        .sort(byVersion)
        .at(-1);
      if (newest === undefined || new Set(fleet.map(({ version }) => version)).size < 2)
        throw new Error("Only one version is ready: there is no share to measure. Start the canary first.");
      const counts = await Promise.all(fleet.map(({ name }) => counted(scene, f, name)));
      const total = counts.reduce((sum, one) => sum + one, 0);
      if (total < enough)
        throw new Error(
          `The pods have counted ${total} requests for ${forwarded}, and ${enough} are needed. Run the loop under the question first, through port-forward.`,
        );
      const hits = fleet.reduce((sum, { version }, index) => sum + (version === newest ? (counts[index] ?? 0) : 0), 0);
      const answering = counts.filter(Boolean).length;
      const runs =
        answering === 1 ? "1 pod" : `${answering} pods: each time port-forward was started it took one, and kept to it`;
      return {
        value: Math.round((100 * hits) / total),
        series: fleet.map(({ name, version }, index) => ({ label: `${version} ${name}`, value: counts[index] ?? 0 })),
        says: `n = ${total} requests through port-forward, as the ${fleet.length} pods counted them: ${hits} by ${newest}, from ${runs}.`,
      };
    },
  },
  /** The error rate over all versions while the faulty one served, from Prometheus. */
  "overall-rate": {
    within: "30s",
    async measure(scene) {
      const all = await usersRequests(scene);
      const last = attempts(all, f.bad).at(-1);
      if (!last || last.requests < 20)
        throw new Error(
          `Prometheus has counted ${Math.round(last?.requests ?? 0)} users' requests answered by ${f.bad}, and 20 are needed. Ship it as the canary first; then measure.`,
        );
      const during = all.filter(({ at }) => at >= last.from && at <= last.to);
      const sum = during.reduce((total, { by }) => total + by, 0);
      const failed = during.reduce((total, one) => total + (one.failed ? one.by : 0), 0);
      const percent = (part: number, of: number): number => Math.round((1000 * part) / of) / 10;
      return {
        value: percent(failed, sum),
        series: [
          { label: "percent failed, over all", value: percent(failed, sum) },
          { label: `percent failed, of ${f.bad}`, value: percent(last.failed, last.requests) },
        ],
        says: `n = ${Math.round(sum)} users' requests while ${f.bad} served: ${Math.round(failed)} failed. Of the ${Math.round(last.requests)} that ${f.bad} answered, ${Math.round(last.failed)} did.`,
      };
    },
  },
});
