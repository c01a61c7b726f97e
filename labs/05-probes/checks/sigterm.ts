import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { isReady } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { allShown, answers, atRest, listed, nameOf, probesOf, restartsOf, since, templateOf, until } from "./ground.ts";

/** Seconds until a deleted pod is gone at the latest: the longest grace a learner is likely to set, and a little. */
const longest = 60;

/**
 * Deletes a pod, as every rollout does, and watches it leave. Right: any readiness probe that /ready answers within the drain time.
 * Wrong: readiness on a path that says yes to the end; no time to drain; a probe slower than the drain.
 */
export const sigterm = (f: Facts): Check =>
  check({
    title: "A pod told to end says it is not ready while it still answers",
    points: 2,
    mode: "disturb",
    within: "3m",
    evidence: "state",
    alone: false,
    needs: ["rollout"],
    why: "On SIGTERM the process said no to the readiness probe at once and went on answering what still arrived. The kubelet keeps asking readiness while a pod ends (liveness and startup it asks no more), so the EndpointSlice shows the pod as terminating and no longer serving. Load balancers that look for themselves learn the same.",
    failures: {
      "no-readiness": {
        untouched: true,
        says: "Without a readiness probe nobody hears what the process says about itself when it ends.",
        hints: ["Do the readiness task first; this one watches the same probe at the other end of a pod's life."],
      },
      "stays-serving": {
        says: "The process was told to end and knew it, but the cluster saw it as serving to the last moment.",
        hints: [
          "Two things must hold: the path you ask must say no after SIGTERM, and it must be asked often enough before the process is gone.",
          `Ask by hand: /health says 200 to the end, because the process works to the end. Which path says 503?`,
          `The process drains for DRAIN_SECONDS (${f.drain} at the start). periodSeconds × failureThreshold of the readiness probe must be shorter than that.`,
        ],
      },
      "gone-at-once": {
        says: "The process stopped answering the moment it was told to end, while others may still be sending to it.",
        hints: [
          "How long does the process go on after SIGTERM? The variable that says so is in the template's env.",
          `DRAIN_SECONDS must be longer than the readiness probe needs to fail. It was ${f.drain} at the start.`,
        ],
      },
    },
    async observe(scene) {
      const { cluster, probes, signal } = scene;
      const rest = await atRest(cluster, f);
      if ("why" in rest) return waiting(rest.why);
      const readiness = probesOf(templateOf(rest.found), "readiness");
      const wired: Evidence = {
        object: `deployment/${f.deployment}`,
        path: "readinessProbe",
        expected: "fails after SIGTERM, before the process is gone",
        actual: allShown(readiness),
        command: `kubectl describe deployment ${f.deployment}`,
      };
      if (readiness.length === 0) return fail("no-readiness", wired);
      // The one that has been restarted most: its successor starts without the kubelet's back-off.
      const [victim] = rest.found.pods.filter(isReady).toSorted((one, other) => restartsOf(other) - restartsOf(one));
      if (!victim) return waiting("no pod is ready");
      const pod = nameOf(victim);
      await probes.disturb.deletePod(pod);
      const began = performance.now();
      let answered = 0;
      let unserving: number | undefined;
      let gone = false;
      const over = (): boolean => gone || (unserving !== undefined && answered > unserving);
      // Side by side: a process that no longer answers must not keep us from seeing how it is listed.
      await Promise.all([
        until(longest, signal, async () => {
          if (await answers(scene, pod, f.port, "/health")) answered = since(began);
          return over() ? true : undefined;
        }),
        until(longest, signal, async () => {
          const entry = await listed(cluster, f.service, pod);
          if (entry?.terminating && !entry.serving) unserving ??= since(began);
          gone = (await cluster.get(kinds.Pod, pod))?.metadata?.uid !== victim.metadata?.uid;
          return over() ? true : undefined;
        }),
      ]);
      const seen = unserving !== undefined && answered > unserving;
      const left: Evidence = {
        object: `pod/${pod}, deleted`,
        path: "EndpointSlice: terminating and not serving, while the process answers",
        expected: "seen",
        actual: seen
          ? `not serving ${unserving} s after the deletion, and still answering then`
          : `${unserving === undefined ? "serving to the end" : `not serving after ${unserving} s`}; its last answer came ${answered} s after the deletion`,
        command: `kubectl get endpointslices -l kubernetes.io/service-name=${f.service} -o yaml`,
      };
      if (seen) return pass([left, wired]);
      return fail(answered < 2 ? "gone-at-once" : "stays-serving", [left, wired]);
    },
  });
