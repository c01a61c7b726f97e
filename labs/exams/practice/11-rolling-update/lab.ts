import type { V1Deployment } from "@kubernetes/client-node";
import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { notRunning, standing } from "../../../../checkers/core/standing.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { revisions } from "../../../../checkers/core/workload.ts";
import { type Facts, facts } from "./facts.ts";

/** How many pods an update may take away at a time: all of them with Recreate; a percentage is rounded down. */
function mayLose({ spec }: V1Deployment): number {
  const replicas = spec?.replicas ?? 1;
  if (spec?.strategy?.type === "Recreate") return replicas;
  const most = String(spec?.strategy?.rollingUpdate?.maxUnavailable ?? "25%");
  return most.endsWith("%") ? Math.floor((replicas * Number.parseFloat(most)) / 100) : Number(most);
}

const updated = ({ name, image, replicas, cause }: Facts) =>
  check({
    title: `${name} runs ${image}, by updates that take no pod away, for the reason given`,
    points: 5,
    mode: "observe",
    within: "90s",
    evidence: "state",
    why: "With maxUnavailable 0 an update may only add pods first: an old one goes when a new one is ready. The reason belongs to the revision: it is copied from the Deployment's annotation.",
    failures: {
      "old-version": {
        untouched: true,
        says: `The Deployment's template does not have the image ${image}, or it keeps another number of pods.`,
        hints: [`kubectl set image deployment/${name} CONTAINER=${image} changes it.`],
      },
      "not-running": notRunning(name),
      "may-lose": {
        says: "During an update pods may be missing: the strategy allows some to be unavailable.",
        hints: [
          "kubectl describe deployment: RollingUpdateStrategy has two numbers.",
          "maxUnavailable: 0, and maxSurge at least 1, or nothing could move.",
        ],
      },
      "other-cause": {
        says: "The newest revision gives another reason, or none.",
        hints: [`kubectl annotate deployment/${name} kubernetes.io/change-cause="…" --overwrite`],
      },
    },
    async observe({ cluster }) {
      const found = await standing(cluster, name);
      if ("stuck" in found) return fail("not-running", found.stuck);
      if ("waiting" in found) return waiting(found.waiting);
      const { deployment } = found.work;
      const object = `deployment/${name}`;
      const { replicas: wanted = 1, template } = deployment.spec ?? {};
      const version: Evidence = {
        object,
        path: "image and replicas",
        expected: `${image}, ${replicas}`,
        actual: `${template?.spec?.containers.map((one) => one.image).join(" and ")}, ${wanted}`,
        command: `kubectl get deployment ${name} -o wide`,
      };
      if (version.actual !== version.expected) return fail("old-version", version);
      const lost: Evidence = {
        object,
        path: "pods an update may take away at a time",
        expected: "0",
        actual: String(mayLose(deployment)),
        command: `kubectl describe deployment ${name}`,
      };
      if (mayLose(deployment) > 0) return fail("may-lose", lost);
      const newest = (await revisions(cluster, name)).at(-1);
      const reason: Evidence = {
        object,
        path: `change-cause of revision ${newest?.revision}`,
        expected: cause,
        actual: newest?.cause ?? "none",
        command: `kubectl rollout history deployment/${name}`,
      };
      return newest?.cause === cause ? pass([version, lost, reason]) : fail("other-cause", reason);
    },
  });

export default defineLab({
  title: "Update without losing a pod",
  summary: "A rolling update with maxUnavailable 0 and its reason in the history.",
  week: 2,
  minutes: 6,
  domain: "release",
  study: ["09"],
  facts,
  checks: (f) => ({ updated: updated(f) }),
});
