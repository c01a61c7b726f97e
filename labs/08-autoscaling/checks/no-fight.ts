import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

interface Owner {
  manager?: string;
  operation?: string;
  subresource?: string;
  fieldsV1?: { "f:spec"?: Record<string, unknown> };
}

/** Whether the manifest that was applied last (kubectl apply keeps it in an annotation) says how many. */
function declared(annotation: string | undefined): number | undefined {
  try {
    const replicas = (JSON.parse(annotation ?? "{}") as { spec?: { replicas?: unknown } }).spec?.replicas;
    return typeof replicas === "number" ? replicas : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What the next apply of the manifest would do to the number of pods. Client-side apply keeps what it applied in an annotation; server-side
 * apply is an owner of fields, of operation Apply. A Deployment that was never applied has nothing that could come back.
 * Right: the field left out, by either kind of apply, or a Deployment made and changed without apply. Wrong: the field kept, with any number.
 */
export const noFight = (lab: Facts): Check => {
  const { deployment } = lab;
  return check({
    title: `Nobody but the autoscaler says how many pods ${deployment} has`,
    points: 2,
    mode: "observe",
    within: "30s",
    evidence: "state",
    why: "One field, one owner. A manifest that holds replicas puts its number back at every apply: in the middle of a surge it halves the service until the autoscaler has climbed again. Left out, apply leaves it alone. GitOps tools, which apply all day long, need it even more.",
    failures: {
      "no-deployment": {
        says: `The Deployment ${deployment} is gone.`,
        hints: ["kubectl get deployments", `kubectl apply -f ${deployment}.yaml`],
      },
      fights: {
        untouched: true,
        says: "The manifest that was applied last says how many pods there shall be: the next apply takes the number out of the autoscaler's hands.",
        hints: [
          `Which line of ${deployment}.yaml does the autoscaler make obsolete?`,
          "Take the line out and apply. What the cluster remembers of the last apply is what counts, not the file alone.",
          `kubectl apply view-last-applied deployment/${deployment} shows what it remembers. To take the field out of that without a moment of one pod, first kubectl apply edit-last-applied deployment/${deployment}, then the file.`,
        ],
      },
    },
    async observe({ cluster }) {
      const found = await cluster.get(kinds.Deployment, deployment);
      const object = `deployment/${deployment}`;
      const command = `kubectl apply view-last-applied ${object}`;
      if (!found)
        return fail("no-deployment", {
          object,
          expected: "exists",
          actual: "not found",
          command: "kubectl get deployments",
        });
      const number = declared(found.metadata?.annotations?.[lastApplied]);
      const evidence: Evidence = {
        object,
        path: "spec.replicas in what was applied last",
        expected: "left out",
        actual: number === undefined ? "left out" : String(number),
        command,
      };
      if (number !== undefined) return fail("fights", evidence);
      const owners = (found.metadata?.managedFields ?? []) as Owner[];
      const applier = owners.find(
        (one) => one.operation === "Apply" && !one.subresource && one.fieldsV1?.["f:spec"]?.["f:replicas"],
      );
      if (applier) {
        return fail("fights", {
          object,
          path: "metadata.managedFields: who applied spec.replicas",
          expected: "nobody",
          actual: applier.manager ?? "someone",
          command: `kubectl get ${object} -o yaml --show-managed-fields`,
        });
      }
      return pass(evidence);
    },
  });
};
