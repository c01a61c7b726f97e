import { setTimeout as pause } from "node:timers/promises";
import { behind } from "../../../../checkers/core/behind.ts";
import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { kinds } from "../../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { isReady } from "../../../../checkers/core/workload.ts";
import { type Facts, facts } from "./facts.ts";

const heals = ({ name, replicas, port, within }: Facts) =>
  check({
    title: `${replicas} pods stand behind ${name}, and a lost one is made up for`,
    points: 4,
    mode: "disturb",
    within: "60s",
    evidence: "state",
    alone: false,
    why: "A pod by itself ends once. A ReplicaSet counts pods by label and makes what is missing, for whatever reason: it keeps a number, not certain pods.",
    failures: {
      "wrong-count": {
        says: `There are not exactly ${replicas} ready pods behind the Service that answer.`,
        hints: [
          `kubectl get endpointslices -l kubernetes.io/service-name=${name} lists them.`,
          `A Deployment whose template has the label app: ${name} puts its pods there. The old pod counts too, as long as it is there.`,
        ],
      },
      "not-replaced": {
        says: `A pod was deleted, and ${within} s later there were fewer behind the Service than before.`,
        hints: [
          "kubectl describe pod: is there a line Controlled By? Without one nobody makes another.",
          "Let a Deployment make the pods, instead of making them yourself.",
        ],
      },
    },
    async observe({ cluster, probes, signal }) {
      const command = `kubectl get endpointslices -l kubernetes.io/service-name=${name}`;
      const [found, pods] = await Promise.all([behind(cluster, name), cluster.list(kinds.Pod)]);
      const before = found?.ready ?? [];
      const object = `service/${name}`;
      const size: Evidence = {
        object,
        path: "ready pods behind it",
        expected: String(replicas),
        actual: found ? `${before.length} (${before.join(", ") || "none"})` : "no such Service",
        command,
      };
      const labels = Object.entries(found?.service.spec?.selector ?? { app: name });
      const chosen = pods.filter(
        ({ metadata }) =>
          metadata?.deletionTimestamp === undefined &&
          labels.every(([key, value]) => metadata?.labels?.[key] === value),
      );
      const young = chosen.some((pod) => Date.now() - +new Date(pod.metadata?.creationTimestamp ?? 0) < 20_000);
      if (before.length !== replicas) {
        const onTheWay = chosen.length === replicas && (young || chosen.filter(isReady).length === replicas);
        return onTheWay ? waiting("pods are on their way", size) : fail("wrong-count", size);
      }
      const asked = await Promise.all(before.map((pod) => probes.podGet(pod, port, "/predict")));
      const silent = before[asked.findIndex(({ status }) => status !== 200)];
      if (silent !== undefined) {
        return fail("wrong-count", {
          ...size,
          object: `pod/${silent}`,
          path: `GET /predict on port ${port}`,
          expected: "200",
          actual: "no answer",
        });
      }
      // One that nobody would replace, if there is one: who leaves the old pod among the new ones has not done it.
      const own = chosen.filter(({ metadata }) => before.includes(metadata?.name ?? ""));
      const alone = own.find(({ metadata }) => !metadata?.ownerReferences?.some((one) => one.controller));
      const victim = (alone ?? own[0])?.metadata?.name;
      if (victim === undefined) return waiting("the pods behind the Service are changing", size);
      await probes.disturb.deletePod(victim);
      const began = performance.now();
      for (;;) {
        const now = ((await behind(cluster, name))?.ready ?? []).filter((pod) => pod !== victim);
        const seconds = (performance.now() - began) / 1_000;
        const after: Evidence = {
          object,
          path: `ready pods behind it, ${Math.round(seconds)} s after pod/${victim} was deleted`,
          expected: String(replicas),
          actual: String(now.length),
          command,
        };
        if (now.length >= replicas) return pass([size, after]);
        if (seconds > within) return fail("not-replaced", after);
        await pause(500, undefined, { signal });
      }
    },
  });

export default defineLab({
  title: "Let lost pods be replaced",
  summary: "A number of pods that is kept, whatever happens to one.",
  week: 3,
  minutes: 5,
  domain: "scale",
  study: ["06"],
  facts,
  checks: (f) => ({ heals: heals(f) }),
});
