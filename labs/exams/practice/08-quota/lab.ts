import { check, type DryRun } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { kinds } from "../../../../checkers/core/port.ts";
import { amount, sameAmount } from "../../../../checkers/core/quantity.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { type Facts, facts } from "./facts.ts";

const quotaCheck = ({ quota, pods, cpu, toolbox }: Facts) =>
  check({
    title: `The namespace takes at most ${pods} pods and ${cpu} of requested CPU`,
    points: 4,
    mode: "sample",
    within: "40s",
    evidence: "state",
    alone: false,
    why: "A quota adds up what the namespace's pods request and is asked when a pod is made, never later. Each resource it names becomes a duty: a pod that says nothing about it is refused.",
    failures: {
      "no-quota": {
        untouched: true,
        says: `There is no ResourceQuota ${quota} in this namespace.`,
        hints: ["kubectl create quota --help shows how one is made in a line."],
      },
      "other-bounds": {
        says: "The quota has other bounds than those asked for, so it refuses too much, or too little.",
        hints: [
          `kubectl describe quota ${quota}: is it the number of pods, and the CPU they request?`,
          "requests.cpu (or cpu) is what pods request, limits.cpu what they may use at most.",
        ],
      },
      "too-strict": {
        says: "A pod that stays within both bounds is refused all the same.",
        hints: [
          "The refusal in the evidence names what it is about.",
          "Each resource named in spec.hard must be stated by every pod. Name only the two.",
        ],
      },
    },
    async observe({ cluster, probes }) {
      const found = await cluster.get(kinds.ResourceQuota, quota);
      const object = `resourcequota/${quota}`;
      const command = `kubectl describe quota ${quota}`;
      if (!found) return fail("no-quota", { object, expected: "exists", actual: "not found", command });
      const hard = found.spec?.hard ?? {};
      const bounds: Evidence = {
        object,
        path: "spec.hard",
        expected: `pods ${pods}, requests.cpu ${cpu}`,
        actual: Object.entries(hard)
          .map(([key, value]) => `${key} ${value}`)
          .join(", "),
        command,
      };
      const [most, core] = [hard.pods ?? hard["count/pods"], hard["requests.cpu"] ?? hard.cpu];
      if (!sameAmount(most, pods) || !sameAmount(core, cpu)) return fail("other-bounds", bounds);
      const used = amount(found.status?.used?.["requests.cpu"] ?? found.status?.used?.cpu);
      if (used === undefined) return waiting("the quota has not yet been added up", bounds);
      const left = Math.round(((amount(cpu) ?? 0) - used) * 1_000);
      /** What the API server says to one more pod that requests so many millicores. */
      const ask = (millicores: number): Promise<DryRun> =>
        probes.dryRun({
          apiVersion: "v1",
          kind: "Pod",
          metadata: { generateName: "one-more-" },
          spec: {
            containers: [
              { name: "idle", image: toolbox, resources: { requests: { cpu: `${millicores}m`, memory: "16Mi" } } },
            ],
          },
        });
      const [fitting, over] = await Promise.all([ask(left), ask(left + 10)]);
      const said = (answer: DryRun): string => (answer.accepted ? "accepted" : answer.message);
      const fits: Evidence = {
        object,
        path: `one more pod that requests the ${left}m left`,
        expected: "accepted",
        actual: said(fitting),
        command,
      };
      const tooBig: Evidence = {
        object,
        path: `one more pod that requests ${left + 10}m`,
        expected: `refused by ${quota}`,
        actual: said(over),
        command,
      };
      if (!fitting.accepted) return fail("too-strict", [fits, bounds]);
      if (over.accepted || !over.message.includes(quota)) return fail("other-bounds", [tooBig, bounds]);
      return pass([bounds, fits, tooBig]);
    },
  });

export default defineLab({
  title: "Limit a namespace",
  summary: "A ResourceQuota that refuses what goes beyond it and nothing else.",
  week: 2,
  minutes: 5,
  domain: "configure",
  sandbox: { ownResources: true },
  study: ["07"],
  facts,
  checks: (f) => ({ quota: quotaCheck(f) }),
});
