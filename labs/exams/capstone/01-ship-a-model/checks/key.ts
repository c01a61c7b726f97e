import { type Check, check } from "../../../../../checkers/core/check.ts";
import { kinds } from "../../../../../checkers/core/port.ts";
import { fail, pass, waiting } from "../../../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { environmentOf, missing, nameOf, stablePods } from "./reading.ts";

/** Right: secretKeyRef, or envFrom with the Secret. Wrong: the key typed into the pod; the key in a ConfigMap; a Secret nobody reads. */
export const key = (f: Facts): Check =>
  check({
    title: `${f.keyName} reaches the process out of a Secret, and stands nowhere else`,
    points: 6,
    mode: "sample",
    alone: false,
    within: "60s",
    evidence: "state",
    task: "configure",
    domain: "configure",
    why: "Who may read pods and ConfigMaps need not be allowed to read Secrets: a key that stands only in the Secret stays with those who may.",
    failures: {
      "no-secret": {
        untouched: true,
        says: `There is no Secret ${f.secret} with ${f.keyName}.`,
        hints: ["kubectl create secret generic NAME --from-literal=KEY=VALUE"],
      },
      "not-in-process": {
        says: "The Secret is there, but the process does not have the key.",
        hints: ["env: with valueFrom.secretKeyRef, then the pods start anew."],
      },
      "in-the-open": {
        says: "The key stands where people without access to Secrets can read it.",
        hints: [
          "The evidence names the object. Search for it yourself: kubectl get deployments,configmaps -o yaml | grep …",
        ],
      },
    },
    async observe({ cluster, probes }) {
      const secret = await cluster.get(kinds.Secret, f.secret);
      const value = secret?.data?.[f.keyName];
      if (value === undefined || Buffer.from(value, "base64").toString("utf8").trim() !== f.key) {
        const object = `secret/${f.secret}`;
        return fail(
          "no-secret",
          secret
            ? {
                object,
                path: `data.${f.keyName}`,
                expected: "the key of the task",
                actual: value === undefined ? "not there" : "another value",
              }
            : missing(object, "kubectl get secrets"),
        );
      }
      const [pods, deployments, maps] = await Promise.all([
        stablePods(cluster, f),
        cluster.list(kinds.Deployment),
        cluster.list(kinds.ConfigMap),
      ]);
      const open = [
        ...deployments.map((one) => ({ object: `deployment/${one.metadata?.name}`, text: JSON.stringify(one.spec) })),
        ...maps.map((one) => ({ object: `configmap/${one.metadata?.name}`, text: JSON.stringify(one.data ?? {}) })),
      ].find(({ text }) => text.includes(f.key));
      if (open)
        return fail("in-the-open", {
          object: open.object,
          expected: "no trace of the key",
          actual: "the key, in plain text",
        });
      if (pods.length === 0) return waiting(`no pod of deployment/${f.model} is ready`);
      for (const pod of pods.slice(0, 4)) {
        const one = {
          object: `pod/${nameOf(pod)}`,
          path: `environment of process 1: ${f.keyName}`,
          expected: "the Secret's value",
        };
        const seen = (await environmentOf(probes, pod, f))[f.keyName];
        if (seen !== f.key)
          return fail("not-in-process", { ...one, actual: seen === undefined ? "not set" : "another value" });
      }
      return pass({
        object: `secret/${f.secret}`,
        path: f.keyName,
        expected: "in the process and nowhere else",
        actual: "so it is",
      });
    },
  });
