import { type Check, check } from "../../../../../checkers/core/check.ts";
import { gettingReady } from "../../../../../checkers/core/getting-ready.ts";
import { type Evidence, fail, pass, waiting } from "../../../../../checkers/core/verdict.ts";
import { workload } from "../../../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { containerOf } from "./reading.ts";

/**
 * Right: a Deployment of that name with enough ready pods of the stable image, by its own count or an autoscaler's; any labels, any container
 * name. Wrong: another image; too few; an image nobody has; a probe on a port that is shut.
 */
export const serving = (f: Facts): Check =>
  check({
    title: `${f.model} runs version ${f.stable} in at least ${f.replicas} ready pods`,
    points: 15,
    mode: "observe",
    within: "60s",
    evidence: "state",
    task: "deploy",
    domain: "deploy",
    why: "The Deployment's controller keeps as many pods as its spec says, and the readiness probe says which of them may be sent requests.",
    failures: {
      "no-deployment": {
        untouched: true,
        says: `There is no Deployment ${f.model}: nothing runs the model.`,
        hints: [
          `kubectl create deployment ${f.model} --image=… --dry-run=client -o yaml gives a manifest to begin with.`,
        ],
      },
      "wrong-image": {
        says: "It runs another image than the stable version's.",
        hints: ["The evidence has the image that is wanted. kubectl set image changes it."],
      },
      "too-few": {
        says: "It has fewer replicas than the task asks for.",
        hints: ["spec.replicas, or the least of its autoscaler."],
      },
      "not-ready": {
        says: "Its pods do not get ready by themselves: somebody has to act.",
        hints: [
          "The evidence has the kubelet's or the scheduler's own words.",
          "kubectl describe pod, then kubectl logs.",
        ],
      },
    },
    async observe({ cluster }) {
      const found = await workload(cluster, f.model);
      const object = `deployment/${f.model}`;
      const command = `kubectl get deployment ${f.model} -o wide`;
      if (!found) return fail("no-deployment", { object, expected: "there", actual: "not there", command });
      const images = found.deployment.spec?.template.spec?.containers.map(({ image }) => image ?? "") ?? [];
      if (!images.includes(f.image)) {
        const path = "spec.template.spec.containers[].image";
        return fail("wrong-image", { object, path, expected: f.image, actual: images.join(", "), command });
      }
      const want = found.deployment.spec?.replicas ?? 1;
      const replicas = {
        object,
        path: "spec.replicas",
        expected: `at least ${f.replicas}`,
        actual: String(want),
        command,
      };
      if (want < f.replicas) return fail("too-few", replicas);
      const progress = await gettingReady(cluster, found);
      if (progress.state === "stuck") return fail("not-ready", progress.evidence);
      if (progress.state === "waiting") return waiting(progress.why);
      const evidence: Evidence[] = [
        { ...replicas, path: "status.readyReplicas", actual: `${found.deployment.status?.readyReplicas ?? 0} ready` },
        {
          object,
          path: "image",
          expected: f.image,
          actual: containerOf(found.newest[0] ?? {}, f)?.image ?? "",
          command,
        },
      ];
      return pass(evidence);
    },
  });
