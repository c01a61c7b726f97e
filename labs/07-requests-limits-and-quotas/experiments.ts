import { setTimeout as pause } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import type { Scene } from "../../checkers/core/check.ts";
import type { Experiment } from "../../checkers/core/lab.ts";
import { kinds } from "../../checkers/core/port.ts";
import { isReady, refusal, troubleOf } from "../../checkers/core/workload.ts";
import type { Facts } from "./facts.ts";
import { atOnce, oneAfterAnother } from "./measure.ts";
import { median, share } from "./throttling.ts";

const port = 5000;

/** A pod of the service for one experiment, within the LimitRange so that it may come before or after it. */
const podFor = (f: Facts, name: string, cpu: string, threads: number): Record<string, unknown> => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: "experiment" } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: f.container,
        image: f.image,
        args: [`-listen=:${port}`],
        env: [
          { name: "CPU_MS", value: String(f.work) },
          { name: "CPU_THREADS", value: String(threads) },
          { name: "LATENCY_MS", value: "1" },
          { name: "LATENCY_SIGMA", value: "0" },
        ],
        resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu, memory: "256Mi" } },
        readinessProbe: { httpGet: { path: "/ready", port }, periodSeconds: 1 },
      },
    ],
  },
});

/** Makes a pod and waits until it is ready. It is gone again when the experiment ends. */
async function ready({ cluster, probes, signal }: Scene, pod: Record<string, unknown>): Promise<V1Pod> {
  const { name } = pod.metadata as { name: string };
  await probes.disturb.create(pod);
  for (let looks = 0; ; looks++) {
    const found = await cluster.get(kinds.Pod, name);
    if (found && isReady(found)) return found;
    // A moment for what was just made to be seen; after that, somebody has taken it away.
    if (!found && looks > 20)
      throw new Error(`The experiment's pod ${name} was deleted. Run it again, and leave it alone.`);
    const trouble = found && troubleOf(found);
    if (trouble) throw new Error(`The experiment's pod does not start: ${trouble.evidence.actual}.`);
    await pause(250, undefined, { signal });
  }
}

const enough = (times: readonly number[], n: number): void => {
  if (times.length < n)
    throw new Error(`Only ${times.length} of ${n} requests were answered. Run it again in a moment.`);
};

export const experiments = (f: Facts): Record<string, Experiment> => ({
  /** Ten requests, one at a time, to pods that differ in their CPU limit only. The median of ten at 200m, in milliseconds. */
  "one-request": {
    within: "2m",
    async measure(scene, tell) {
      const series: { label: string; value: number }[] = [];
      const said: string[] = [];
      let value = 0;
      for (const [cpu, name] of [
        [f.cpuLimit, "limit-100m"],
        ["200m", "limit-200m"],
        ["1", "limit-1-core"],
      ] as const) {
        const pod = await ready(scene, podFor(f, name, cpu, 4));
        // The first request measures how fast the machine is: it isn't counted.
        await oneAfterAnother(scene.probes, pod, port, 1);
        const { times, cpu: accounting } = await oneAfterAnother(scene.probes, pod, port, 10);
        enough(times, 10);
        const middle = Math.round(median(times));
        if (cpu === "200m") value = middle;
        series.push({ label: `limit ${cpu}`, value: middle });
        said.push(`${middle} ms at ${cpu} (${Math.round(share(accounting))} % of the periods throttled)`);
        tell?.({ series: [...series] });
      }
      return { value, series, says: `n = 10 requests for each limit, median: ${said.join(", ")}.` };
    },
  },
  /**
   * Bursts of four at once, five times, against one thread and against four, under the same limit. Medians of the five first and of the five last
   * answers, in milliseconds. What is judged is the first: 40 of 160 ms of CPU against nearly all of it, a factor that noise does not turn around.
   */
  threads: {
    within: "2m",
    async measure(scene, tell) {
      const series: { label: string; value: number }[] = [];
      const firsts: number[] = [];
      for (const threads of [1, 4]) {
        const pod = await ready(scene, podFor(f, `threads-${threads}`, "200m", threads));
        await oneAfterAnother(scene.probes, pod, port, 1);
        const bursts: number[][] = [];
        for (let burst = 0; burst < 5; burst++) bursts.push((await atOnce(scene.probes, pod, port, 4)).times);
        enough(bursts.flat(), 20);
        const first = Math.round(median(bursts.map((times) => Math.min(...times))));
        const last = Math.round(median(bursts.map((times) => Math.max(...times))));
        const name = `${threads} thread${threads === 1 ? "" : "s"}`;
        series.push({ label: `${name}: first answer`, value: first }, { label: `${name}: last answer`, value: last });
        firsts.push(first);
        tell?.({ series: [...series] });
      }
      const [one, four] = firsts as [number, number];
      const value = four < 0.8 * one ? 0 : one < 0.8 * four ? 2 : 1;
      return {
        value,
        series,
        says: `n = 5 bursts of 4 requests under a limit of 200m: the first answer was there after ${one} ms with one thread, after ${four} ms with four (medians).`,
      };
    },
  },
  /** A Deployment that wants more than the quota has, and the pods it gets. They stay Pending: no node here has 15 cores. */
  "quota-edge": {
    within: "60s",
    async measure(scene) {
      const { cluster, probes, signal } = scene;
      const [quotas, ranges, there] = await Promise.all([
        cluster.list(kinds.ResourceQuota),
        cluster.list(kinds.LimitRange),
        cluster.get(kinds.Deployment, f.edge),
      ]);
      if (quotas.length === 0 || ranges.length === 0)
        throw new Error("This needs the quota and the LimitRange of the tasks above. Put them in place first.");
      if (there)
        throw new Error(`deployment/${f.edge} is there already. kubectl delete deployment ${f.edge}, then again.`);
      const labels = { app: f.edge };
      const resources = { requests: { cpu: f.edgeCpu }, limits: { cpu: "16" } };
      await probes.disturb.create({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: f.edge },
        spec: {
          replicas: f.edgeReplicas,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: { containers: [{ name: "trainer", image: f.image, resources }] },
          },
        },
      });
      const count = async (): Promise<{ pods: number; refused: string | undefined }> => {
        const [pods, deployment] = await Promise.all([
          cluster.list(kinds.Pod, { labels }),
          cluster.get(kinds.Deployment, f.edge),
        ]);
        return { pods: pods.length, refused: deployment && refusal(deployment)?.actual };
      };
      for (let before = -1; ; ) {
        const { pods, refused } = await count();
        if (pods === f.edgeReplicas || (refused !== undefined && pods === before)) {
          return {
            value: pods,
            series: [
              { label: "pods wanted", value: f.edgeReplicas },
              { label: "pods made", value: pods },
            ],
            says: `n = 1: the Deployment was accepted, ${pods} of its ${f.edgeReplicas} pods were made. ${refused ?? ""}`.trim(),
          };
        }
        before = pods;
        await pause(1_500, undefined, { signal });
      }
    },
  },
});
