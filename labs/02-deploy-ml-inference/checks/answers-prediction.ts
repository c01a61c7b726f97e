import type { V1Pod } from "@kubernetes/client-node";
import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { probeFailure, refusal, troubleOf, unsettled, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { nameOf } from "./objects.ts";

interface Answer {
  predictions?: unknown;
  model?: unknown;
  version?: unknown;
}
const parsed = (body: string): Answer | undefined => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
};

/** Asks each pod directly, without the Service: half a solution earns its half. */
export const answersPrediction = (lab: Facts): Check => {
  const { deployment, port, replicas, body } = lab;
  return check({
    title: `Each pod answers on port ${port} with the prediction of ${lab.model} ${lab.version}`,
    points: 3,
    mode: "sample",
    within: "60s",
    alone: false,
    evidence: "state",
    why: "The arguments in the pod template became the program's command line in every pod made from it. Whatever differs from pod to pod can't be in the template: that is why replicas are interchangeable.",
    failures: {
      "no-deployment": {
        untouched: true,
        says: `There is no Deployment ${deployment} yet, so there are no pods to ask.`,
        hints: [`Finish the manifest and apply it: kubectl apply -f ${deployment}.yaml`],
      },
      "none-running": {
        says: "No pod made from the present template runs, so there is nobody to ask.",
        hints: [
          "kubectl get pods says what became of them, under STATUS; the task on replicas explains it.",
          `kubectl describe deployment ${deployment} and kubectl describe pod tell why, under Events at the end.`,
        ],
      },
      "no-answer": {
        says: `A pod runs, but asked directly on port ${port} for / it doesn't answer with 200.`,
        hints: [
          "containerPort in the manifest opens nothing: it is a note. What decides which port the program listens on?",
          `kubectl logs deployment/${deployment} shows the address it listens on.`,
          `The program takes its address from the argument -listen: it must be -listen=:${port}, with the colon.`,
        ],
      },
      "not-json": {
        says: "A pod answers, but not with a JSON object.",
        hints: [
          "Ask it yourself and look at the very first and last characters of the answer.",
          "Quotes are eaten twice if you let them: once by YAML, and once by a shell if there is one. See what arrived: kubectl get deployment " +
            deployment +
            " -o jsonpath='{.spec.template.spec.containers[0].args}'",
          `In YAML put the whole argument between single quotes, and leave JSON its double ones: '-text=${body}'`,
        ],
      },
      differs: {
        says: "A pod answers with JSON, but it isn't the prediction that was asked for.",
        hints: [
          'Expected and seen stand side by side in the evidence: compare them field by field, types too ( "1.0" is text, 1.0 is a number).',
          `The answer is the argument -text. It should read: ${body}`,
        ],
      },
    },
    async observe({ cluster, probes }) {
      const work = await workload(cluster, deployment);
      const why = work && !refusal(work.deployment) ? unsettled(work.deployment) : undefined;
      const running = (work?.newest ?? []).filter((pod) =>
        pod.status?.containerStatuses?.some((one) => one.state?.running),
      );
      const stuck = work?.newest.some(troubleOf) ?? false;
      if (!work || (running.length === 0 && (stuck || !why))) {
        return fail(work ? "none-running" : "no-deployment", {
          object: `deployment/${deployment}`,
          path: "running pods",
          expected: String(replicas),
          actual: "0",
          command: "kubectl get pods",
        });
      }
      const events = await cluster.list(kinds.Event);
      const failing = (pod: V1Pod) => probeFailure(pod, events, Date.now()) !== undefined;
      if (why && !stuck && !running.some(failing)) return waiting(why);

      const expected = JSON.parse(body) as Required<Answer>;
      const evidence: Evidence[] = [];
      for (const pod of running.slice(0, 10)) {
        const name = nameOf(pod);
        const command = `kubectl exec ${lab.client} -- curl -s --max-time 3 http://${pod.status?.podIP}:${port}/`;
        const answer = await probes.podGet(name, port, "/");
        const seen = (path: string, want: string, actual: string): Evidence => ({
          object: `pod/${name}`,
          path,
          expected: want,
          actual,
          command,
        });
        if (answer.status !== 200) {
          return fail(
            "no-answer",
            seen(`GET :${port}/`, "200", answer.status === 0 ? "no answer on this port" : String(answer.status)),
          );
        }
        const json = parsed(answer.body);
        if (!json) return fail("not-json", seen("body", body, answer.body.slice(0, 200)));
        const wrong = (["predictions", "model", "version"] as const).filter(
          (key) => JSON.stringify(json[key]) !== JSON.stringify(expected[key]),
        );
        if (wrong.length > 0) {
          return fail(
            "differs",
            wrong.map((key) =>
              seen(`body.${key}`, JSON.stringify(expected[key]), JSON.stringify(json[key]) ?? "absent"),
            ),
          );
        }
        evidence.push(seen("body", body, answer.body.slice(0, 200)));
      }
      return pass(evidence);
    },
  });
};
