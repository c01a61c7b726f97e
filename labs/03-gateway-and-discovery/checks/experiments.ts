import type { Scene } from "../../../checkers/core/check.ts";
import type { Experiment, Measurement } from "../../../checkers/core/lab.ts";
import { kinds } from "../../../checkers/core/port.ts";
import type { Facts } from "../facts.ts";
import { backends, losePod } from "./pod-loss.ts";
import { counts, fleet } from "./reading.ts";

const inOrder = 40;

/** The longest run of equal entries. */
export function longestRun(entries: readonly string[]): number {
  let longest = 0;
  let run = 0;
  entries.forEach((entry, index) => {
    run = index > 0 && entry === entries[index - 1] ? run + 1 : 1;
    longest = Math.max(longest, run);
  });
  return longest;
}

/** Two ready pods of the model that answer through the gateway, or a sentence on what is missing. */
async function twoBehindGateway(scene: Scene, lab: Facts): Promise<string[]> {
  const ready = await backends(scene, lab);
  if (ready.length < 2) throw new Error(`This takes two ready pods of ${lab.backend}; there are ${ready.length}.`);
  const { statuses, sent } = await scene.probes.traffic({ nodePort: lab.nodePort, path: "/predict", n: 4 });
  if (statuses["200"] !== sent) {
    throw new Error(
      `/predict does not answer through the gateway yet (${counts(statuses)}). Finish the task above, then run it again.`,
    );
  }
  return ready;
}

export const experiments = (lab: Facts): Record<string, Experiment> => ({
  /** Requests one after the other, each over a new connection from nginx: how long does one pod answer without a change? */
  streak: {
    within: "60s",
    async measure(scene): Promise<Measurement> {
      const ready = await twoBehindGateway(scene, lab);
      const loop = `for i in $(seq ${inOrder}); do curl -so /dev/null --max-time 5 -w '%header{x-served-by}\\n' http://${lab.gatewayService}:${lab.gatewayPort}/predict; done`;
      const { stdout } = await scene.probes.exec(lab.client, ["sh", "-c", loop]);
      const order = stdout.trim().split("\n");
      if (order.length < inOrder)
        throw new Error(`Only ${order.length} of ${inOrder} requests were answered. Run it again.`);
      const value = longestRun(order);
      const letter = (pod: string): string => String.fromCharCode(65 + ready.indexOf(pod));
      return {
        value,
        series: ready.map((pod) => ({ label: pod, value: order.filter((one) => one === pod).length })),
        says: `n = ${inOrder}, in order: ${order.map(letter).join("")}. The longest streak of one pod is ${value}.`,
      };
    },
  },
  /** Deletes one pod of the model under requests. */
  "pod-dies": {
    within: "90s",
    async measure(scene): Promise<Measurement> {
      await twoBehindGateway(scene, lab);
      const { flow, deleted, replacement, outage } = await losePod(scene, lab);
      return {
        value: flow.failed,
        series: [
          { label: "answered", value: flow.sent - flow.failed },
          { label: "failed", value: flow.failed },
        ],
        says: `n = ${flow.sent} requests, ${lab.rate} a second; pod/${deleted} was deleted. ${flow.failed} failed${flow.failed > 0 ? `, the last within ${Math.ceil(outage / 1_000)} s of the deletion (${counts(Object.fromEntries(Object.entries(flow.statuses).filter(([status]) => status !== "200")))})` : ""}. ${replacement ? `Its successor ${replacement} answered ${flow.pods[replacement] ?? 0}.` : "No successor was ready in time."}`,
      };
    },
  },
  /** The learner has deleted the model's Service and made it anew; nginx has been running since before. */
  "service-made-anew": {
    within: "60s",
    async measure({ cluster, probes }): Promise<Measurement> {
      const service = await cluster.get(kinds.Service, lab.backendService);
      if (!service)
        throw new Error(`There is no Service ${lab.backendService} now. Make it anew, then run this again.`);
      const { ready } = await fleet(cluster, lab.gateway);
      const started = ready.map((pod) => new Date(pod.status?.startTime ?? 0).getTime());
      const made = new Date(service.metadata?.creationTimestamp ?? 0).getTime();
      if (ready.length === 0 || started.some((time) => time > made)) {
        throw new Error(
          `The gateway's pods must be older than the Service ${lab.backendService}: delete the Service and make it anew while they run, as the text says, then run this before you restart anything.`,
        );
      }
      const n = 8;
      const [through, direct, health] = [
        await probes.traffic({ nodePort: lab.nodePort, path: "/predict", n }),
        await probes.traffic({ service: lab.backendService, port: lab.backendPort, path: "/", n }),
        await probes.traffic({ nodePort: lab.nodePort, path: "/health", n }),
      ];
      const good = through.statuses["200"] ?? 0;
      return {
        value: good === n ? 0 : good === 0 ? 2 : 1,
        series: [
          { label: "/predict through the gateway", value: good },
          { label: "the Service, directly", value: direct.statuses["200"] ?? 0 },
          { label: "/health of the gateway", value: health.statuses["200"] ?? 0 },
        ],
        says: `n = ${n} each, by status. /predict through the gateway: ${counts(through.statuses)}. The new Service, asked directly: ${counts(direct.statuses)}. /health of the gateway: ${counts(health.statuses)}.`,
      };
    },
  },
});
