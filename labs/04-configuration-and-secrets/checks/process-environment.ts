import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { environmentOf, fleet, listed, mainContainer, nameOf, notFound, originOf } from "./reading.ts";

/** What each ConfigMap has to hold; undefined: any whole number, since the text has it changed. */
export const wanted = (lab: Facts): Record<string, Record<string, string | undefined>> => ({
  [lab.sharedConfig]: {
    ENVIRONMENT: lab.environment,
    LOG_LEVEL: lab.logLevel,
    MODEL_NAME: lab.model,
    REQUEST_TIMEOUT: lab.requestTimeout,
  },
  [lab.mlConfig]: {
    [lab.intraKey]: lab.parallelism,
    [lab.interKey]: lab.parallelism,
    [lab.batchKey]: undefined,
  },
});

/**
 * Reads the environment of the process in every pod.
 * Right: envFrom with both ConfigMaps; env with configMapKeyRef for each key; more keys; ConfigMaps by command, file or kustomize.
 * Wrong: values typed into the manifest; one ConfigMap forgotten; a misspelt name; a ConfigMap changed and no rollout.
 */
export const processEnvironment = (lab: Facts): Check =>
  check({
    title: `The model's process sees the settings of ${lab.sharedConfig} and ${lab.mlConfig}`,
    points: 4,
    mode: "sample",
    within: "90s",
    alone: false,
    evidence: "state",
    why: "The image says what the program can do, the environment what it shall do here (factor III). The kubelet copied the ConfigMaps' keys into the process's environment when it started the container; from then on it is the process's own, and nothing outside can change it.",
    failures: {
      "no-config-map": {
        untouched: true,
        says: "One of the two ConfigMaps does not exist yet.",
        hints: [
          "kubectl create configmap takes --from-literal=KEY=VALUE, as often as you like; a manifest has the pairs under data:.",
          `In a manifest every value is text, so a number needs quotes: BATCH_SIZE: "32". The names are ${lab.sharedConfig} and ${lab.mlConfig}.`,
        ],
      },
      "values-differ": {
        says: "A ConfigMap is there, but a key is missing or has another value than the task asks for.",
        hints: [
          "Expected and seen stand side by side in the evidence. Keys are compared letter by letter, capitals too.",
          `kubectl edit configmap ${lab.sharedConfig} (or ${lab.mlConfig}), or correct the file and apply it. Then the pods have to be started anew.`,
        ],
      },
      "will-not-start": {
        says: "The pods of the present template don't get going, so nobody sees the settings.",
        hints: [
          "The evidence has the kubelet's words. CreateContainerConfigError means that a ConfigMap, a Secret or a key that the pod names does not exist.",
          "kubectl describe pod ends with the events; they spell the name that was looked for. Compare it with kubectl get configmaps.",
          "If the container starts and ends: kubectl logs --previous, with the name of the pod in the evidence. The program says which value it can't use.",
        ],
      },
      "not-in-process": {
        says: "The ConfigMaps are there, and the process doesn't see them: a ConfigMap reaches only pods that ask for it.",
        hints: [
          "Where in a container's spec can one say: all keys of that ConfigMap, as variables? kubectl explain deployment.spec.template.spec.containers.envFrom",
          `Under the container: envFrom: with two entries, each configMapRef: {name: …}. Both, ${lab.sharedConfig} and ${lab.mlConfig}.`,
        ],
      },
      stale: {
        says: "The ConfigMap was changed after the process started; it still has the values of then.",
        hints: [
          "An environment is copied at the start of a process. What starts processes anew, one after the other?",
          `kubectl rollout restart deployment/${lab.backend}`,
        ],
      },
      hardcoded: {
        says: "The process sees the right value, but it is typed into the Deployment: the ConfigMap could say anything.",
        hints: [
          "Change the ConfigMap in your mind: would this pod, started anew, notice?",
          "env: entries win over envFrom:. Take the entry with value: out, or let it point to the ConfigMap with valueFrom.configMapKeyRef.",
        ],
      },
    },
    async observe({ cluster, probes }) {
      const plan = wanted(lab);
      const evidence: Evidence[] = [];
      const present = new Map<string, string>();
      for (const [name, pairs] of Object.entries(plan)) {
        const map = await cluster.get(kinds.ConfigMap, name);
        if (!map) return fail("no-config-map", notFound(`configmap/${name}`, "kubectl get configmaps"));
        for (const [key, value] of Object.entries(pairs)) {
          const actual = map.data?.[key];
          const fits = value === undefined ? /^\d+$/.test(actual ?? "") : actual === value;
          if (!fits) {
            return fail("values-differ", {
              object: `configmap/${name}`,
              path: `data.${key}`,
              expected: value ?? `a whole number such as ${lab.batchSize}`,
              actual: actual ?? `not among ${listed(Object.keys(map.data ?? {}))}`,
              command: `kubectl get configmap ${name} -o yaml`,
            });
          }
          present.set(key, actual ?? "");
        }
      }
      const { ready, moving, trouble } = await fleet(cluster, lab.backend);
      if (trouble) return fail("will-not-start", trouble);
      if (moving) return waiting(moving);
      if (ready.length === 0) {
        return fail("will-not-start", notFound(`deployment/${lab.backend} with a ready pod`, "kubectl get pods"));
      }
      for (const pod of ready.slice(0, 4)) {
        const name = nameOf(pod);
        const container = mainContainer(pod, lab.backendImage);
        const seen = await environmentOf(probes, name, container?.name);
        const command = `kubectl exec ${name} -- cat /proc/1/environ | tr '\\0' '\\n'`;
        for (const [key, value] of present) {
          const actual = seen.get(key);
          const one = { object: `pod/${name}`, path: `environment of process 1: ${key}`, expected: value, command };
          const origin = originOf(container, key);
          if (actual === undefined) return fail("not-in-process", { ...one, actual: "not set" });
          if (origin === "value")
            return fail("hardcoded", { ...one, actual: `${actual}, as typed under env: in the pod` });
          if (actual !== value) return fail("stale", { ...one, actual });
        }
        evidence.push({
          object: `pod/${name}`,
          path: "environment of process 1",
          expected: [...present].map(([key, value]) => `${key}=${value}`).join(" "),
          actual: [...present.keys()].map((key) => `${key}=${seen.get(key)}`).join(" "),
          command,
        });
      }
      return pass(evidence);
    },
  });
