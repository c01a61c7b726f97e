import { randomBytes } from "node:crypto";
import type { V1PodSpec } from "@kubernetes/client-node";
import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import {
  allShown,
  answers,
  atRest,
  eventsOf,
  failedProbe,
  killing,
  probesOf,
  restartsOf,
  since,
  templateOf,
  until,
} from "./ground.ts";

/** Seconds beyond the load time until the copy must have started: scheduling, a process that starts on a busy machine, one more round of a probe. */
const startRoom = 30;

/** The learner's pod once more, with a model that takes longer; its labels are its own, so that no Service sends it requests. */
const slowCopy = (f: Facts, name: string, spec: V1PodSpec): Record<string, unknown> => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { "workbook.local/check": "slow-start" } },
  spec: {
    ...spec,
    containers: spec.containers.map((one) => ({
      ...one,
      env: [
        ...(one.env ?? []).filter(({ name }) => name !== "STARTUP_SECONDS"),
        { name: "STARTUP_SECONDS", value: String(f.badDay) },
      ],
    })),
  },
});

/**
 * Starts a copy of the learner's pod on a bad day, lets it load, and hangs it the moment it has started. Right: a startup probe of any
 * kind with room enough; a liveness probe that a loading process satisfies. Wrong: liveness alone (killed while loading); a startup probe that
 * asks too little (an open port) or gives up too early; a long initialDelaySeconds, which leaves the first minute of a quick start unwatched.
 */
export const slowStart = (f: Facts): Check =>
  check({
    title: `A model that loads for ${f.badDay} s is left in peace, and watched from the moment it has loaded`,
    points: 4,
    mode: "disturb",
    within: "3m",
    evidence: "state",
    alone: false,
    needs: ["rollout"],
    why: "While a startup probe has not succeeded, the kubelet asks nothing else. So it can be as patient as the worst start needs, failureThreshold × periodSeconds, and the moment it succeeds the strict liveness probe takes over. A delay in seconds cannot be both: long enough for the worst day and short enough for the best.",
    failures: {
      "no-liveness": {
        untouched: true,
        says: "Without a liveness probe a slow start is safe, and so is every hang: do that part first.",
        hints: ["Give the container a livenessProbe, then come back: this task protects a start from it."],
      },
      killed: {
        says: "The container was killed while its model was loading, and begins anew from nothing: on a bad day it never gets there.",
        hints: [
          "The evidence names the probe that ran out of patience. Count: after how many seconds does it give up?",
          "A startup probe holds back the other two until it has succeeded once. It must not succeed before the model is loaded: an open port proves nothing.",
          `startupProbe on /startup, with periodSeconds × failureThreshold well above ${f.badDay}: the longest start you are willing to wait for.`,
        ],
      },
      blind: {
        says: `The slow start was survived, but a process that hung right after it went unnoticed for ${f.watchedLimit} s: nobody is watching yet, or too seldom.`,
        hints: [
          "A delay counts from the container's start, whether the model has loaded or not. What lies between the end of loading and the end of the delay?",
          "Replace the delay by a probe that succeeds when the model has loaded: the liveness probe then starts at that moment, early or late.",
          `startupProbe on /startup, and initialDelaySeconds gone from the livenessProbe. No delay there? Then count periodSeconds × failureThreshold: it must be under ${f.watchedLimit} s.`,
        ],
      },
    },
    async observe(scene) {
      const { cluster, probes, signal } = scene;
      const rest = await atRest(cluster, f);
      if ("why" in rest) return waiting(rest.why);
      const containers = templateOf(rest.found);
      const liveness = probesOf(containers, "liveness");
      const startup = probesOf(containers, "startup");
      const wired: Evidence = {
        object: `deployment/${f.deployment}`,
        path: "startupProbe and livenessProbe",
        expected: "patient first, strict afterwards",
        actual: `startup: ${allShown(startup)}; liveness: ${allShown(liveness)}`,
        command: `kubectl describe deployment ${f.deployment}`,
      };
      if (liveness.length === 0) return fail("no-liveness", wired);
      const spec = rest.found.deployment.spec?.template.spec;
      if (!spec) return waiting("the Deployment has no template yet");
      const pod = `slow-start-${randomBytes(2).toString("hex")}`;
      const from = Date.now();
      await probes.disturb.create(slowCopy(f, pod, spec));
      const began = performance.now();
      const outcome = await until(f.badDay + startRoom, signal, async () => {
        const now = await cluster.get(kinds.Pod, pod);
        if (!now) return undefined;
        const events = await eventsOf(cluster, now, from);
        const kill = killing(events);
        if (kill || restartsOf(now) > 0) {
          return `killed after ${since(began)} s: ${failedProbe(events, "liveness", "startup") ?? kill ?? "restarted"}`;
        }
        // Started is what the kubelet says: until its own startup probe has succeeded, it asks nothing else.
        const started = (now.status?.containerStatuses ?? []).every((one) => one.started === true);
        return started && (await answers(scene, pod, f.port, "/startup")) ? "started" : undefined;
      });
      const start: Evidence = {
        object: `a copy of your pod with STARTUP_SECONDS=${f.badDay}`,
        path: "its start",
        expected: "loads undisturbed",
        actual:
          outcome === "started"
            ? `started after ${since(began)} s, no restart`
            : (outcome ?? `not started after ${since(began)} s`),
      };
      if (outcome === undefined) throw new Error(`The copy of the pod did not start within ${f.badDay + startRoom} s.`);
      if (outcome !== "started") return fail("killed", [start, wired]);
      const hung = performance.now();
      const path = liveness.every((one) => one.tcpSocket) ? "/hang?refuse=true" : "/hang";
      await probes.disturb.post(pod, f.adminPort, path);
      const noticed = await until(f.watchedLimit, signal, async () => {
        const now = await cluster.get(kinds.Pod, pod);
        if (!now) return undefined;
        return killing(await eventsOf(cluster, now, from)) || restartsOf(now) > 0 ? since(hung) : undefined;
      });
      await probes.disturb.deletePod(pod, 0);
      const watched: Evidence = {
        object: "the same copy, hung the moment it had started",
        expected: `noticed within ${f.watchedLimit} s`,
        actual: noticed === undefined ? `not noticed in ${f.watchedLimit} s` : `noticed after ${noticed} s`,
      };
      return noticed === undefined ? fail("blind", [watched, wired]) : pass([start, watched, wired]);
    },
  });
