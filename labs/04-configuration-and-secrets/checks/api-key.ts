import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { environmentOf, fleet, nameOf, notFound, originOf, secretOf } from "./reading.ts";

/** What a value looks like without giving it away: evidence is kept, and sent in. */
export function disguised(value: string | undefined): string {
  if (value === undefined) return "not set";
  const end = value.endsWith("\n") ? ", the last one a line break" : "";
  return `${value.length} characters${end}`;
}

const isBase64Of = (value: string, plain: string): boolean =>
  Buffer.from(value, "base64").toString("utf8").trim() === plain;

/**
 * Compares the Secret's decoded value with the task's, and the process's with the Secret's.
 * Right: secretKeyRef; envFrom with secretRef; created by command, by stringData or by data.
 * Wrong: `echo` with its line break encoded; encoded twice; the value typed into the Deployment; the Secret changed and no restart.
 */
export const apiKey = (lab: Facts): Check =>
  check({
    title: `The gateway's process has ${lab.apiKeyName} from the Secret ${lab.apiSecret}`,
    points: 3,
    mode: "sample",
    within: "90s",
    alone: false,
    evidence: "state",
    why: "The Deployment names the Secret and the key, never the value, so it can lie in Git. The kubelet, which may read just the Secrets of the pods on its node, fetches the value when it starts the container. Whoever may read Deployments still doesn't know the key.",
    failures: {
      "no-secret": {
        untouched: true,
        says: `There is no Secret ${lab.apiSecret} yet.`,
        hints: [
          "kubectl create secret has three kinds. For key-value pairs of your own it is generic.",
          `kubectl create secret generic ${lab.apiSecret} --from-literal=${lab.apiKeyName}=… --from-literal=${lab.jwtName}=…`,
        ],
      },
      "line-break": {
        says: "The value in the Secret ends with a line break: programs compare it letter by letter, and it will never be the right key.",
        hints: [
          "echo adds a line break, and base64 encodes it like any letter. Decode the value and pipe it through od -c.",
          "printf %s or echo -n add none; --from-literal needs no encoding at all. Delete the Secret and create it anew, then restart the gateway.",
        ],
      },
      "encoded-twice": {
        says: "What is in the Secret, decoded, is again base64: it was encoded by hand and then once more.",
        hints: [
          "--from-literal and stringData take the value as it is and encode it for you. Only under data: it has to be encoded already.",
          "Create it from the plain value.",
        ],
      },
      "value-differs": {
        says: "The Secret is there, but a key is missing or its value isn't the one of the task.",
        hints: [
          `kubectl describe secret ${lab.apiSecret} lists keys and lengths without the values; compare both with the task.`,
          `A value with $, ! or spaces is changed by the shell unless it stands in single quotes. Delete the Secret and create it anew.`,
        ],
      },
      "will-not-start": {
        says: "The gateway's pods don't get going.",
        hints: [
          "The evidence has the kubelet's words. “secret not found” and “couldn't find key” are what a misspelt secretKeyRef looks like.",
          `secretKeyRef wants name: ${lab.apiSecret} and key: ${lab.apiKeyName}.`,
        ],
      },
      "not-in-process": {
        says: "The Secret exists, and the gateway's process doesn't have the key: nobody asked for it in its pod template.",
        hints: [
          "kubectl explain deployment.spec.template.spec.containers.env.valueFrom: four sources; which is for Secrets?",
          `env: an entry with name: ${lab.apiKeyName} and valueFrom.secretKeyRef.`,
        ],
      },
      typed: {
        says: "The process has the key, but from the Deployment itself, where everyone who may read Deployments can read it too.",
        hints: [
          `kubectl get deployment ${lab.gateway} -o yaml shows it in plain text. Who may run that command?`,
          "Replace value: by valueFrom.secretKeyRef. And mind what the task on keeping it secret says of the history.",
        ],
      },
      stale: {
        says: "The Secret was changed after the gateway started; its process still has the former key.",
        hints: [
          "Secrets behave like ConfigMaps here: the environment is copied at the start.",
          `kubectl rollout restart deployment/${lab.gateway}`,
        ],
      },
    },
    async observe({ cluster, probes }) {
      const secret = await secretOf(cluster, lab.apiSecret);
      if (!secret) return fail("no-secret", notFound(`secret/${lab.apiSecret}`, "kubectl get secrets"));
      for (const [key, want] of [
        [lab.apiKeyName, lab.apiKey],
        [lab.jwtName, lab.jwt],
      ] as const) {
        const value = secret.get(key);
        if (value === want) continue;
        const seen: Evidence = {
          object: `secret/${lab.apiSecret}`,
          path: `data.${key}, decoded`,
          expected: disguised(want),
          actual: disguised(value),
          command: `kubectl get secret ${lab.apiSecret} -o jsonpath='{.data.${key}}' | base64 --decode | od -c`,
        };
        if (value?.trim() === want) return fail("line-break", seen);
        return fail(value !== undefined && isBase64Of(value, want) ? "encoded-twice" : "value-differs", seen);
      }
      const { ready, moving, trouble } = await fleet(cluster, lab.gateway);
      if (trouble) return fail("will-not-start", trouble);
      if (moving) return waiting(moving);
      if (ready.length === 0)
        return fail("will-not-start", notFound(`a ready pod of ${lab.gateway}`, "kubectl get pods"));
      const evidence: Evidence[] = [];
      for (const pod of ready.slice(0, 4)) {
        const name = nameOf(pod);
        const container = pod.spec?.containers[0];
        const value = (await environmentOf(probes, name, container?.name)).get(lab.apiKeyName);
        const seen: Evidence = {
          object: `pod/${name}`,
          path: `environment: ${lab.apiKeyName}`,
          expected: `the Secret's value (${disguised(lab.apiKey)})`,
          actual: value === lab.apiKey ? "the same" : disguised(value),
          command: `kubectl exec ${name} -- sh -c 'echo \${#${lab.apiKeyName}}'`,
        };
        if (value === undefined) return fail("not-in-process", seen);
        if (originOf(container, lab.apiKeyName) === "value") {
          return fail("typed", {
            ...seen,
            path: `spec.containers[0].env: ${lab.apiKeyName}`,
            expected: "valueFrom",
            actual: "value",
          });
        }
        if (value !== lab.apiKey) return fail("stale", seen);
        evidence.push(seen);
      }
      return pass(evidence);
    },
  });
