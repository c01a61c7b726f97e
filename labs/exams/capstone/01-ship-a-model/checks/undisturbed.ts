import { setTimeout as pause } from "node:timers/promises";
import { type Check, check } from "../../../../../checkers/core/check.ts";
import { LookError } from "../../../../../checkers/core/errors.ts";
import { type Evidence, fail, pass, waiting } from "../../../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { nameOf, spoken, stablePods } from "./reading.ts";

/** Requests a second; each pod that closes too early is asked several times before all nodes know. */
const rate = 40;
/** Seconds until the deleted pod's place must be filled. */
const limit = 25;

/**
 * Deletes a stable pod as `kubectl delete pod` does it, while requests flow through the gateway. Right: readiness with a pause before SIGTERM
 * (preStop), or a process that drains. Wrong: no pause; a grace period shorter than the pause; no readiness probe, so that the new pod is asked
 * before its model is loaded.
 */
export const undisturbed = (f: Facts): Check =>
  check({
    title: "A pod of the model is deleted under load, and no request fails",
    points: 6,
    mode: "disturb",
    within: "2m",
    evidence: "state",
    task: "validate",
    domain: "validate",
    needs: ["serving", "reachable"],
    why: "The pod went on answering until nobody sent to it any more, and its successor was sent requests only once it was ready.",
    failures: {
      lost: {
        says: "Requests failed while one pod was replaced by another.",
        hints: [
          "503 is the new pod saying that its model still loads: which probe keeps requests away from it? 502 is the gateway finding a port shut.",
          "A preStop that sleeps some seconds lets the news arrive that the pod leaves; the grace period must be longer than it.",
        ],
      },
    },
    async observe({ cluster, probes, signal }) {
      const before = await stablePods(cluster, f);
      const victim = before[0];
      if (!victim || before.length < f.replicas) return waiting(`${before.length} of ${f.replicas} pods are ready`);
      const gone = async (): Promise<boolean> => {
        const now = await stablePods(cluster, f);
        const there = now.some((pod) => nameOf(pod) === nameOf(victim));
        return !there && now.length >= before.length;
      };
      const { flow, result } = await probes.during(
        { service: f.gateway, port: f.gatewayPort, path: "/predict", rate, seconds: limit + 10, timeout: 5_000 },
        async () => {
          await probes.disturb.deletePod(nameOf(victim));
          const end = performance.now() + limit * 1_000;
          while (performance.now() < end) {
            if (await gone()) {
              // The old one may still be finishing its grace period: what fails then counts as well.
              await pause(3_000, undefined, { signal });
              return true;
            }
            await pause(300, undefined, { signal });
          }
          return false;
        },
      );
      if (flow.dropped > flow.sent / 20)
        throw new LookError(
          "The requests could not be sent on time: the machine is too busy for a verdict.",
          "Grade again.",
        );
      const first = flow.failures[0];
      const evidence: Evidence = {
        object: `pod/${nameOf(victim)}, deleted under ${rate} requests a second`,
        path: `${flow.sent} requests through ${f.gateway}`,
        expected: "0 failed",
        actual: `${flow.failed} failed (${spoken(flow.statuses)})${first ? `; the first after ${(first.at / 1_000).toFixed(1)} s: ${first.error ?? first.status}` : ""}`,
      };
      if (flow.failed > 0) return fail("lost", evidence);
      if (!result)
        throw new LookError(
          `No new pod was ready after ${limit} s: the machine is too busy for a verdict.`,
          "Grade again.",
        );
      return pass(evidence);
    },
  });
