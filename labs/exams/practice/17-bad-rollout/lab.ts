import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { notRunning, standing } from "../../../../checkers/core/standing.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { type Facts, facts } from "./facts.ts";

/** The model that an answer names; what is no JSON names none. */
function modelOf(body: string): string {
  try {
    return String((JSON.parse(body) as { model?: unknown }).model ?? "no model");
  } catch {
    return "no JSON";
  }
}

const restored = ({ name, replicas, port, goodVersion, goodModel }: Facts) =>
  check({
    title: `All pods of ${name} serve what the revision before served`,
    points: 4,
    mode: "sample",
    within: "60s",
    evidence: "state",
    alone: false,
    why: "Each revision's whole template is kept in its ReplicaSet. Going back takes it as it was, with every setting; mending the image alone keeps the rest of the change.",
    failures: {
      "not-running": notRunning(name),
      "something-else": {
        says: `The pods run, but serve something else than the revision before, or there are not ${replicas}.`,
        hints: [
          `kubectl rollout history deployment/${name} --revision=1 shows the template that there was. What else did the update change?`,
          `kubectl rollout undo deployment/${name} goes back to all of it.`,
        ],
      },
    },
    async observe({ cluster, probes }) {
      const found = await standing(cluster, name);
      if ("stuck" in found) return fail("not-running", found.stuck);
      if ("waiting" in found) return waiting(found.waiting);
      const { pods } = found.work;
      const size: Evidence = {
        object: `deployment/${name}`,
        path: "ready pods",
        expected: String(replicas),
        actual: String(pods.length),
        command: `kubectl get deployment ${name}`,
      };
      if (pods.length !== replicas) return fail("something-else", size);
      const evidence = [size];
      for (const pod of pods) {
        const own = pod.metadata?.name ?? "";
        const { status, body, headers } = await probes.podGet(own, port, "/predict");
        const seen: Evidence = {
          object: `pod/${own}`,
          path: "version and model that answer /predict",
          expected: `${goodVersion}, ${goodModel}`,
          actual: status === 200 ? `${headers["x-version"]}, ${modelOf(body)}` : `status ${status}`,
          command: `kubectl rollout history deployment/${name}`,
        };
        if (seen.actual !== seen.expected) return fail("something-else", seen);
        evidence.push(seen);
      }
      return pass(evidence);
    },
  });

export default defineLab({
  title: "Give a bad update up",
  summary: "A stuck update taken back to what served before.",
  week: 2,
  minutes: 5,
  domain: "validate",
  study: ["09"],
  facts,
  checks: (f) => ({ restored: restored(f) }),
});
