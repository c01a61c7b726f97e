import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { unsettled } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { copyOf } from "./copy.ts";
import { isRecreate, readyWith, shownStrategy, since, until } from "./objects.ts";

/**
 * Updates a copy to an image nobody has built. Right: maxUnavailable 0, and a deadline after which the cluster says that it is stuck.
 * Wrong: maxUnavailable above 0 (a pod is given up for nothing); the default deadline of ten minutes.
 */
export const badImage = (f: Facts): Check =>
  check({
    title: `An update to an image that does not exist costs no replica, and is reported within ${f.reportLimit} s`,
    points: 3,
    mode: "disturb",
    within: "3m",
    evidence: "state",
    alone: false,
    needs: ["strategy"],
    why: "With maxUnavailable 0 an old pod goes only when a new one is ready. The new one never was, so the update stopped at its first step with everything still serving. And since somebody should know, the Deployment's Progressing condition turned False after progressDeadlineSeconds, which is what rollout status, pipelines and alerts look at. Nothing is rolled back by itself.",
    failures: {
      "capacity-lost": {
        says: "The update took old pods away before a new one was ready, and the new ones never will be: you are short of capacity until somebody notices.",
        hints: [
          "Which of the two numbers of a rolling update lets it take pods away before others are ready?",
          "Percentages are of the replicas and are rounded: maxUnavailable down, maxSurge up.",
          "maxUnavailable: 0. It then needs room for one more pod: maxSurge: 1.",
        ],
      },
      "not-reported": {
        says: `The update hangs, and ${f.reportLimit} s later the Deployment still says that it is progressing: a pipeline that waits for it waits.`,
        hints: [
          "kubectl describe deployment shows the Progressing condition. After how long without progress does it turn False?",
          "The field is spec.progressDeadlineSeconds; its default is 600. It counts from the last progress, so it must be longer than one healthy pod takes, and need not be longer than that by much.",
          "progressDeadlineSeconds: 20 is enough here: a pod loads for a few seconds. Write it beside replicas and strategy.",
        ],
      },
    },
    async observe(scene) {
      const { cluster, probes, signal } = scene;
      const [deployment, service] = await Promise.all([
        cluster.get(kinds.Deployment, f.deployment),
        cluster.get(kinds.Service, f.service),
      ]);
      if (!deployment) return waiting(`there is no deployment/${f.deployment}`);
      const why = unsettled(deployment);
      if (why) return waiting(why);
      if (isRecreate(deployment)) return waiting("the strategy is Recreate: every replica would be lost");
      const copy = await copyOf(scene, f, deployment, service);
      const container = deployment.spec?.template.spec?.containers.find((one) =>
        one.image?.startsWith(`${f.repository}:`),
      );
      if (!container) return waiting(`no container of deployment/${f.deployment} runs ${f.repository}`);
      await probes.disturb.patch(kinds.Deployment, copy.name, {
        spec: {
          template: {
            spec: {
              containers: (deployment.spec?.template.spec?.containers ?? []).map((one) =>
                one.name === container.name ? { ...one, image: f.missingImage } : one,
              ),
            },
          },
        },
      });
      const began = performance.now();
      const want = deployment.spec?.replicas ?? 1;
      let least = want;
      let reported: { after: number; says: string } | undefined;
      await until(f.reportLimit + 3, signal, async () => {
        const [now, ready] = await Promise.all([
          cluster.get(kinds.Deployment, copy.name),
          readyWith(cluster, copy.labels),
        ]);
        least = Math.min(least, ready);
        const condition = (now?.status?.conditions ?? []).find((one) => one.type === "Progressing");
        if (condition?.status === "False") reported ??= { after: since(began), says: condition.reason ?? "False" };
        // The first step is over by then; what it did not take away it will not.
        return since(began) > 8 && (reported || least < want) ? true : undefined;
      });
      const sample = await probes.traffic({ service: copy.name, port: f.port, path: "/predict", n: f.requests });
      const capacity: Evidence = {
        object: `a copy of deployment/${f.deployment}, updated to ${f.missingImage}`,
        path: "ready pods, at the least",
        expected: String(want),
        actual: `${least} (${shownStrategy(deployment)}); ${sample.statuses["200"] ?? 0} of ${sample.sent} requests answered`,
        command: `kubectl describe deployment ${f.deployment}`,
      };
      const report: Evidence = {
        object: "the same copy",
        path: "status.conditions[Progressing]",
        expected: `False within ${f.reportLimit} s`,
        actual: reported
          ? `False after ${reported.after} s: ${reported.says}`
          : `still True after ${since(began)} s (progressDeadlineSeconds: ${deployment.spec?.progressDeadlineSeconds ?? 600})`,
      };
      if (least < want) return fail("capacity-lost", [capacity, report]);
      if (!reported) return fail("not-reported", [report, capacity]);
      return pass([capacity, report]);
    },
  });
