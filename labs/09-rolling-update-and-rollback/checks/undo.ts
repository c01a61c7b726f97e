import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { unsettled } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { current, history, shownHistory, shownRevision } from "./objects.ts";

/**
 * Right: rollout undo, undo --to-revision, applying the former manifest: each finds the old ReplicaSet again. Wrong: never shipped;
 * shipped and left; undone twice, which leads forward again; undone too far.
 */
export const undo = (f: Facts): Check =>
  check({
    title: `${f.undone} was shipped and taken back: ${f.kept} serves again`,
    points: 3,
    mode: "observe",
    within: "3m",
    evidence: "state",
    needs: ["strategy"],
    why: `An undo is an update like any other, only to a template that is already known: the old ReplicaSet is found by its hash and scaled up again, under the same maxSurge and maxUnavailable. That is why it is safe, and why it takes as long as an update. Its revision got a new number, because a number says when, not what.`,
    failures: {
      "not-shipped": {
        untouched: true,
        says: `The history has no revision with ${f.undone} yet.`,
        hints: [
          `kubectl set image deployment/${f.deployment} ${f.container}=${f.undoneImage}, with a change-cause of its own.`,
          "Wait for kubectl rollout status before you take it back, so that there is something to take back.",
        ],
      },
      "still-there": {
        says: `${f.undone} is what the Deployment wants now.`,
        hints: [
          "kubectl rollout --help lists what can be done about a rollout.",
          `kubectl rollout undo deployment/${f.deployment} goes to the revision before. Done twice, it leads back to where you were.`,
          `kubectl rollout undo deployment/${f.deployment} --to-revision=N goes to a certain one: look the number up in the history.`,
        ],
      },
      "too-far": {
        says: `You are back at something else than ${f.kept}: further than the update that was wrong.`,
        hints: [
          "An undo without a number goes back one revision, each time. Where did it lead?",
          `kubectl rollout history deployment/${f.deployment} has the number of ${f.kept}; kubectl rollout undo --to-revision=N goes there.`,
        ],
      },
    },
    async observe({ cluster }) {
      const deployment = await cluster.get(kinds.Deployment, f.deployment);
      if (!deployment) return waiting(`there is no deployment/${f.deployment}`);
      const all = await history(cluster, deployment, f);
      const now = all.find((one) => one.number === current(deployment));
      const command = `kubectl rollout history deployment/${f.deployment}`;
      const past: Evidence = {
        object: `deployment/${f.deployment}`,
        path: "revisions",
        expected: `${f.undone} among them, and ${f.kept} the newest`,
        actual: shownHistory(all),
        command,
      };
      const present: Evidence = {
        object: `deployment/${f.deployment}`,
        path: "current revision",
        expected: `${f.kept}, gone back to`,
        actual: now
          ? `${shownRevision(now)}${now.former.length > 0 ? `, formerly ${now.former.join(", ")}` : ""}`
          : "none",
        command,
      };
      const shipped = all.find((one) => one.image === f.undoneImage);
      if (!shipped) return fail("not-shipped", past);
      if (!now) return waiting("the Deployment controller has not yet taken in your last change", past);
      if (now.image === f.undoneImage) return fail("still-there", present);
      if (now.image !== f.keptImage) return fail("too-far", present);
      if (now.former.length === 0 && now.number < shipped.number)
        return waiting("the rollback is about to begin", present);
      const why = unsettled(deployment);
      return why ? waiting(why, present) : pass([present, past]);
    },
  });
