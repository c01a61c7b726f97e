import type { V1Pod } from "@kubernetes/client-node";
import { behind } from "../../../../checkers/core/behind.ts";
import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { kinds } from "../../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { isReady } from "../../../../checkers/core/workload.ts";
import { counted } from "../../../../checkers/probes/followed.ts";
import { judgeShare, planShare } from "../../../../checkers/probes/share.ts";
import { type Facts, facts } from "./facts.ts";

/** Milliseconds in which every node's kube-proxy has followed the last pod that became ready. */
const proxyTime = 4_000;

const share = ({ name, version, stableVersion, percent, total, port }: Facts) => {
  const target = percent / 100;
  // What one pod more or less of five, or the present halves, would give lies beyond these: each is mistaken less than once in 1,000 samples.
  const plan = planShare(target, target - 0.09, target + 0.11);
  return check({
    title: `${percent} % of the requests to ${name} are answered by ${version}, with at most ${total} pods`,
    points: 5,
    mode: "sample",
    within: "90s",
    evidence: "state",
    alone: false,
    why: "kube-proxy picks a pod at random for each connection, so the share of a version is its share of the ready pods behind the Service. Its grain is one pod: with few pods only few shares can be had.",
    failures: {
      "no-canary": {
        untouched: true,
        says: `No request was answered by ${version}.`,
        hints: [
          `A second Deployment with the new image, whose pods have the label app: ${name}, stands behind the same Service.`,
        ],
      },
      "off-share": {
        says: `Another share than ${percent} % went to ${version}, or the rest not to ${stableVersion}.`,
        hints: [
          "Count the ready pods of each version: kubectl get pods --show-labels.",
          `Of ${total} pods, how many make ${percent} %?`,
        ],
      },
      "too-many-pods": {
        says: `There are more than ${total} pods behind the Service.`,
        hints: ["The canary's pods come out of the same number: scale the stable Deployment down by as many."],
      },
    },
    async observe({ cluster, probes }) {
      const [found, pods] = await Promise.all([behind(cluster, name), cluster.list(kinds.Pod)]);
      const object = `service/${name}`;
      const ready = found?.ready ?? [];
      const listed = pods.filter((pod) => ready.includes(pod.metadata?.name ?? ""));
      if (pods.some((pod) => pod.metadata?.deletionTimestamp !== undefined)) return waiting("pods are leaving");
      const young = ({ metadata }: V1Pod): boolean => Date.now() - +new Date(metadata?.creationTimestamp ?? 0) < 30_000;
      if (pods.some((pod) => !isReady(pod) && young(pod))) return waiting("pods are being started");
      const changed = Math.max(
        0,
        ...listed.map(
          (pod) => +new Date(pod.status?.conditions?.find((one) => one.type === "Ready")?.lastTransitionTime ?? 0),
        ),
      );
      if (Date.now() - changed < proxyTime) return waiting("giving kube-proxy a moment to follow the last change");
      const size: Evidence = {
        object,
        path: "ready pods behind it",
        expected: `at most ${total}`,
        actual: String(ready.length),
        command: `kubectl get endpointslices -l kubernetes.io/service-name=${name}`,
      };
      if (ready.length > total) return fail("too-many-pods", size);
      const { statuses, versions } = await probes.traffic({ service: name, port, n: plan.n });
      const answered = statuses["200"] ?? 0;
      const hits = versions[version] ?? 0;
      const known = hits + (versions[stableVersion] ?? 0);
      const measured: Evidence = {
        object,
        path: `${plan.n} requests, by version that answered`,
        expected: `${version}: ${plan.least} to ${plan.most}`,
        actual: answered === plan.n ? counted(versions) : `${counted(versions)}; by status ${counted(statuses)}`,
        command: "kubectl get pods --show-labels",
      };
      if (hits === 0) return fail("no-canary", [measured, size]);
      if (answered !== plan.n || known !== plan.n || judgeShare(plan, hits, plan.n) !== "about")
        return fail("off-share", [measured, size]);
      return pass([measured, size]);
    },
  });
};

export default defineLab({
  title: "A canary of a given share",
  summary: "A measured share of the requests for a new version.",
  week: 4,
  minutes: 7,
  domain: "release",
  study: ["11"],
  facts,
  checks: (f) => ({ share: share(f) }),
});
