import { type Check, check } from "../../../checkers/core/check.ts";
import { fail, pass } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { disabled, downWindow, nameOf, scalersOf } from "./objects.ts";

/** How long the autoscaler holds on to what it has. Policies beside it are the learner's own choice, as long as one of them lets it act. */
export const downWindow60 = (lab: Facts): Check => {
  const { deployment, window } = lab;
  return check({
    title: `It takes pods away once ${window} s have not needed them`,
    points: 2,
    mode: "observe",
    within: "30s",
    evidence: "state",
    why: "Of all the numbers it computed in the window, the autoscaler acts on the highest. A dip shorter than the window therefore costs nothing; a pod that would be wanted again in half a minute is not thrown away, with its loaded model and warm caches. Scaling up has no window: a pod too many is cheap, a pod too few is not.",
    failures: {
      "no-hpa": {
        untouched: true,
        says: `Nothing scales ${deployment} yet, so nothing waits either.`,
        hints: [`First the autoscaler itself: the task before this one.`],
      },
      window: {
        says: `Before it takes pods away, it waits for another time than ${window} s.`,
        hints: [
          "Which field holds back scaling down? kubectl explain hpa.spec.behavior.scaleDown",
          "Without behavior the window is 300 s: sensible in production, and five minutes of watching here. kubectl autoscale has no flag for it.",
          `spec.behavior.scaleDown.stabilizationWindowSeconds: ${window}, by kubectl edit hpa, kubectl patch or in the manifest.`,
        ],
      },
      "never-down": {
        says: "Scaling down is switched off: it would only ever grow.",
        hints: [
          "kubectl explain hpa.spec.behavior.scaleDown.selectPolicy",
          "selectPolicy: Disabled forbids a direction. Leave it out: the default is Max.",
        ],
      },
    },
    async observe({ cluster }) {
      const [hpa] = await scalersOf(cluster, deployment);
      if (!hpa) {
        return fail("no-hpa", {
          path: "autoscalers that point at the Deployment",
          expected: "one",
          actual: "none",
          command: "kubectl get hpa",
        });
      }
      const object = `hpa/${nameOf(hpa)}`;
      const command = `kubectl get ${object} -o yaml`;
      const rules = hpa.spec?.behavior?.scaleDown;
      if (disabled(rules)) {
        return fail("never-down", {
          object,
          path: "spec.behavior.scaleDown.selectPolicy",
          expected: "Max or Min",
          actual: "Disabled",
          command,
        });
      }
      const seconds = downWindow(hpa);
      const evidence = {
        object,
        path: "spec.behavior.scaleDown.stabilizationWindowSeconds",
        expected: String(window),
        actual: rules?.stabilizationWindowSeconds === undefined ? `${seconds} (the default)` : String(seconds),
        command,
      };
      return seconds === window ? pass(evidence) : fail("window", evidence);
    },
  });
};
