import type { Scene } from "../../../checkers/core/check.ts";
import type { Experiment, Measurement } from "../../../checkers/core/lab.ts";
import { isReady, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { nameOf } from "./objects.ts";
import { throughService } from "./traffic.ts";

/** The two pods an experiment needs, or a sentence on what is missing. */
async function twoReady({ cluster }: Scene, { deployment }: Facts): Promise<string[]> {
  const found = await workload(cluster, deployment);
  const ready = (found?.pods ?? []).filter(isReady).map(nameOf);
  if (ready.length < 2) {
    throw new Error(
      `This measures two ready pods of ${deployment} behind its Service; there ${ready.length === 1 ? "is one" : "are none"}. Do the tasks above first.`,
    );
  }
  return ready;
}

/** What the two predictions measure. They only send requests, and leave everything as it is. */
export const experiments = (lab: Facts): Record<string, Experiment> => ({
  /** Ten rounds of new connections through the Service: how uneven is random? n = 400; the mean of the ten maxima is within 1 of 22.5 in 9 of 10 runs. */
  "busier-pod": {
    within: "2m",
    async measure(scene): Promise<Measurement> {
      await twoReady(scene, lab);
      const rounds: number[] = [];
      for (let round = 0; round < 10; round++) {
        const { pods } = await throughService(scene.probes, lab, lab.requests);
        rounds.push(Math.max(0, ...Object.values(pods)));
      }
      const even = rounds.filter((most) => most === lab.requests / 2).length;
      const mean = rounds.reduce((sum, most) => sum + most, 0) / rounds.length;
      return {
        value: Math.round(mean * 10) / 10,
        series: rounds.map((most, index) => ({ label: `round ${index + 1}`, value: most })),
        says: `10 rounds of ${lab.requests} new connections: the busier pod got ${Math.min(...rounds)} to ${Math.max(...rounds)} of them, ${mean.toFixed(1)} on average; it was an even ${lab.requests / 2} in ${even} of them.`,
      };
    },
  },
  /** One curl process keeps its connection for all its requests; kube-proxy chose a pod once, when it was opened. */
  "one-connection": {
    within: "60s",
    async measure(scene): Promise<Measurement> {
      const ready = await twoReady(scene, lab);
      const url = `http://${lab.service}:${lab.port}/?[1-${lab.kept}]`;
      const { code, stdout, stderr } = await scene.probes.exec(lab.client, [
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "--max-time",
        "40",
        "-w",
        "%header{x-served-by} %{num_connects}\\n",
        url,
      ]);
      const lines = stdout.trim().split("\n").filter(Boolean);
      if (code !== 0 || lines.length < lab.kept) {
        throw new Error(
          `The pod ${lab.client} got ${lines.length} of ${lab.kept} answers (${stderr.trim() || `curl ended with ${code}`}). Is the Service answering?`,
        );
      }
      const tally = new Map(ready.map((pod) => [pod, 0]));
      let connections = 0;
      for (const line of lines) {
        const [pod = "unknown", opened] = line.split(" ");
        tally.set(pod, (tally.get(pod) ?? 0) + 1);
        connections += Number(opened);
      }
      const served = [...tally.values()].filter((count) => count > 0).length;
      return {
        value: served === 1 ? 0 : 1,
        series: [...tally].map(([label, value]) => ({ label, value })),
        says: `${lab.kept} requests over ${connections} connection${connections === 1 ? "" : "s"}: ${served} of ${ready.length} pods answered them.`,
      };
    },
  },
});
