import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { sameAmount } from "../../../../checkers/core/quantity.ts";
import { notRunning, standing } from "../../../../checkers/core/standing.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { type Facts, facts } from "./facts.ts";

const guaranteed = ({ name, cpu, memory }: Facts) =>
  check({
    title: `The pods of ${name} are Guaranteed, with ${cpu} CPU and ${memory} memory`,
    points: 4,
    mode: "observe",
    within: "60s",
    evidence: "state",
    why: "Guaranteed means that every container's limits equal its requests, for CPU and memory. Where only limits are written the requests take their value; where only requests are, a LimitRange may put in limits of its own.",
    failures: {
      "not-guaranteed": {
        says: "The pods have another class than Guaranteed: short of memory, the node takes it from them first.",
        hints: [
          "kubectl get pod NAME -o yaml shows what the LimitRange put in where you wrote nothing.",
          "Write limits and requests for CPU and memory, the same amounts.",
        ],
      },
      "other-amount": {
        says: "The pods are Guaranteed, but with other amounts than asked for.",
        hints: ["kubectl describe pod: compare Limits and Requests with the task."],
      },
      "not-running": notRunning(name),
    },
    async observe({ cluster }) {
      const found = await standing(cluster, name);
      if ("stuck" in found) return fail("not-running", found.stuck);
      if ("waiting" in found) return waiting(found.waiting);
      const { newest } = found.work;
      const classes = newest.map((pod) => pod.status?.qosClass ?? "none");
      const object = `deployment/${name}`;
      const quality: Evidence = {
        object,
        path: "status.qosClass of its pods",
        expected: "Guaranteed",
        actual: [...new Set(classes)].join(", "),
        command: `kubectl get pods -l app=${name} -o custom-columns=NAME:.metadata.name,CLASS:.status.qosClass`,
      };
      if (classes.length === 0 || classes.some((one) => one !== "Guaranteed")) return fail("not-guaranteed", quality);
      const limits = newest.map((pod) => pod.spec?.containers[0]?.resources?.limits ?? {});
      const amounts: Evidence = {
        object,
        path: "limits of its pods' container",
        expected: `${cpu}, ${memory}`,
        actual: [...new Set(limits.map((one) => `${one.cpu}, ${one.memory}`))].join("; "),
        command: `kubectl describe pods -l app=${name}`,
      };
      const right = limits.every((one) => sameAmount(one.cpu, cpu) && sameAmount(one.memory, memory));
      return right ? pass([quality, amounts]) : fail("other-amount", [amounts, quality]);
    },
  });

export default defineLab({
  title: "Guaranteed resources",
  summary: "Requests and limits that give a pod the class Guaranteed in a namespace with a LimitRange.",
  week: 2,
  minutes: 5,
  domain: "deploy",
  sandbox: { ownResources: true },
  study: ["07"],
  facts,
  checks: (f) => ({ guaranteed: guaranteed(f) }),
});
