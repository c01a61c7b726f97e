import { setTimeout as pause } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import type { Scene } from "../../../checkers/core/check.ts";
import type { Experiment, Measurement } from "../../../checkers/core/lab.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { isReady } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { deleteUnderLoad } from "./deletion.ts";
import { nameOf, readyPods } from "./objects.ts";

/** The ready pods an experiment needs, or a sentence on what is missing. */
async function ready({ cluster }: Scene, { deployment }: Facts, least: number): Promise<V1Pod[]> {
  const found = await readyPods(cluster, deployment);
  if (found.length >= least) return found;
  throw new Error(
    `This needs ${least} ready pods of ${deployment}; there ${found.length === 1 ? "is one" : `are ${found.length || "none"}`}. Do the tasks before it first.`,
  );
}

const seconds = (milliseconds: number): number => Math.round(milliseconds / 10) / 100;

/** What the predictions measure. */
export const experiments = (lab: Facts): Record<string, Experiment> => ({
  /** The rush of the lesson's beginning once more, on as many replicas as there are now. n = rush · rushSeconds requests. */
  "after-scaling": {
    within: "60s",
    async measure(scene, tell): Promise<Measurement> {
      const pods = await ready(scene, lab, lab.replicas);
      const { service, port, path, rush, rushSeconds } = lab;
      const series: Measurement["series"] = [];
      const flow = await scene.probes.load({
        service,
        port,
        path,
        rate: rush,
        seconds: rushSeconds,
        timeout: 15_000,
        onSecond(second) {
          series.push({ label: `second ${second.at + 1}, slowest of 99 %`, value: seconds(second.p99) });
          tell?.({ series });
        },
      });
      const { p50, p95, max } = flow.latency;
      return {
        value: seconds(p95),
        series: [
          { label: "half within (s)", value: seconds(p50) },
          { label: "95 % within (s)", value: seconds(p95) },
          { label: "slowest (s)", value: seconds(max) },
        ],
        says: `${flow.sent} requests at ${rush} a second over ${pods.length} pods: half within ${seconds(p50)} s, 95 % within ${seconds(p95)} s, ${flow.failed} failed.`,
      };
    },
  },
  /** Thirty rounds of ten requests each. By arithmetic 22 % of rounds miss one of four pods; the measured share is within 15 of that in 19 of 20 runs. */
  "unseen-in-ten": {
    within: "2m",
    async measure(scene, tell): Promise<Measurement> {
      const pods = (await ready(scene, lab, lab.replicas)).map(nameOf);
      const { service, port, path } = lab;
      const rounds = 30;
      let missed = 0;
      const spread: Record<number, number> = {};
      const series = (): Measurement["series"] =>
        [...pods.keys()].map((index) => ({
          label: `${index + 1} of ${pods.length} pods answered`,
          value: spread[index + 1] ?? 0,
        }));
      for (let round = 0; round < rounds; round++) {
        const sample = await scene.probes.traffic({ service, port, path, n: 10 });
        const seen = pods.filter((pod) => (sample.pods[pod] ?? 0) > 0).length;
        if (seen < pods.length) missed++;
        spread[seen] = (spread[seen] ?? 0) + 1;
        tell?.({ series: series() });
      }
      return {
        value: Math.round((100 * missed) / rounds),
        series: series(),
        says: `${rounds} rounds of 10 requests over ${pods.length} ready pods: in ${missed} rounds at least one pod was not seen.`,
      };
    },
  },
  /** Deletes one pod while requests flow, exactly as the check does: what is lost with the Deployment as it is now. */
  "lost-requests": {
    within: "60s",
    async measure(scene): Promise<Measurement> {
      const pods = await ready(scene, lab, lab.replicas);
      const [victim] = pods;
      if (!victim) throw new Error("There is no pod to delete.");
      const { flow, healed, later } = await deleteUnderLoad(scene, lab, victim, pods.map(nameOf));
      const last = later.at(-1);
      const first = later[0];
      const span = first && last ? seconds(last.at - first.at) : 0;
      return {
        value: flow.failed,
        series: flow.seconds.map(({ at, failed }) => ({ label: `failed in second ${at + 1}`, value: failed })),
        says: `${flow.sent} requests at ${lab.steady} a second, pod/${nameOf(victim)} deleted on the way: ${flow.failed} failed${span > 0 ? `, all within ${span} s` : ""}; ${healed === undefined ? "not all pods were ready again yet" : `${pods.length} ready again after ${seconds(healed)} s`}.`,
      };
    },
  },
  /** One curl keeps its connection while its pod is deleted. Resolution: one request, 1 / keptRate seconds. */
  "kept-connection": {
    within: "90s",
    async measure(scene): Promise<Measurement> {
      await ready(scene, lab, 2);
      const { client, service, port, path, keptRate } = lab;
      const { probes, cluster, signal } = scene;
      const pod = await cluster.get(kinds.Pod, client);
      if (!pod || !isReady(pod))
        throw new Error(`The pod ${client} is not there any more. Reset the lab, or apply client.yaml.`);
      const file = `/tmp/kept-${Date.now()}`;
      const most = 40;
      // To stderr, which curl does not hold back.
      const run = `timeout ${most} curl -s -o /dev/null --max-time 5 --rate ${keptRate}/s -w '%{stderr}%{http_code} %{num_connects} %header{x-served-by}\\n' 'http://${service}:${port}${path}?[1-${most * keptRate}]' 2>&1 | while read -r line; do echo "$(date +%s%N) $line"; done >${file}`;
      await probes.exec(client, [
        "bash",
        "-c",
        `setsid bash -c ${JSON.stringify(run).replaceAll("$", "\\$")} </dev/null >/dev/null 2>&1 & for i in $(seq 20); do sleep 0.5; [ $(wc -l <${file}) -ge 5 ] && break; done`,
      ]);
      const read = async () => {
        const { stdout } = await probes.exec(client, ["cat", file]);
        return stdout
          .trim()
          .split("\n")
          .filter(Boolean)
          .map((line) => {
            const [at = "0", status = "000", opened = "0", by = ""] = line.split(" ");
            return { at: Number(at) / 1e6, status, opened: Number(opened), by };
          });
      };
      const first = (await read()).at(-1)?.by;
      if (!first) throw new Error(`The pod ${client} got no answer from ${service}:${port}. Does the Service answer?`);
      await probes.disturb.deletePod(first);
      const { stdout } = await probes.exec(client, ["date", "+%s%N"]);
      const deleted = Number(stdout) / 1e6;
      for (let waited = 0; waited < most - 5; waited++) {
        await pause(1_000, undefined, { signal });
        const lines = await read();
        const moved = lines.find((one) => one.at > deleted && one.by !== first && one.status === "200");
        if (!moved) continue;
        const stayed = lines.filter((one) => one.at > deleted && one.by === first).length;
        const failed = lines.filter((one) => one.status !== "200").length;
        await probes.exec(client, ["sh", "-c", `rm -f ${file}`]);
        const value = Math.max(0, Math.round((moved.at - deleted) / 100) / 10);
        return {
          value,
          series: [
            { label: "answers of the deleted pod after its deletion", value: stayed },
            { label: "failed", value: failed },
            { label: "connections opened in all", value: lines.reduce((sum, one) => sum + one.opened, 0) },
          ],
          says: `n = 1: pod/${first} went on answering on the open connection for ${value} s after it was deleted (${stayed} requests); then the client connected anew, and pod/${moved.by} answered. ${failed} failed.`,
        };
      }
      throw new Error(
        `The connection was still with pod/${first} after ${most - 5} s. Does its program ever close it?`,
      );
    },
  },
});
