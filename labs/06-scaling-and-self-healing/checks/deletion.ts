import { setTimeout as pause } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import type { Flow, Scene } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import type { Facts } from "../facts.ts";
import { nameOf, readyPods } from "./objects.ts";

/** Milliseconds between two looks. */
const beat = 250;

/** What became of one pod that was deleted as `kubectl delete pod` does it, and of its place. */
export interface Replacement {
  victim: string;
  /** Milliseconds from the deletion until as many pods as before were ready; undefined when they were not within the time given. */
  healed: number | undefined;
  /** The new pod's name, as far as there is one. */
  heir: string | undefined;
}

/** Waits until `count` pods other than the victim are ready, at most `within` milliseconds from `since` (performance.now()). */
export async function untilHealed(
  { cluster, signal }: Scene,
  { deployment }: Facts,
  before: readonly string[],
  victim: string,
  since: number,
  within: number,
): Promise<Replacement> {
  for (;;) {
    const now = (await readyPods(cluster, deployment)).map(nameOf).filter((pod) => pod !== victim);
    const heir = now.find((pod) => !before.includes(pod));
    const took = performance.now() - since;
    if (now.length >= before.length) return { victim, healed: took, heir };
    if (took > within) return { victim, healed: undefined, heir };
    await pause(beat, undefined, { signal });
  }
}

/** Waits until the pod is gone, at most `within` milliseconds. */
async function untilGone(
  { cluster, signal }: Scene,
  uid: string | undefined,
  pod: string,
  within: number,
): Promise<void> {
  const began = performance.now();
  while (performance.now() - began < within) {
    const found = await cluster.get(kinds.Pod, pod);
    if (found?.metadata?.uid !== uid) return;
    await pause(beat, undefined, { signal });
  }
}

/**
 * Knocks at a pod's own address from inside the cluster, past the Service, ten times a second, for `seconds` or until nobody opens.
 * Milliseconds on its own clock until the first refusal, or undefined when the door stayed open. A late answer is an open door too.
 */
async function doorOpen(
  { probes }: Scene,
  address: string,
  port: number,
  seconds: number,
): Promise<number | undefined> {
  const host = address.includes(":") ? `[${address}]` : address;
  const script = [
    "begin=$(date +%s%N)",
    `while now=$(( ($(date +%s%N) - begin) / 1000000 )); [ $now -lt ${Math.round(seconds * 1_000)} ]; do`,
    // The kernel opens a connection for any program that listens, however busy: no time to connect means that nobody does.
    `  at=$(curl -s -o /dev/null -w '%{time_connect}' --connect-timeout 1 --max-time 2 'http://${host}:${port}/health')`,
    '  [ "$at" = 0.000000 ] && { echo "closed $now"; exit; }',
    "  sleep 0.1",
    "done",
    "echo open",
  ].join("\n");
  const { stdout } = await probes.inside(["sh", "-c", script]);
  const closed = /^closed (\d+)$/m.exec(stdout);
  return closed ? Number(closed[1]) : undefined;
}

export interface Deletion extends Replacement {
  flow: Flow;
  /** Milliseconds since the flow's start from which a failure may have to do with the deletion. */
  from: number;
  /** Failures of the flow before the pod was deleted, and from then on. */
  earlier: Flow["failures"];
  later: Flow["failures"];
  /** Milliseconds after the deletion at which the pod refused a connection at its own address; undefined: still open after `openFor`. */
  closedAfter: number | undefined;
}

/** Milliseconds that a request may take before it counts as failed. */
export const timeout = 10_000;
/** Milliseconds that `during` sends requests before it lets something happen. */
const lead = 2_000;
/** Milliseconds before the deletion from which a request may still be under way when it happens; clocks' differences included. */
const slack = 500;

/**
 * Deletes one ready pod while requests flow, follows it until it is gone and its successor ready, and says what was lost. At `steady` = 24
 * requests a second a pod of four is drawn six times a second; nodes follow an EndpointSlice within about 0.1 to 2 s, so a pod that closes at
 * once loses some in most runs, but not in all. Whether it closes at once is therefore looked at as well, at its own address.
 */
export async function deleteUnderLoad(
  scene: Scene,
  lab: Facts,
  victim: V1Pod,
  before: readonly string[],
): Promise<Deletion> {
  const { service, port, path, steady } = lab;
  const name = nameOf(victim);
  let act = 0;
  let deleted = 0;
  const { flow, result } = await scene.probes.during(
    { service, port, path, rate: steady, seconds: 30, timeout },
    async () => {
      act = performance.now();
      await scene.probes.disturb.deletePod(name);
      deleted = performance.now();
      const [closed, replacement] = await Promise.all([
        doorOpen(scene, victim.status?.podIP ?? "", port, lab.openFor),
        untilHealed(scene, lab, before, name, deleted, 15_000),
        untilGone(scene, victim.metadata?.uid, name, 15_000),
      ]);
      return { closedAfter: closed, ...replacement };
    },
  );
  const from = lead + (deleted - act) - slack;
  return {
    ...result,
    flow,
    from,
    earlier: flow.failures.filter(({ at }) => at < from),
    later: flow.failures.filter(({ at }) => at >= from),
  };
}
