import { setTimeout as pause } from "node:timers/promises";
import type { V2HorizontalPodAutoscaler } from "@kubernetes/client-node";
import { type Check, check, type Flow, type Scene } from "../../../checkers/core/check.ts";
import { LookError } from "../../../checkers/core/errors.ts";
import { gettingReady } from "../../../checkers/core/getting-ready.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { isReady, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import {
  conditionOf,
  cpuAim,
  disabled,
  downWindow,
  nameOf,
  newestPods,
  requestOf,
  scalersOf,
  utilization,
  withoutRequest,
} from "./objects.ts";

/** Milliseconds between two looks. */
const beat = 1_000;
/** Milliseconds of load in which the autoscaler must have asked for more: two rounds of metrics (15 s) and two of its own (15 s), twice over. */
export const upWithin = 120_000;
/** Milliseconds in which the pods it asked for must be ready. */
const readyWithin = 40_000;
/** Milliseconds from the end of the load for the first pod to be taken away, beside the window: metrics that fall, and rounds; twice what they took on a busy machine. */
const downSlack = 130_000;
/** The window above which nobody waits for it here, in seconds. */
const patience = 90;

/** What one prediction costs besides its computing: HTTP, logs, metrics. Millicores at one request a second, measured. */
const overhead = 4;
/** Pods' worth of target that the load makes: about four. */
const worth = 3.6;

/**
 * Requests a second, in whole ones, that make about four pods for these pods' request: worth · target · request / cost, with cost in CPU
 * milliseconds for one request. At 50m and 20 ms: 3.6 · 0.5 · 50 / 24 = 3.75, so 4. Between 1 and 20, which two shared cores bear.
 */
export const rateFor = (lab: Facts, request: number): number =>
  Math.min(20, Math.max(1, Math.round((worth * (lab.target / 100) * request) / (lab.cpuPerRequest + overhead))));

export interface Climb {
  flow: Flow;
  rate: number;
  /** Milliseconds since the load began at which the Deployment was asked for more than it had; undefined: never. */
  asked: number | undefined;
  /** The most replicas it was asked for, and the most that were ready. */
  peak: number;
  ready: number;
  /** The highest utilization the autoscaler reported, percent. */
  used: number;
}

/** Drives load until the autoscaler asks for more than `from` replicas and they are ready, or the time is up. `tell` each look. */
export async function climb(
  scene: Scene,
  lab: Facts,
  from: number,
  rate: number,
  tell: (at: number, replicas: number, used: number | undefined) => void = () => {},
): Promise<Climb> {
  const { cluster, signal } = scene;
  const { deployment, service, port, path } = lab;
  const seen = { asked: undefined as number | undefined, peak: from, ready: 0, used: 0 };
  const { flow } = await scene.probes.during(
    { service, port, path, rate, seconds: (upWithin + readyWithin) / 1_000 + 20, timeout: 20_000 },
    async () => {
      const began = performance.now();
      for (;;) {
        const at = performance.now() - began;
        const [work, [hpa]] = await Promise.all([workload(cluster, deployment), scalersOf(cluster, deployment)]);
        const wanted = work?.deployment.spec?.replicas ?? 0;
        const used = hpa && utilization(hpa);
        seen.peak = Math.max(seen.peak, wanted);
        seen.ready = Math.max(seen.ready, (work?.pods ?? []).filter(isReady).length);
        seen.used = Math.max(seen.used, used ?? 0);
        tell(at, wanted, used);
        if (wanted > from) seen.asked ??= at;
        if (seen.ready > from) return;
        if (at > upWithin + (seen.asked === undefined ? 0 : readyWithin)) return;
        await pause(beat, undefined, { signal });
      }
    },
  );
  return { ...seen, flow, rate };
}

/** Waits for the first pod to be taken away again. Milliseconds since the load ended, or undefined. */
async function descent(
  { cluster, signal }: Scene,
  { deployment }: Facts,
  within: number,
): Promise<{ after: number | undefined; from: number; to: number }> {
  const began = performance.now();
  let from = 0;
  for (;;) {
    const found = await cluster.get(kinds.Deployment, deployment);
    const now = found?.spec?.replicas ?? 0;
    const after = performance.now() - began;
    if (now < from) return { after, from, to: now };
    from = Math.max(from, now);
    if (after > within) return { after: undefined, from, to: now };
    await pause(beat, undefined, { signal });
  }
}

/**
 * Drives load for about four pods, sees the autoscaler ask for more than its minimum, ends the load, and sees it give back. n = 1: what decides are
 * minutes and whole pods, so chance does not. What would make it wait in vain (no sight, no room to grow, a long window) is told before any load.
 * Right: any autoscaler that passes the tasks before, with or without policies. Wrong: a target nobody reaches; a Deployment that is put back by
 * someone else; pods that find no room; a scale-down that never comes.
 */
export const scales = (lab: Facts): Check => {
  const { deployment, least, window } = lab;
  return check({
    title: `Under load, ${deployment} grows beyond ${least} pods, and shrinks again after it`,
    points: 6,
    mode: "disturb",
    // Its load is a tenth of a processor, and what it waits for comes from averages over a quarter of a minute.
    alone: false,
    within: "6m",
    evidence: "state",
    why: "The loop closed: load became CPU, CPU became a percentage, the percentage became a number of pods, and the pods took the load. pods wanted = pods now · utilization / target, rounded up. Coming back took the window: nothing is thrown away until a full minute has not needed it.",
    failures: {
      "no-hpa": {
        untouched: true,
        says: `Nothing scales ${deployment} yet.`,
        hints: ["First the autoscaler itself: the task above."],
      },
      blind: {
        says: "The autoscaler sees no CPU utilization, so no load in the world would move it. No load was sent.",
        hints: [
          "kubectl get hpa: <unknown>? kubectl describe hpa says why.",
          "See the task on what it sees: that one comes first.",
        ],
      },
      ceiling: {
        says: "The autoscaler may not go beyond the pods there are. No load was sent.",
        hints: ["kubectl get hpa: MAXPODS", "maxReplicas is the ceiling; the task says how high."],
      },
      "not-more": {
        says: "Load for about four pods came, and the autoscaler never asked for more than it had.",
        hints: [
          "What did it see, and what does it aim at? Both are in the evidence. pods wanted = pods now · seen / aim, rounded up.",
          "If it saw much less than its aim: is the request far larger than what a pod uses? A percentage of a large request is hard to reach.",
          "If it saw enough and stood still: kubectl describe hpa. Scaling up may be disabled, or held back by a long window: behavior.scaleUp.",
        ],
      },
      pending: {
        says: "The autoscaler asked for more pods, and they did not become ready: growing on paper serves nobody.",
        hints: [
          `kubectl get pods -l app=${lab.app}: are there pods at all, and in what state? If there are none, kubectl describe replicaset says who refuses them.`,
          "Requests are what the scheduler counts, and quotas too. An autoscaler makes pods; it makes no room.",
          "Remove what refuses them: a quota, a nodeSelector that nobody satisfies, a request that is too large.",
        ],
      },
      "stays-up": {
        says: "After the load it would keep, or kept, what it had: pods that nobody needs go on costing.",
        hints: [
          "How long does it hold on to its highest number? kubectl get hpa -o yaml, under behavior.scaleDown; without it, 300 s.",
          `The task on scaling down wants ${window} s. selectPolicy: Disabled forbids it altogether.`,
        ],
      },
    },
    async observe(scene) {
      const { cluster } = scene;
      const [[hpa], work] = await Promise.all([scalersOf(cluster, deployment), workload(cluster, deployment)]);
      const command = "kubectl get hpa";
      if (!hpa || !work) {
        return fail("no-hpa", {
          path: "autoscalers that point at the Deployment",
          expected: "one",
          actual: "none",
          command,
        });
      }
      const object = `hpa/${nameOf(hpa)}`;
      const progress = await gettingReady(cluster, work);
      if (progress.state === "waiting") return waiting(progress.why);
      const active = conditionOf(hpa, "ScalingActive");
      const bare = work.newest.some((pod) => withoutRequest(pod).length > 0);
      if (bare && active?.status === "False" && /missing request/.test(active.message ?? "")) {
        return fail("blind", {
          object,
          path: "status.conditions[ScalingActive]",
          expected: "True",
          actual: `${active.reason}: ${active.message}`.slice(0, 400),
          command: "kubectl describe hpa",
        });
      }
      const from = work.deployment.spec?.replicas ?? 1;
      const most = hpa.spec?.maxReplicas ?? from;
      if (most <= least)
        return fail("ceiling", {
          object,
          path: "spec.maxReplicas",
          expected: `more than ${least}`,
          actual: String(most),
          command,
        });
      const waits = downWindow(hpa);
      const rules = hpa.spec?.behavior?.scaleDown;
      if (disabled(rules) || waits > patience) {
        return fail("stays-up", {
          object,
          path: "spec.behavior.scaleDown",
          expected: `a window of ${window} s`,
          actual: disabled(rules)
            ? "selectPolicy: Disabled"
            : `${waits} s${rules?.stabilizationWindowSeconds === undefined ? " (the default)" : ""}`,
          command: `kubectl get ${object} -o yaml`,
        });
      }
      if (active?.status !== "True" || utilization(hpa) === undefined)
        return waiting("the autoscaler has no measurements yet; one comes every 15 s");
      const floor = Math.max(least, hpa.spec?.minReplicas ?? 1);
      if (from > floor) return waiting(`it is still at ${from} pods from before; this begins at ${floor}`);

      const request = requestOf((await newestPods(cluster, deployment))[0] ?? {});
      const up = await climb(scene, lab, from, rateFor(lab, request));
      if (up.flow.dropped > up.flow.sent / 4)
        throw new LookError(
          "The machine was too busy to send the load on time, so the measurement says nothing.",
          "Try again when it is quieter.",
        );
      const load = `${up.rate} requests a second, ${lab.cpuPerRequest} ms of CPU each`;
      const climbed: Evidence = {
        object: `deployment/${deployment}`,
        path: `pods under ${load}`,
        expected: `more than ${from} within ${upWithin / 1_000} s`,
        actual:
          up.asked === undefined
            ? `${up.peak}; it saw at most ${up.used} % and aims at ${aimOf(hpa, request)}`
            : `${up.peak} asked for after ${Math.round(up.asked / 1_000)} s, ${up.ready} ready; it saw up to ${up.used} %`,
        command: "kubectl describe hpa",
      };
      if (up.asked === undefined) return fail("not-more", climbed);
      if (up.ready <= from) {
        const stuck = await workload(cluster, deployment).then((now) => now && gettingReady(cluster, now));
        return fail("pending", [...(stuck?.state === "stuck" ? [stuck.evidence] : []), climbed]);
      }
      const down = await descent(scene, lab, waits * 1_000 + downSlack);
      const gave: Evidence = {
        object: `deployment/${deployment}`,
        path: "pods after the load",
        expected: "one or more taken away",
        actual:
          down.after === undefined
            ? `still ${down.to}`
            : `${down.from} to ${down.to}, ${Math.round(down.after / 1_000)} s after the load ended`,
        command: "kubectl describe hpa",
      };
      return down.after === undefined ? fail("stays-up", [gave, climbed]) : pass([climbed, gave]);
    },
  });
};

const aimOf = (hpa: V2HorizontalPodAutoscaler, request: number): string =>
  cpuAim(hpa, request)?.said ?? "no CPU utilization";
