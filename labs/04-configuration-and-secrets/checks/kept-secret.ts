import type { V1Pod } from "@kubernetes/client-node";
import { type Check, check, type Probes } from "../../../checkers/core/check.ts";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { environmentOf, fleet, listed, mainContainer, nameOf, notFound, secretOf } from "./reading.ts";

/** A value and the ways it is written down without being hidden: plain, base64, and base64 of it with echo's line break. */
export function spellings(value: string): string[] {
  const encoded = [value, `${value}\n`].map((text) => Buffer.from(text).toString("base64"));
  // Inside a longer text that was encoded as a whole, base64 depends on the position; then the plain text is found after decoding, or not at all.
  return [value, ...encoded];
}

/** Which of the secrets, by name, a text contains. */
export const foundIn = (text: string, secrets: ReadonlyMap<string, string>): string[] =>
  [...secrets].filter(([, value]) => spellings(value).some((one) => text.includes(one))).map(([name]) => name);

interface Places {
  code: "in-the-pods" | "in-a-configmap" | "in-the-history";
  object: string;
  text: string;
  command: string;
}

/** Everything that people without access to Secrets may read. */
async function readable(cluster: Cluster): Promise<Places[]> {
  const [deployments, pods, maps, sets] = await Promise.all([
    cluster.list(kinds.Deployment),
    cluster.list(kinds.Pod),
    cluster.list(kinds.ConfigMap),
    cluster.list(kinds.ReplicaSet),
  ]);
  const place =
    (code: Places["code"], kind: string) =>
    (one: { metadata?: { name?: string } }): Places => ({
      code,
      object: `${kind}/${one.metadata?.name}`,
      text: JSON.stringify(one),
      command: `kubectl get ${kind} ${one.metadata?.name} -o yaml`,
    });
  const alive = pods.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  return [
    ...deployments.map(place("in-the-pods", "deployment")),
    ...alive.map(place("in-the-pods", "pod")),
    ...maps.map(place("in-a-configmap", "configmap")),
    ...sets.map(place("in-the-history", "replicaset")),
  ];
}

/** Log lines of the pod's containers that have a secret in them. */
async function inLogs({ logs }: Probes, pod: V1Pod, secrets: ReadonlyMap<string, string>): Promise<string[]> {
  const found: string[] = [];
  for (const { name } of pod.spec?.containers ?? []) {
    const lines = await logs(nameOf(pod), { container: name, lines: 500 });
    found.push(...foundIn(lines.map(({ text }) => text).join("\n"), secrets));
  }
  return [...new Set(found)];
}

/**
 * Looks for the secrets' values wherever somebody without access to Secrets may read: objects, history, logs, and the wrong process.
 * Right: references only. Wrong: typed into the template once (old ReplicaSets keep it); kept in a ConfigMap; printed at start; handed to every pod.
 */
export const keptSecret = (lab: Facts): Check =>
  check({
    title: "No secret is readable where it doesn't belong",
    points: 3,
    mode: "sample",
    within: "90s",
    alone: false,
    evidence: "state",
    why: "A Secret protects nothing by itself; it makes a line that permissions can follow. Everything on this side of it (templates, ConfigMaps, history, logs) is read by many people and programs, and copied. So a key that was there for a minute is changed, not just removed.",
    failures: {
      "no-secrets": {
        untouched: true,
        says: "The two Secrets of this lab aren't both there yet, so there is nothing to keep.",
        hints: [
          `Two are wanted: ${lab.apiSecret} for the gateway, ${lab.registrySecret} for pulling the model's image.`,
          "kubectl get secrets shows what there is; the two tasks before this one say what each has to hold.",
        ],
      },
      "in-the-pods": {
        says: "A secret stands in a Deployment or a pod, where everyone who may read those can read it.",
        hints: [
          "The evidence names the object. Under env:, in args, in an annotation: where does the value stand in its YAML?",
          "Leave the name there and take the value out: valueFrom.secretKeyRef. base64 of a value counts as the value; anyone can decode it.",
        ],
      },
      "in-a-configmap": {
        says: "A secret stands in a ConfigMap, which is for what everyone may read.",
        hints: [
          "Both kinds look alike and are mounted alike. What differs is who may read them: the usual role “view” covers ConfigMaps and leaves Secrets out.",
          "Move the key into a Secret, delete it from the ConfigMap, and let the pods refer to the Secret.",
        ],
      },
      "in-the-history": {
        says: "The present template is clean, but a former one had the value typed in, and the old ReplicaSet still shows it.",
        hints: [
          "kubectl rollout history keeps ten former templates, each as a ReplicaSet, for kubectl rollout undo. The evidence names the one with the secret.",
          "kubectl delete replicaset and its name removes it. In earnest you would also change the key: who has read it can't be undone.",
        ],
      },
      "in-the-logs": {
        says: "A pod has written a secret to its log; from there it goes to every log store and to everyone who searches it.",
        hints: [
          "kubectl logs of the pod in the evidence: at which moment was it printed, and by what? A line for testing is easily forgotten.",
          "Take the output out and let the pods be replaced. (The lines already collected elsewhere stay, so the key would have to be changed.)",
        ],
      },
      "in-the-model": {
        says: `The model's process has a secret it doesn't need: ${lab.apiKeyName} belongs to the gateway, the registry's login to the kubelet.`,
        hints: [
          "Whoever breaks into the model, by a manipulated model file perhaps, reads its environment first. What does it need to be there?",
          "Look for secretRef and secretKeyRef in the model's Deployment and take them out. A pull needs imagePullSecrets alone.",
        ],
      },
    },
    async observe({ cluster, probes }) {
      const [api, pull] = await Promise.all([secretOf(cluster, lab.apiSecret), secretOf(cluster, lab.registrySecret)]);
      if (!api || !pull) {
        return fail(
          "no-secrets",
          notFound(`secret/${api ? lab.registrySecret : lab.apiSecret}`, "kubectl get secrets"),
        );
      }
      const secrets = new Map<string, string>([
        [lab.apiKeyName, lab.apiKey],
        [lab.jwtName, lab.jwt],
        ["the registry's password", lab.registryPassword],
        // What is in the Secret now, should it be another value.
        ...[...api]
          .filter(([, value]) => value.trim().length >= 8)
          .map(([key, value]) => [`${key} of ${lab.apiSecret}`, value.trim()] as const),
      ]);
      for (const { code, object, text, command } of await readable(cluster)) {
        const found = foundIn(text, secrets);
        if (found.length > 0)
          return fail(code, { object, expected: "no secret in it", actual: listed(found), command });
      }
      const fleets = await Promise.all([lab.gateway, lab.backend, lab.production].map((name) => fleet(cluster, name)));
      const moving = fleets.map((one) => one.moving).find(Boolean);
      if (moving) return waiting(moving);
      const evidence: Evidence[] = [];
      for (const pod of fleets.flatMap(({ ready }) => ready)) {
        const found = await inLogs(probes, pod, secrets);
        const seen: Evidence = {
          object: `pod/${nameOf(pod)}`,
          path: "log",
          expected: "no secret in it",
          actual: listed(found),
          command: `kubectl logs ${nameOf(pod)} --all-containers`,
        };
        if (found.length > 0) return fail("in-the-logs", seen);
        evidence.push(seen);
      }
      for (const pod of fleets.slice(1).flatMap(({ ready }) => ready)) {
        const name = nameOf(pod);
        const seen = await environmentOf(probes, name, mainContainer(pod, lab.backendImage)?.name);
        const text = [...seen].map(([key, value]) => `${key}=${value}`).join("\n");
        const found = foundIn(text, secrets);
        const one: Evidence = {
          object: `pod/${name}`,
          path: "environment of process 1",
          expected: "no secret in it",
          actual: listed(found),
          command: `kubectl exec ${name} -- env`,
        };
        if (found.length > 0) return fail("in-the-model", one);
        evidence.push(one);
      }
      return pass(evidence);
    },
  });
