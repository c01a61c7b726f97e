import { type Check, check } from "../../../../../checkers/core/check.ts";
import { kinds } from "../../../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { containerOf, environmentOf, missing, nameOf, stablePods } from "./reading.ts";

/** What the ConfigMap has to hold. */
const wanted = (f: Facts): Record<string, string> => ({
  LOG_LEVEL: f.settings.logLevel,
  BATCH_SIZE: String(f.settings.batch),
  LATENCY_MS: String(f.settings.latency),
  LATENCY_SIGMA: String(f.settings.sigma),
  STARTUP_SECONDS: String(f.settings.startup),
});

/**
 * Reads the environment of the process in every stable pod. Right: envFrom; a configMapKeyRef for each; more keys. Wrong: values typed into the
 * manifest; a ConfigMap that no pod asks for; another value.
 */
export const settings = (f: Facts): Check =>
  check({
    title: `The model's process has the settings of ${f.config}`,
    points: 9,
    mode: "sample",
    alone: false,
    within: "60s",
    evidence: "state",
    task: "configure",
    domain: "configure",
    why: "The image is the same everywhere; what differs per environment comes from outside, and the kubelet puts it into the process's environment when it starts.",
    failures: {
      "no-config-map": {
        untouched: true,
        says: `There is no ConfigMap ${f.config}.`,
        hints: ["kubectl create configmap NAME --from-literal=KEY=VALUE …"],
      },
      "values-differ": {
        says: "A setting is missing in the ConfigMap, or has another value than the task asks for.",
        hints: ["Expected and seen stand side by side. Values are text: numbers need quotes in a manifest."],
      },
      "not-in-process": {
        says: "The ConfigMap is there, but the process does not have its values: nothing brings them into the pods, or they started before it was changed.",
        hints: ["envFrom with a configMapRef takes all keys.", "kubectl rollout restart starts pods anew."],
      },
      hardcoded: {
        says: "A setting is typed into the Deployment: the ConfigMap could say anything.",
        hints: [
          "An entry under env: with value: wins over envFrom. Take it out, or point it to the ConfigMap with valueFrom.",
        ],
      },
    },
    async observe({ cluster, probes }) {
      const map = await cluster.get(kinds.ConfigMap, f.config);
      const command = `kubectl get configmap ${f.config} -o yaml`;
      if (!map) return fail("no-config-map", missing(`configmap/${f.config}`, "kubectl get configmaps"));
      for (const [key, expected] of Object.entries(wanted(f))) {
        const actual = map.data?.[key];
        if (actual?.trim() !== expected) {
          return fail("values-differ", {
            object: `configmap/${f.config}`,
            path: `data.${key}`,
            expected,
            actual: actual ?? "not there",
            command,
          });
        }
      }
      const pods = await stablePods(cluster, f);
      if (pods.length === 0) return waiting(`no pod of deployment/${f.model} is ready`);
      const evidence: Evidence[] = [];
      for (const pod of pods.slice(0, 4)) {
        const seen = await environmentOf(probes, pod, f);
        const typed = containerOf(pod, f)?.env ?? [];
        const object = `pod/${nameOf(pod)}`;
        for (const [key, expected] of Object.entries(wanted(f))) {
          const one = { object, path: `environment of process 1: ${key}`, expected, actual: seen[key] ?? "not set" };
          if (typed.some(({ name, value }) => name === key && value !== undefined))
            return fail("hardcoded", { ...one, actual: `${seen[key]}, as typed under env: in the pod` });
          if (seen[key]?.trim() !== expected) return fail("not-in-process", one);
        }
        const said = Object.keys(wanted(f)).map((key) => `${key}=${seen[key]}`);
        evidence.push({
          object,
          path: "environment of process 1",
          expected: `as in configmap/${f.config}`,
          actual: said.join(" "),
        });
      }
      return pass(evidence);
    },
  });
