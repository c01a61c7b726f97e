import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { oneAfterAnother } from "../measure.ts";
import { median, share } from "../throttling.ts";
import { groundFailures, nameOf, running } from "./running.ts";

/** Least CPU, in milliseconds, that a prediction takes: half of what it is set to, since a measured calibration is never exact. */
const leastWork = (f: Facts): number => f.work / 2;

/**
 * Sends each pod requests one after another and reads its CPU accounting around them. What is judged is the share of periods in which
 * the group was stopped by its limit, not the latency: a busy neighbor makes answers late, but never makes a container exceed its own limit.
 * With one request of 40 ms at a time a container can use at most about 100 ms in a period of 100 ms: a limit of 1 core stops it (almost) never,
 * 500m in nearly every period that has work in it.
 */
export const throttling = (f: Facts): Check => {
  const { deployment, requests, throttledMost, work } = f;
  return check({
    title: `${deployment} is not held back by its CPU limit when requests come one at a time`,
    points: 5,
    mode: "sample",
    within: "90s",
    evidence: "state",
    why: "A CPU limit is a budget for each tenth of a second. When it is spent the kernel stops the process until the next tenth begins, however idle the node is. Now a prediction fits into the budget, so it is never stopped in the middle of one.",
    failures: {
      ...groundFailures(deployment),
      throttled: {
        says: `The kernel stops the container for its CPU limit while it works on a single request, so callers wait several times longer than the work takes.`,
        hints: [
          `A prediction takes ${work} ms of CPU. How many milliseconds of each 100 does the present limit grant?`,
          "100m is a tenth of a core: 10 ms in each period of 100. One thread that works without pause needs 100 of 100. What limit is that?",
          `kubectl set resources deployment ${deployment} --limits=cpu=1,memory=128Mi gives it a whole core; or take the CPU limit away and rely on requests. Mend the file as well.`,
        ],
      },
      "no-work": {
        says: "The pods answer without doing the work: a prediction takes much less CPU than it did, so the measurement says nothing.",
        hints: [
          "The service was to be given what it needs, not to be made to need less. Which setting decides the work per request?",
          `CPU_MS is the model's own cost: leave it at ${work}.`,
        ],
      },
    },
    async observe({ cluster, probes }) {
      const ground = await running(cluster, deployment);
      if ("outcome" in ground) return ground.outcome;
      const evidence: Evidence[] = [];
      let worst = 0;
      let idle = false;
      for (const pod of ground.running.pods.slice(0, 4)) {
        const { times, cpu } = await oneAfterAnother(probes, pod, f.port, requests);
        const name = nameOf(pod);
        const container = pod.spec?.containers[0];
        if (times.length < requests) {
          return fail("not-running", {
            object: `pod/${name}`,
            path: `GET :${f.port}/`,
            expected: `${requests} answers with 200`,
            actual: `${times.length} within 30 s`,
            command: `kubectl logs ${name} --tail=20`,
          });
        }
        const percent = share(cpu);
        const command = `kubectl exec ${name} -- sh -c 'cat /sys/fs/cgroup/cpu.stat 2>/dev/null || cat /sys/fs/cgroup/cpu/cpu.stat'`;
        evidence.push(
          {
            object: `pod/${name}`,
            path: `periods throttled over ${requests} requests, CPU limit ${container?.resources?.limits?.cpu ?? "none"}`,
            expected: `at most ${throttledMost} %`,
            actual:
              cpu.periods === 0
                ? "0 %: without a limit nobody counts"
                : `${Math.round(percent)} % (${cpu.throttled} of ${cpu.periods})`,
            command,
          },
          {
            object: `pod/${name}`,
            path: "CPU and time for one request",
            expected: `about ${work} ms of CPU, and not much longer than that`,
            actual: `${Math.round(cpu.used / requests)} ms of CPU, answered after ${Math.round(median(times))} ms (median)`,
          },
        );
        worst = Math.max(worst, percent);
        idle ||= cpu.used / requests < leastWork(f);
      }
      if (idle) return fail("no-work", evidence);
      return worst > throttledMost ? fail("throttled", evidence) : pass(evidence);
    },
  });
};
