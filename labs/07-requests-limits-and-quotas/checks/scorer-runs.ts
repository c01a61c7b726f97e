import type { V1ContainerStateTerminated } from "@kubernetes/client-node";
import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import { workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { amount } from "../quantities.ts";
import { groundFailures, nameOf, running } from "./running.ts";

const mebi = 2 ** 20;

/** A runtime that misses the kernel's notice says Error; SIGKILL (137) without a liveness probe to send it leaves memory as the cause. */
const killedForMemory = (ended: V1ContainerStateTerminated | undefined): boolean =>
  ended !== undefined && (ended.reason === "OOMKilled" || ended.exitCode === 137);

/** The process that once died of its memory holds what it must, within a limit that still protects its neighbors. */
export const scorerRuns = (f: Facts): Check => {
  const { scorer, scorerHolds, scorerMost } = f;
  return check({
    title: `${scorer} holds its ${scorerHolds} MB and lives, under a limit of at most ${scorerMost}Mi`,
    points: 3,
    mode: "sample",
    within: "90s",
    evidence: "state",
    alone: false,
    why: "Memory cannot be given back for a moment as CPU can: what a process has written to must be somewhere. So the limit has to lie above everything the process ever holds, and only a measurement tells how much that is.",
    failures: {
      ...groundFailures(scorer),
      "oom-killed": {
        says: "The kernel kills the process as it loads: it needs more memory than its limit allows.",
        hints: [
          "kubectl describe pod has Last State and, above it, the limit it died of. How much does it need?",
          `It holds ${scorerHolds} MB of data, and the runtime itself takes some tens of megabytes more.`,
          `kubectl set resources deployment ${scorer} --limits=memory=320Mi,cpu=500m --requests=memory=256Mi,cpu=100m; then mend the file.`,
        ],
      },
      emptied: {
        says: "The process runs, but it doesn't hold its data any more: it lives because it has nothing to do.",
        hints: [
          "The scorer was to be given what it needs. What was changed besides its resources?",
          `MEMORY_MB: "${scorerHolds}" is its data; put it back, and raise the limit instead.`,
        ],
      },
      "no-limit": {
        says: "The process lives, but nothing stops it from taking the whole node's memory one day, and then the kernel looks for a victim among its neighbors.",
        hints: [
          "A leak in a container without a memory limit is everybody's leak. Which field bounds it?",
          `Set limits.memory: enough for ${scorerHolds} MB and the runtime, at most ${scorerMost}Mi.`,
        ],
      },
      "too-much": {
        says: `The limit is above ${scorerMost}Mi: it protects nobody, and if the request follows it, nobody else may use what is set aside.`,
        hints: [
          `It needs ${scorerHolds} MB and some tens for the runtime. What is a fair margin: a fifth, or twenty times?`,
          "Mind the units: 320Mi is 320 mebibytes; 320M a little less; 320m would be a third of a byte.",
        ],
      },
    },
    async observe({ cluster, probes }) {
      const work = await workload(cluster, scorer);
      const killed = work?.newest
        .flatMap((pod) => (pod.status?.containerStatuses ?? []).map((status) => ({ pod, status })))
        .find(
          ({ status }) => !status.ready && killedForMemory(status.state?.terminated ?? status.lastState?.terminated),
        );
      if (killed) {
        const limit = killed.pod.spec?.containers.find((one) => one.name === killed.status.name)?.resources?.limits
          ?.memory;
        return fail("oom-killed", {
          object: `pod/${nameOf(killed.pod)}`,
          path: "lastState.terminated",
          expected: "keeps running",
          actual: `${(killed.status.state?.terminated ?? killed.status.lastState?.terminated)?.reason ?? "killed"}, exit code 137, ${killed.status.restartCount} restarts, limit ${limit ?? "none"}`,
          command: `kubectl describe pod ${nameOf(killed.pod)}`,
        });
      }
      const ground = await running(cluster, scorer);
      if ("outcome" in ground) return ground.outcome;
      const pod = ground.running.pods[0];
      if (!pod) return fail("not-running");
      const name = nameOf(pod);
      const { stdout } = await probes.exec(name, ["cat", "/proc/1/status"]);
      const resident = Number(/^VmRSS:\s+(\d+) kB$/m.exec(stdout)?.[1] ?? 0) / 1024;
      const limit = pod.spec?.containers[0]?.resources?.limits?.memory;
      const evidence: Evidence[] = [
        {
          object: `pod/${name}`,
          path: "resident memory of the process",
          expected: `at least ${scorerHolds} MB`,
          actual: `${Math.round(resident)} MB`,
          command: `kubectl exec ${name} -- grep VmRSS /proc/1/status`,
        },
        {
          object: `pod/${name}`,
          path: "limits.memory",
          expected: `at most ${scorerMost}Mi`,
          actual: limit ?? "none",
          command: `kubectl get pod ${name} -o jsonpath='{.spec.containers[0].resources}'`,
        },
      ];
      if (resident < scorerHolds) return fail("emptied", evidence);
      if (limit === undefined) return fail("no-limit", evidence);
      return amount(limit) > scorerMost * mebi ? fail("too-much", evidence) : pass(evidence);
    },
  });
};
