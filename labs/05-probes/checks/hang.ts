import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { isReady } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import {
  allShown,
  answers,
  atRest,
  eventsOf,
  failedProbe,
  freshPod,
  killing,
  nameOf,
  probesOf,
  restartsOf,
  since,
  templateOf,
  until,
} from "./ground.ts";

/**
 * Hangs the process of one pod and times what follows. Right: httpGet, exec, grpc or tcpSocket; a short grace on the probe or on the
 * pod. Wrong: no liveness probe; one that a hung process still satisfies (that it exists, that a file is there); the defaults, which take a minute.
 */
export const hang = (f: Facts): Check =>
  check({
    title: `A process that hangs is restarted, and answers again within ${f.hungLimit} s`,
    points: 4,
    mode: "disturb",
    within: "3m",
    evidence: "state",
    alone: false,
    needs: ["rollout"],
    why: "The kubelet asked, got no answer as many times as failureThreshold says, and ended the container: SIGTERM, which a hung process cannot hear, then after the grace period SIGKILL, which nobody can refuse. It is the container that is new: the pod kept its name, its address and its place.",
    failures: {
      "no-liveness": {
        untouched: true,
        says: "Nobody asks whether the process still works: a hung one stays hung until a person notices.",
        hints: [
          "Which of the three probes has a restart as its consequence?",
          `Give the container a livenessProbe that asks ${f.port} for a path which answers as long as the process works: see the table of paths.`,
        ],
      },
      "never-noticed": {
        says: "The process hung, and the liveness probe did not notice in the time allowed.",
        hints: [
          "What exactly does your probe prove? A hung process still exists, its files are still there, and its port still accepts connections.",
          "Let the probe ask for an answer that only a working process can give: an HTTP path, a gRPC health call, a command that does either.",
          `Or it asks too seldom: periodSeconds times failureThreshold, plus timeoutSeconds, must leave room within ${f.hungLimit} s.`,
        ],
      },
      "too-slow": {
        says: `The hang was noticed, but the pod was not back in service after ${f.hungLimit} s: every second of that is an outage for its share of the callers.`,
        hints: [
          "The evidence splits the time: until noticed, until the container ended, until it answered. Which part is the longest?",
          "Until noticed: periodSeconds × failureThreshold. Until ended: the grace period, since a hung process ignores SIGTERM and has to be waited for. 30 s is the default.",
          "A probe has a terminationGracePeriodSeconds of its own, used only when that probe fails: kubectl explain pod.spec.containers.livenessProbe. Deleting a pod politely keeps the long one.",
        ],
      },
    },
    async observe(scene) {
      const { cluster, probes, signal } = scene;
      const rest = await atRest(cluster, f);
      if ("why" in rest) return waiting(rest.why);
      const wired = probesOf(templateOf(rest.found), "liveness");
      const command = `kubectl describe deployment ${f.deployment}`;
      if (wired.length === 0) {
        return fail("no-liveness", {
          object: `deployment/${f.deployment}`,
          path: "livenessProbe",
          expected: "one that notices a hang",
          actual: "none",
          command,
        });
      }
      const victim = await freshPod(scene, f, rest.found.pods);
      if (!victim) return waiting("no pod is ready that has not just been restarted");
      const pod = nameOf(victim);
      // A hung process's port still accepts connections, which is all that tcpSocket asks: for that kind the ports are closed as well.
      const tcp = wired.every((one) => one.tcpSocket);
      const began = performance.now();
      const from = Date.now();
      const { status } = await probes.disturb.post(pod, f.adminPort, tcp ? "/hang?refuse=true" : "/hang");
      if (status !== 202) throw new Error(`pod/${pod} could not be made to hang: its admin port answered ${status}.`);
      let noticed: number | undefined;
      let ended: number | undefined;
      let words: string | undefined;
      const back = await until(f.hungLimit, signal, async () => {
        const now = await cluster.get(kinds.Pod, pod);
        if (noticed === undefined || words === undefined) {
          const events = await eventsOf(cluster, victim, from);
          words ??= failedProbe(events, "liveness");
          if (killing(events)) noticed ??= since(began);
        }
        if (restartsOf(now) > 0) ended ??= since(began);
        if (ended === undefined || !now || !isReady(now)) return undefined;
        return (await answers(scene, pod, f.port, "/health")) ? since(began) : undefined;
      });
      // Nothing else would end it: the learner is not left with a pod that hangs for good.
      if (back === undefined) await probes.disturb.deletePod(pod, 0);
      const part = (label: string, value: number | undefined): string =>
        value === undefined ? `not ${label}` : `${label} after ${value} s`;
      // The kubelet's event may come late or not at all; the end of the container is proof enough.
      const story = noticed === undefined && ended !== undefined ? [] : [part("noticed", noticed)];
      story.push(part("ended", ended), part("answering", back));
      const evidence: Evidence[] = [
        {
          object: `pod/${pod}`,
          path: tcp ? "hung, its ports closed (a tcpSocket probe sees nothing else)" : "hung",
          expected: `answers again within ${f.hungLimit} s`,
          actual: story.join(", "),
          command: `kubectl describe pod ${pod}`,
        },
        {
          object: `deployment/${f.deployment}`,
          path: "livenessProbe",
          expected: "notices a hang",
          actual: `${allShown(wired)}${words ? `; the kubelet: ${words}` : ""}`,
          command,
        },
      ];
      if (back !== undefined) return pass(evidence);
      return fail(noticed === undefined && ended === undefined ? "never-noticed" : "too-slow", evidence);
    },
  });
