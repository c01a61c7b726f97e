/** Copies of the service as it was given, for experiments and the recording: the learner's own is left alone. */
import { setTimeout as pause } from "node:timers/promises";
import type { FlowRequest, Scene } from "../../../checkers/core/check.ts";
import { LookError } from "../../../checkers/core/errors.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { isReady } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { type Measured, measured } from "./percentiles.ts";

/** How a copy serves. */
export interface Shape {
  replicas: number;
  /** Requests one pod works on at once. */
  slots: number;
  /** Milliseconds, and sigma of the lognormal distribution. */
  mean: number;
  sigma: number;
}

/** The service the lab begins with, its places in one pod: then no chance of who gets which request is measured along. */
export const asGiven = ({ replicas, slots, mean, sigma }: Facts): Shape => ({
  replicas: 1,
  slots: replicas * slots,
  mean,
  sigma,
});

export interface Copy {
  /** Of its Deployment and its Service. */
  name: string;
  pods: string[];
}

/** Seconds until a copy serves. */
const upLimit = 60;
const label = "workbook.local/copy";

/** Asks until there is an answer or the time (seconds) is up. */
export async function until<T>(
  limit: number,
  signal: AbortSignal,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const began = performance.now();
  for (;;) {
    const found = await look();
    if (found !== undefined || performance.now() - began > limit * 1_000) return found;
    await pause(300, undefined, { signal });
  }
}

/** Makes Deployment and Service, and resolves once every pod answers through the Service; both go away with the check or experiment. */
export async function copyOf(scene: Scene, f: Facts, name: string, shape: Shape): Promise<Copy> {
  await makeCopy(scene, f, name, shape);
  return copyReady(scene, f, name, shape);
}

/** Makes them and does not wait. One after the other: the way back of each is written down first. */
export async function makeCopy({ probes }: Scene, f: Facts, name: string, shape: Shape): Promise<void> {
  // Not the label that the learner's own Service selects by.
  const labels = { [label]: name };
  await probes.disturb.create({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: labels, ports: [{ port: f.port, targetPort: f.port }] },
  });
  await probes.disturb.create({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: shape.replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": String(f.port) } },
        spec: {
          terminationGracePeriodSeconds: 2,
          containers: [
            {
              name: f.container,
              image: f.image,
              args: [`-listen=:${f.port}`],
              env: [
                { name: "LATENCY_MS", value: String(shape.mean) },
                { name: "LATENCY_SIGMA", value: String(shape.sigma) },
                { name: "CONCURRENCY", value: String(shape.slots) },
                { name: "LOG_LEVEL", value: "warn" },
              ],
              // A weight in the competition for the processor, so that what is measured is the queue and not a neighbor.
              resources: { requests: { cpu: "100m", memory: "48Mi" } },
              readinessProbe: { httpGet: { path: "/ready", port: f.port }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  });
}

/** Waits until every pod has answered, and the Service leads to them. */
export async function copyReady(scene: Scene, f: Facts, name: string, shape: Shape): Promise<Copy> {
  const { cluster, probes, signal } = scene;
  const labels = { [label]: name };
  const pods = await until(upLimit, signal, async () => {
    const ready = (await cluster.list(kinds.Pod, { labels })).filter(isReady);
    return ready.length >= shape.replicas ? ready.map(({ metadata }) => metadata?.name ?? "") : undefined;
  });
  if (!pods)
    throw new LookError(
      `The copy of the service that is measured (${name}) was not ready within ${upLimit} s.`,
      "See kubectl get pods and kubectl get events; run it again when the machine is less busy.",
    );
  // Each pod has answered once, so that its series exist; and the nodes have heard of the new Service.
  await Promise.all(pods.map((pod) => probes.podGet(pod, f.port, f.path)));
  const reached = await until(20, signal, async () => {
    const sample = await probes.traffic({ service: name, port: f.port, path: f.path, n: 6 });
    return sample.statuses["200"] === 6 ? true : undefined;
  });
  if (!reached)
    throw new LookError(
      `The copy of the service that is measured (${name}) does not answer through its Service.`,
      "Run it again in a moment; `./workbook doctor` looks at the cluster's network.",
    );
  return { name, pods };
}

/** One load's requests. */
export interface Driven extends Measured {
  /** In the order in which they ended. */
  requests: FlowRequest[];
  failed: number;
}

export interface Drive {
  service: string;
  /** Requests a second, and seconds. */
  rate: number;
  seconds: number;
  burst?: { at: number; n: number };
  /** Keep connections: cheaper, and the same where there is one pod. */
  keepAlive?: boolean;
  /** Told each second, with all requests that have ended so far. */
  tell?: (requests: readonly FlowRequest[]) => void;
}

/**
 * Open-loop load on a service. Latency counts from when a request was due. Rejects with LookError when the generator could not keep
 * up (more than one request in fifty late by a slot): then it measured the machine.
 */
export async function drive({ probes }: Scene, f: Facts, { tell, ...wanted }: Drive): Promise<Driven> {
  const requests: FlowRequest[] = [];
  const flow = await probes.load({
    ...wanted,
    port: f.port,
    path: f.path,
    timeout: 4_000,
    onRequest: (one) => requests.push(one),
    onSecond: () => tell?.(requests),
  });
  if (flow.dropped > flow.sent / 50)
    throw new LookError(
      `The machine was too busy to send ${wanted.rate} requests a second on time (${flow.dropped} left out), so the measurement says nothing.`,
      "Close what else is running, and try again.",
    );
  const bad = ({ status }: FlowRequest): boolean => status === "0" || Number(status) >= 500;
  const took = requests.map((one) => (bad(one) ? Number.POSITIVE_INFINITY : one.took));
  return { ...measured(took), requests, failed: requests.filter(bad).length };
}
