import type { V1Deployment, V1Probe } from "@kubernetes/client-node";
import { type Check, check } from "../../../checkers/core/check.ts";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import {
  probeFailure,
  refusal,
  troubleOf,
  unsettled,
  type Workload,
  workload,
} from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import {
  type Ask,
  at,
  eventsOf,
  failedProbe,
  killing,
  nameOf,
  probesOf,
  restartsOf,
  shown,
  templateOf,
} from "./ground.ts";

const asks: readonly Ask[] = ["startup", "liveness", "readiness"];

/** A Deployment of this name in the default namespace, where applies go astray; undefined where that can't be seen. */
const astray = (cluster: Cluster, name: string): Promise<V1Deployment | undefined> =>
  cluster.get(kinds.Deployment, name, { namespace: "default" }).catch(() => undefined);

/** Seconds a liveness probe needs to kill a container for nothing, counted from the moment the container is ready. */
const toKill = (probe: V1Probe): number =>
  (probe.initialDelaySeconds ?? 0) +
  (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3) +
  (probe.timeoutSeconds ?? 1);

/**
 * Seconds until every ready pod has outlived what its liveness probe could do to it, at most a minute. One whose probe fails each time is ready in
 * between, so its rollout looks done: at first glance, and again after each restart.
 */
function untilJudged(found: Workload, now: number): number {
  const judged = Math.min(60, Math.max(0, ...probesOf(templateOf(found), "liveness").map(toKill)));
  const since = found.newest.map((pod) =>
    Math.max(
      ...(pod.status?.containerStatuses ?? []).map((one) => at(one.state?.running?.startedAt)),
      ...(pod.status?.conditions ?? []).filter((one) => one.type === "Ready").map((one) => at(one.lastTransitionTime)),
    ),
  );
  return judged === 0 ? 0 : Math.ceil(judged - (now - Math.max(...since)) / 1000);
}

/** The ground of all the others: pods made from a template with probes run and are ready. Which probes is for the others to find out. */
export const rollout = (f: Facts): Check => {
  const { deployment, port, replicas } = f;
  return check({
    title: `${deployment} has probes, and ${replicas} pods are ready under them`,
    points: 1,
    mode: "observe",
    within: "3m",
    evidence: "state",
    why: "Probes are part of the pod template, so adding one is a rollout: new pods are made, and the old ones stay until the new ones are ready. A probe that asks the wrong thing shows here already, before anything breaks: its pods never get ready, or are restarted while they are well.",
    failures: {
      "no-probes": {
        untouched: true,
        says: "No container has a probe: the kubelet asks nothing, so a process that exists counts as well and as ready.",
        hints: [
          `Your folder has ${deployment}.yaml with the places marked. Each probe is a field of the container, beside image and ports.`,
          "kubectl explain pod.spec.containers.livenessProbe lists what goes in. Apply the file when you are done: the cluster knows nothing of your editor.",
        ],
      },
      "no-deployment": {
        says: `There is no Deployment ${deployment} in this lab's namespace.`,
        hints: [
          "kubectl get deployments lists what is there. Is the name in the manifest right, and the kind?",
          `kubectl apply -f ${deployment}.yaml from your folder brings it back.`,
          `You applied it, and it isn't listed? kubectl get deployments -A | grep ${deployment} shows where it went. This lab's namespace is ${f.namespace}.`,
        ],
      },
      "wrong-namespace": {
        unreachable: "it takes a Deployment in the namespace default, which runs that share a cluster leave alone",
        says: `The Deployment ${deployment} is in the namespace default, not in this lab's.`,
        hints: [
          "metadata.namespace in the manifest comes first, -n on the command line next, the context last.",
          `Apply it again without a namespace in the manifest, and remove the stray one: kubectl delete deployment ${deployment} -n default`,
        ],
      },
      "wrong-count": {
        says: "The Deployment asks for another number of pods than the task does. With one pod there is nobody to take over.",
        hints: [
          "kubectl get deployment shows the number wanted.",
          `Set spec.replicas to ${replicas} in the manifest and apply it.`,
        ],
      },
      "image-pull": {
        says: "The node can't get the image, so the container never starts, and no probe is ever asked.",
        hints: [
          "Read the image's name in the evidence letter by letter, the part after the colon too.",
          `The image is ${f.image}. Correct it and apply: new pods replace the stuck ones.`,
        ],
      },
      "crash-loop": {
        says: "The process ends by itself, again and again. That is no probe's doing.",
        hints: [
          "Its last words are kept: kubectl logs POD --previous",
          "The program checks its arguments and environment when it starts, and names every mistake in one line.",
        ],
      },
      "probe-kills": {
        says: "A probe fails on a process that is well, so the kubelet restarts it again and again.",
        hints: [
          "The evidence has the kubelet's own words: what it asked, and what came back. 404 is a wrong path, connection refused a wrong port, a timeout too little patience.",
          `Which path answers? kubectl exec ${f.client} -- curl -si http://PODIP:${port}/health. The program's paths are in the lesson's table.`,
          "Statuses from 200 to 399 count as success. If it is killed while the model still loads, give it a startup probe that waits longer.",
        ],
      },
      unschedulable: {
        says: "No node can take the pod: it asks for more than any has left.",
        hints: [
          "The scheduler counts requests, not use. Mind the units: cpu: 50m is a twentieth of a core.",
          "The values in your folder's file fit: requests cpu: 50m, memory: 64Mi.",
        ],
      },
      refused: {
        says: "The API server accepted the Deployment but refuses to create its pods.",
        hints: [
          "A Deployment is checked when you apply it, its pods only when they are made. The refusal is in the evidence.",
          "Whatever the template names must exist in this namespace. This lab needs no serviceAccountName.",
        ],
      },
      "not-ready": {
        says: "The containers run, but the readiness probe keeps failing: nobody may be sent requests.",
        hints: [
          "The evidence has the kubelet's own words: which port and path did it ask, and what came back?",
          `The program listens on ${port}; the admin port ${f.adminPort} and gRPC on ${f.grpcPort} answer other questions.`,
          `Does /ready itself say no? kubectl exec ${f.client} -- curl -s http://PODIP:${port}/ready gives its reason.`,
        ],
      },
    },
    async observe({ cluster }) {
      const found = await workload(cluster, deployment);
      if (!found) {
        const stray = await astray(cluster, deployment);
        return fail(stray ? "wrong-namespace" : "no-deployment", {
          object: `deployment/${deployment}`,
          path: "metadata.namespace",
          expected: f.namespace,
          actual: stray ? "default" : "not found",
          command: stray ? `kubectl get deployment ${deployment} -n default` : "kubectl get deployments",
        });
      }
      const containers = templateOf(found);
      const wired = asks.flatMap((ask) => probesOf(containers, ask).map((one) => `${ask}: ${shown(one)}`));
      const probes: Evidence = {
        object: `deployment/${deployment}`,
        path: "probes in spec.template",
        expected: "at least one",
        actual: wired.join("; ") || "none",
        command: `kubectl describe deployment ${deployment}`,
      };
      if (wired.length === 0) return fail("no-probes", probes);
      const want = found.deployment.spec?.replicas ?? 1;
      if (want !== replicas) {
        return fail("wrong-count", {
          object: `deployment/${deployment}`,
          path: "spec.replicas",
          expected: String(replicas),
          actual: String(want),
          command: `kubectl get deployment ${deployment}`,
        });
      }
      const refused = refusal(found.deployment);
      if (refused) return fail("refused", refused);
      const troubles = found.newest.map(troubleOf).filter((one) => one !== undefined);
      const stuck = troubles.find((one) => one.kind !== "crash-loop");
      if (stuck) return fail(stuck.kind, stuck.evidence);
      const why = unsettled(found.deployment);
      if (!why) {
        // Ready is not yet well: a liveness probe that asks the wrong thing kills only at its last failure.
        const left = untilJudged(found, Date.now());
        return left <= 0
          ? pass(probes)
          : waiting(`the pods are ready; ${left} s until their liveness probe has had its say`, probes);
      }
      // Once a rollout is through, a pod that is unready or was restarted may be the learner's experiment: that is for the others to judge.
      const through = (found.deployment.status?.conditions ?? []).some(
        (one) => one.type === "Progressing" && one.reason === "NewReplicaSetAvailable",
      );
      const tolerated = through ? 1 : 0;
      for (const pod of found.newest) {
        const events = await eventsOf(cluster, pod);
        const words = failedProbe(events, "liveness", "startup") ?? killing(events);
        if (words && restartsOf(pod) > tolerated) {
          return fail("probe-kills", {
            object: `pod/${nameOf(pod)}`,
            path: "the kubelet on its probe",
            expected: "succeeds on a healthy process",
            actual: `${words} (${restartsOf(pod)} restart${restartsOf(pod) === 1 ? "" : "s"})`,
            command: `kubectl describe pod ${nameOf(pod)}`,
          });
        }
        if (through) continue;
        const unready = probeFailure(pod, events, Date.now(), 20_000);
        if (unready) return fail("not-ready", unready);
      }
      const crash = troubles[0];
      return crash && (!through || found.newest.some((pod) => restartsOf(pod) > tolerated))
        ? fail("crash-loop", crash.evidence)
        : waiting(why, probes);
    },
  });
};
