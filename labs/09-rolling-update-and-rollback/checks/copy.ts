import { randomBytes } from "node:crypto";
import type { V1Deployment, V1Service } from "@kubernetes/client-node";
import type { Flow, FlowRequest, Scene } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { unsettled } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { readyWith, since, until } from "./objects.ts";

/**
 * A Deployment of the same spec under another name, with a Service of its own. An update of the learner's own Deployment would write
 * itself into its history, and the next `rollout undo` would lead back to the check instead of to their version. So a copy is updated: same
 * template, same strategy, same Service settings; other labels. Both go away with the check.
 */
export interface Copy {
  name: string;
  labels: Record<string, string>;
}

/** Seconds until the copy's pods are ready. */
const upLimit = 45;

/** Makes the copy and waits for its pods. Rejects with a sentence when they do not get ready. */
export async function copyOf(
  { cluster, probes, signal }: Scene,
  f: Facts,
  deployment: V1Deployment,
  service: V1Service | undefined,
): Promise<Copy> {
  const name = `update-${randomBytes(3).toString("hex")}`;
  const labels = { "workbook.local/check": name };
  const { spec } = deployment;
  if (!spec) throw new Error(`deployment/${f.deployment} has no spec.`);
  await probes.disturb.create({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: {
      selector: labels,
      ports: [{ port: f.port, targetPort: service?.spec?.ports?.[0]?.targetPort ?? f.port }],
      ...(service?.spec?.publishNotReadyAddresses && { publishNotReadyAddresses: true }),
    },
  });
  await probes.disturb.create({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      ...spec,
      selector: { matchLabels: labels },
      template: { ...spec.template, metadata: { labels, annotations: spec.template.metadata?.annotations ?? {} } },
    },
  });
  const want = spec.replicas ?? 1;
  const up = await until(upLimit, signal, async () => {
    const [copy, ready] = await Promise.all([cluster.get(kinds.Deployment, name), readyWith(cluster, labels)]);
    if (!copy || unsettled(copy) || ready < want) return undefined;
    // Without a readiness probe a pod is ready before it can serve: what is measured is the update, not this first start.
    const pods = await cluster.list(kinds.Pod, { labels });
    const served = await Promise.all(
      pods.map(({ metadata }) =>
        probes.podGet(metadata?.name ?? "", f.port, "/predict").then(
          ({ status }) => status === 200,
          () => false,
        ),
      ),
    );
    return served.every(Boolean) ? true : undefined;
  });
  if (!up) {
    throw new Error(
      `A copy of deployment/${f.deployment}, made to be updated, did not get its ${want} pods ready within ${upLimit} s. Run the check again when the machine is less busy.`,
    );
  }
  return { name, labels };
}

/** Changes the copy's template so that every pod is replaced; nothing of what runs in it changes. */
export const touch = ({ probes }: Scene, { name }: Copy): Promise<void> =>
  probes.disturb.patch(kinds.Deployment, name, {
    spec: { template: { metadata: { annotations: { "workbook.local/update": new Date().toISOString() } } } },
  });

/**
 * Waits until every pod that was there before is gone, to its last second, and the new ones are ready; or the time (seconds) is up, or `enough` says so.
 */
async function replaced(
  { cluster, signal }: Scene,
  { name, labels }: Copy,
  before: ReadonlySet<string>,
  seconds: number,
  enough: () => boolean,
): Promise<number | "enough" | undefined> {
  const began = performance.now();
  return until(seconds, signal, async () => {
    if (enough()) return "enough";
    const [deployment, pods] = await Promise.all([
      cluster.get(kinds.Deployment, name),
      cluster.list(kinds.Pod, { labels }),
    ]);
    const left = pods.some(({ metadata }) => before.has(metadata?.name ?? ""));
    return deployment && !unsettled(deployment) && !left ? since(began) : undefined;
  });
}

/** Milliseconds at the 99th percentile above which the machine is at its limit: the model answers in about 20. */
const busy = 500;

/** Milliseconds of requests before the update: what fails there fails for another reason. */
const early = 1_500;

/** Milliseconds after the first lost request in which it shows what the others are lost of; then nothing more is to be learned. */
const telling = 4_000;

export interface Update {
  flow: Flow;
  /** Seconds until the last old pod was gone; undefined where it was not done in time; "enough": requests were lost, and the rest was not waited for. */
  took: number | "enough" | undefined;
}

/**
 * Updates the copy while requests flow to it at f.rate a second. Each request is a connection of its own and is given 3 s. With `whole` it is followed to
 * its end although requests are lost, as for somebody who wants to know how many.
 */
export async function underLoad(
  scene: Scene,
  f: Facts,
  copy: Copy,
  { whole = false }: { whole?: boolean } = {},
): Promise<Update> {
  const seconds = f.updateLimit;
  const before = new Set(
    (await scene.cluster.list(kinds.Pod, { labels: copy.labels })).map(({ metadata }) => metadata?.name ?? ""),
  );
  let lost: number | undefined;
  const onRequest = ({ due, status }: FlowRequest): void => {
    if (due >= early && (status === "0" || Number(status) >= 500)) lost ??= performance.now();
  };
  const enough = (): boolean => !whole && lost !== undefined && performance.now() - lost >= telling;
  const { flow, result } = await scene.probes.during(
    {
      service: copy.name,
      port: f.port,
      path: "/predict",
      rate: f.rate,
      seconds: seconds + 15,
      timeout: 3_000,
      onRequest,
    },
    async () => {
      await touch(scene, copy);
      return replaced(scene, copy, before, seconds, enough);
    },
  );
  // A few late ones are the machine's, not the update's; many make the measurement say little.
  if (flow.dropped > flow.sent / 20) {
    throw new Error(
      `The requests could not be sent on time (${flow.dropped} of ${flow.sent + flow.dropped} were not): the machine is too busy for a verdict. Run it again later.`,
    );
  }
  // A port that is shut refuses or resets. Requests that merely wait, on a machine where the answered ones wait as well, are its doing.
  const waited = flow.failures.every((one) => one.status === "0" && /timeout/i.test(one.error ?? ""));
  if (flow.latency.p99 > busy && ((flow.failed > 0 && waited) || result === undefined)) {
    throw new Error(
      `The machine is too busy for a verdict: of the answered requests, too, one in a hundred took ${Math.round(flow.latency.p99)} ms or more. Run it again later.`,
    );
  }
  const sooner = flow.failures.filter((one) => one.at < early).length;
  if (sooner > 0) {
    throw new Error(
      `${sooner} request${sooner === 1 ? "" : "s"} failed before the update had begun: the machine is too busy for a verdict, or the pods cannot serve at all. Run it again.`,
    );
  }
  return { flow, took: result };
}
