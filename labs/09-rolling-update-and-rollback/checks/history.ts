import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { history as read, shownHistory } from "./objects.ts";

/**
 * Reads the ReplicaSets a Deployment remembers. Right: pause, two changes, resume; both in one apply; kubectl edit. Wrong: two
 * commands, two rollouts; no reason given; the former reason left standing.
 */
export const history = (f: Facts): Check => {
  const command = `kubectl rollout history deployment/${f.deployment}`;
  return check({
    title: `${f.kept} and LOG_LEVEL=${f.logLevel} came as one revision, and the history says why`,
    points: 2,
    mode: "observe",
    within: "30s",
    evidence: "state",
    why: "Only a change of the pod template makes a revision, and each is a ReplicaSet, kept at zero. Two changes in one revision are rolled out once and taken back once. The change-cause is copied from the Deployment to the ReplicaSet of the current revision: at three in the morning it is the only part of the history that a person can read.",
    failures: {
      "no-update": {
        untouched: true,
        says: `The history has no revision with ${f.kept} yet.`,
        hints: [
          `${command} lists the revisions; with --revision=N it shows one.`,
          `kubectl set image deployment/${f.deployment} ${f.container}=${f.keptImage} changes the image; but first read how to make two changes one revision.`,
        ],
      },
      "two-steps": {
        says: "The two changes were rolled out one after the other: every pod was replaced twice, and going back one revision leads to a mixture nobody has tested.",
        hints: [
          "Each change of the template starts a rollout at once, unless the Deployment is told to hold still.",
          "kubectl rollout pause, then both changes, then kubectl rollout resume. Or change both in the manifest and apply it once.",
          `The half-way revision stays in the history as a ReplicaSet with 0 pods. Once you have both in one revision, delete it: kubectl get replicasets, kubectl delete replicaset NAME. (To get there: kubectl rollout undo --to-revision to ${f.first}, then anew.)`,
        ],
      },
      "no-cause": {
        says: "The revision has no change-cause: the history shows <none>, and nobody will know what it was for.",
        hints: [
          "The reason is an annotation of the Deployment: kubernetes.io/change-cause.",
          `kubectl annotate deployment/${f.deployment} kubernetes.io/change-cause="…" --overwrite while this revision is the current one writes it into the history as well.`,
        ],
      },
      "old-cause": {
        says: "The revision carries the reason of another one: the annotation stays until someone overwrites it, so the history now tells a falsehood.",
        hints: [
          "Compare the lines of the history: which two have the same CHANGE-CAUSE?",
          "Give the reason together with the change: between pause and resume, or in the manifest beside the image.",
          `Go to that revision and annotate it there: kubectl annotate deployment/${f.deployment} kubernetes.io/change-cause="…" --overwrite`,
        ],
      },
      forgotten: {
        says: "The Deployment keeps no old ReplicaSets, so it has no history and nothing to go back to.",
        hints: [
          "How many does it keep? kubectl explain deployment.spec.revisionHistoryLimit",
          "Take revisionHistoryLimit: 0 out: the default is 10, and an old ReplicaSet costs nothing but its entry.",
        ],
      },
    },
    async observe({ cluster }) {
      const deployment = await cluster.get(kinds.Deployment, f.deployment);
      const all = deployment ? await read(cluster, deployment, f) : [];
      const evidence: Evidence = {
        object: `deployment/${f.deployment}`,
        path: "revisions",
        expected: `one with ${f.kept} and LOG_LEVEL=${f.logLevel}, and its own change-cause`,
        actual: shownHistory(all),
        command,
      };
      if (deployment?.spec?.revisionHistoryLimit === 0) {
        return fail("forgotten", { ...evidence, path: "spec.revisionHistoryLimit", expected: "above 0", actual: "0" });
      }
      const whole = all.findLast((one) => one.image === f.keptImage && one.logLevel === f.logLevel);
      const half = all.filter(
        (one) =>
          (one.image === f.keptImage && one.logLevel !== f.logLevel) ||
          (one.image === f.image && one.logLevel === f.logLevel),
      );
      if (half.length > 0) return fail("two-steps", evidence);
      if (!whole) return fail("no-update", evidence);
      if (whole.cause.trim() === "") return fail("no-cause", evidence);
      // A restart makes a revision of the same content, for which the same reason is no falsehood.
      const others = all.filter((one) => one.image !== whole.image || one.logLevel !== whole.logLevel);
      if (others.some((one) => one.cause === whole.cause)) return fail("old-cause", evidence);
      return pass(evidence);
    },
  });
};
