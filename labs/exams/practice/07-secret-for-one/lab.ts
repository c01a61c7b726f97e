import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { kinds } from "../../../../checkers/core/port.ts";
import { standing } from "../../../../checkers/core/standing.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { type Facts, facts } from "./facts.ts";

const secretCheck = ({ name, secret, key, value }: Facts) =>
  check({
    title: `The process of server has API_KEY from Secret ${secret}, and the sidecar has not`,
    points: 4,
    mode: "sample",
    within: "60s",
    evidence: "state",
    alone: false,
    why: "An environment belongs to one container. secretKeyRef names the Secret in the template instead of repeating what is in it, so whoever may read Deployments still does not know the key.",
    failures: {
      "not-set": {
        says: "The process of server does not have the right API_KEY in its environment.",
        hints: [
          "kubectl describe pod: does server refer to the Secret, and to the key that it has? A changed Secret reaches an environment with a new pod only.",
          "env: with valueFrom.secretKeyRef in the container server names Secret and key.",
        ],
      },
      leaked: {
        says: "The sidecar's process has the key as well: it got more than it needs.",
        hints: [
          "kubectl set env without -c changes every container. kubectl exec POD -c sidecar -- env shows what it has.",
        ],
      },
      "in-plain": {
        says: `The key stands in plain text, or there is no Secret ${secret} that holds it.`,
        hints: [
          "kubectl get deployment,configmap -o yaml | grep for it: anyone who may read these objects has it.",
          `kubectl create secret generic ${secret} --from-literal=KEY=…, and refer to it.`,
        ],
      },
    },
    async observe({ cluster, probes }) {
      const found = await standing(cluster, name);
      const object = `deployment/${name}`;
      const command = `kubectl exec deployment/${name} -c server -- env`;
      if ("waiting" in found) return waiting(found.waiting);
      if ("stuck" in found) return fail("not-set", found.stuck);
      const [kept, maps] = await Promise.all([cluster.get(kinds.Secret, secret), cluster.list(kinds.ConfigMap)]);
      for (const pod of found.work.newest) {
        const own = pod.metadata?.name ?? "";
        const { environment } = await probes.process(own, { container: "server" });
        const set: Evidence = {
          object: `pod/${own}`,
          path: "API_KEY in the environment of server",
          expected: "the key of the task",
          actual:
            environment.API_KEY === undefined ? "not set" : environment.API_KEY === value ? "it" : "something else",
          command,
        };
        if (environment.API_KEY !== value) return fail("not-set", set);
        const others = (pod.spec?.containers ?? []).map((one) => one.name).filter((one) => one !== "server");
        for (const container of others) {
          const process = await probes.process(own, { container });
          if (Object.values(process.environment).some((one) => one.includes(value))) {
            return fail("leaked", {
              ...set,
              path: `environment of ${container}`,
              expected: "without the key",
              actual: "has it",
              command: `kubectl exec ${own} -c ${container} -- env`,
            });
          }
        }
      }
      const plain = JSON.stringify(found.work.deployment.spec).includes(value)
        ? object
        : maps.find((map) => JSON.stringify(map.data ?? {}).includes(value))?.metadata?.name;
      const held = Buffer.from(kept?.data?.[key] ?? "", "base64").toString("utf8") === value;
      const where: Evidence = {
        object: `secret/${secret}`,
        path: `data.${key}`,
        expected: "the key, and nowhere else",
        actual: plain ? `in plain text in ${plain}` : held ? "the key, and nowhere else" : "not there",
        command: `kubectl get secret ${secret} -o yaml`,
      };
      return plain || !held
        ? fail("in-plain", where)
        : pass([where, { object, path: "API_KEY", expected: "in server alone", actual: "in server alone", command }]);
    },
  });

export default defineLab({
  title: "A Secret for one container",
  summary: "A Secret in the environment of one container, and nowhere else.",
  week: 1,
  minutes: 6,
  domain: "configure",
  study: ["04"],
  facts,
  checks: (f) => ({ secret: secretCheck(f) }),
});
