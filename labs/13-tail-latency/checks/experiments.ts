import { setTimeout as pause } from "node:timers/promises";
import type { FlowRequest, Scene } from "../../../checkers/core/check.ts";
import type { Experiment, MeasuredLine, Measurement } from "../../../checkers/core/lab.ts";
import type { Facts } from "../facts.ts";
import { type Measured, mean, measured, quantile } from "./percentiles.ts";
import { asGiven, copyOf, drive } from "./service-copy.ts";

const round = (value: number): number => Math.round(value);

const bars = (phase: Measured): Measurement["series"] => [
  { label: "mean (ms)", value: round(mean(phase)) },
  { label: "p50 (ms)", value: round(quantile(phase, 0.5)) },
  { label: "p95 (ms)", value: round(quantile(phase, 0.95)) },
  { label: "p99 (ms)", value: round(quantile(phase, 0.99)) },
];

/** Percentiles of everything so far, noted each second: what a dashboard shows over its window. */
class Lines {
  readonly #values: { label: string; of: (phase: Measured) => number; values: (number | null)[] }[] = [
    { label: "p50", of: (phase) => quantile(phase, 0.5), values: [] },
    { label: "p95", of: (phase) => quantile(phase, 0.95), values: [] },
    { label: "p99", of: (phase) => quantile(phase, 0.99), values: [] },
    { label: "mean", of: mean, values: [] },
  ];

  note(requests: readonly FlowRequest[]): Measured {
    const phase = measured(requests.filter(({ status }) => status !== "0").map(({ took }) => took));
    for (const line of this.#values) line.values.push(phase.took.length === 0 ? null : round(line.of(phase)));
    return phase;
  }
  get lines(): MeasuredLine[] {
    return this.#values.map(({ label, values }) => ({ label, values: [...values] }));
  }
}

type Tell = Parameters<Experiment["measure"]>[1];

/** A copy of the service as given, driven while percentiles are drawn. */
async function driven(scene: Scene, f: Facts, name: string, tell: Tell, burst?: { at: number; n: number }) {
  const copy = await copyOf(scene, f, name, asGiven(f));
  const lines = new Lines();
  const run = await drive(scene, f, {
    service: copy.name,
    rate: f.rate,
    seconds: f.rushSeconds,
    keepAlive: true,
    ...(burst && { burst }),
    tell: (requests) => tell?.({ series: bars(lines.note(requests)), lines: lines.lines }),
  });
  return { run, lines: lines.lines };
}

/** Seconds that the process stands still, and when after the closed loop began. */
const stall = 2;
const stallAfter = 5;
const closedSeconds = 16;
const closedUsers = 2;

/** A few users who each wait for their answer before they ask again, from inside the cluster. Milliseconds a request. */
async function closedLoop({ probes, namespace }: Scene, f: Facts, service: string): Promise<Measured> {
  // curl writes to stderr at once; what it holds back for stdout would be lost when its time is up.
  const user = `timeout ${closedSeconds} curl -s -o /dev/null -w '%{stderr}%{time_total}\\n' 'http://${service}.${namespace}:${f.port}${f.path}?n=[1-100000]'`;
  const users = Array.from({ length: closedUsers }, () => `${user} &`).join(" ");
  const { stdout } = await probes.inside(["sh", "-c", `{ ${users} wait; } 2>&1`]);
  return measured(stdout.split("\n").flatMap((line) => (/^\d+\.\d+$/.test(line.trim()) ? [Number(line) * 1_000] : [])));
}

export const experiments = (f: Facts): Record<string, Experiment> => ({
  "p99-of-the-mean": {
    within: "2m",
    async measure(scene, tell): Promise<Measurement> {
      const { run, lines } = await driven(scene, f, "predict-p99", tell);
      return {
        value: round(quantile(run, 0.99)),
        series: bars(run),
        lines,
        says: `${run.took.length} requests at ${f.rate} a second, on a service with time to spare: mean ${round(mean(run))} ms, half within ${round(quantile(run, 0.5))} ms, 99 % within ${round(quantile(run, 0.99))} ms, the slowest ${round(quantile(run, 1))} ms.`,
      };
    },
  },
  /** Consecutive requests of one calm load make up the checkouts, as if each had sent its calls one after the other. */
  baskets: {
    within: "2m",
    async measure(scene, tell): Promise<Measurement> {
      const { run } = await driven(scene, f, "predict-baskets", (soFar) => tell?.({ series: soFar.series }));
      const bound = quantile(run, 0.99);
      const inOrder = run.requests.toSorted((one, other) => one.due - other.due);
      const checkouts: FlowRequest[][] = [];
      for (let at = 0; at + f.basket <= inOrder.length; at += f.basket)
        checkouts.push(inOrder.slice(at, at + f.basket));
      const hit = checkouts.filter((calls) => calls.some(({ took }) => took >= bound)).length;
      const percent = round((100 * hit) / checkouts.length);
      const slow = inOrder.filter(({ took }) => took >= bound).length;
      return {
        value: percent,
        series: [
          { label: "requests at p99 or above (%)", value: Math.round((1000 * slow) / inOrder.length) / 10 },
          { label: "checkouts that had one (%)", value: percent },
        ],
        says: `${inOrder.length} requests as ${checkouts.length} checkouts of ${f.basket} calls: ${slow} requests took ${round(bound)} ms or longer, and ${hit} checkouts had at least one of them.`,
      };
    },
  },
  rush: {
    within: "2m",
    async measure(scene, tell): Promise<Measurement> {
      const { run, lines } = await driven(scene, f, "predict-rush", tell, { at: f.herdAt, n: f.herd });
      const waited = run.requests.filter(({ took }) => took > f.limit).length;
      const busy = (100 * run.took.length * f.mean) / 1_000 / (f.rushSeconds * f.replicas * f.slots);
      return {
        value: round(quantile(run, 0.99)),
        series: [
          ...bars(run),
          { label: `slower than ${f.limit} ms (%)`, value: round((100 * waited) / run.took.length) },
        ],
        lines,
        says: `${run.took.length} requests in ${f.rushSeconds} s, ${f.herd} of them at once: p50 ${round(quantile(run, 0.5))} ms, mean ${round(mean(run))} ms, p99 ${round(quantile(run, 0.99))} ms. On average ${round(busy)} % of the places were in use.`,
      };
    },
  },
  /** One service, one stall, two generators at the same time. */
  "closed-loop": {
    within: "2m",
    async measure(scene): Promise<Measurement> {
      const { probes, signal } = scene;
      // Places for all that piled up: so nothing but the stall is slow.
      const copy = await copyOf(scene, f, "predict-loops", { ...asGiven(f), slots: 128 });
      const pod = copy.pods[0] ?? "";
      const requests: FlowRequest[] = [];
      const { result: closed } = await probes.during(
        {
          service: copy.name,
          port: f.port,
          path: f.path,
          rate: f.rate,
          seconds: closedSeconds + 10,
          onRequest: (one) => requests.push(one),
        },
        async () => {
          const asking = closedLoop(scene, f, copy.name);
          asking.catch(() => {});
          await pause(stallAfter * 1_000, undefined, { signal });
          await probes.disturb.post(pod, 9000, `/hang?seconds=${stall}`);
          return asking;
        },
      );
      const open = measured(requests.map(({ took }) => took));
      if (closed.took.length < 50)
        throw new Error(
          `The closed loop got only ${closed.took.length} answers. Run it again when the machine is less busy.`,
        );
      const slow = (phase: Measured): number => phase.took.filter((took) => took > f.limit).length;
      return {
        value: round(quantile(closed, 0.99)),
        series: [
          { label: `closed loop, ${closedUsers} users: p99 (ms)`, value: round(quantile(closed, 0.99)) },
          { label: `open loop, ${f.rate} a second: p99 (ms)`, value: round(quantile(open, 0.99)) },
        ],
        says: `The same ${stall} s of standstill, measured twice at the same time. Closed loop: ${closed.took.length} requests, ${slow(closed)} slower than ${f.limit} ms, p99 ${round(quantile(closed, 0.99))} ms, slowest ${round(quantile(closed, 1))} ms. Open loop: ${open.took.length} requests, ${slow(open)} slower than ${f.limit} ms, p99 ${round(quantile(open, 0.99))} ms.`,
      };
    },
  },
});
