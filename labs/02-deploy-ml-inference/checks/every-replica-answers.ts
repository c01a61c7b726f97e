import { busyPatience, proxyPatience, quietFor, slicesOf, within } from "../../../checkers/core/behind.ts";
import { type Check, check, type TrafficSample } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { isReady, probeFailure, refusal, troubleOf, unsettled, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { counts, matches, nameOf, names, readyTargets } from "./objects.ts";
import { sampleSize, throughService } from "./traffic.ts";

const sampleEvidence = (
  { service, deployment }: Facts,
  sample: TrafficSample,
  ready: readonly string[],
): Evidence[] => [
  {
    object: `service/${service}`,
    path: `${sample.sent} requests, by HTTP status`,
    expected: `200: ${sample.sent}`,
    actual: counts(sample.statuses) + (sample.firstError ? ` (${sample.firstError})` : ""),
  },
  {
    object: `service/${service}`,
    path: `${sample.sent} requests, by pod that answered`,
    expected: ready.length > 0 ? `each of ${names(ready)}` : `the pods of ${deployment}, of which none is ready`,
    actual: counts(sample.pods),
    command: `kubectl get endpointslices -l kubernetes.io/service-name=${service}`,
  },
];

/** True when two reads saw the same pods ready: otherwise what was measured in between belongs to neither. */
const same = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && [...one].sort().join() === [...other].sort().join();

/** Sends requests through the Service and counts who answers. */
export const everyReplicaAnswers = (lab: Facts): Check => {
  const { deployment, service, port, replicas, app, requests } = lab;
  return check({
    title: `Requests to ${service}:${port} are answered by every replica, and by nothing else`,
    points: 5,
    mode: "sample",
    within: "90s",
    alone: false,
    evidence: "state",
    why: "The name led to one address, and kube-proxy on the client's node sent each new connection to a ready pod picked at random. Nobody had to know a pod's IP, so pods may come and go.",
    failures: {
      "no-service": {
        untouched: true,
        says: "There is no Service of that name yet, so the name leads nowhere.",
        hints: [
          "The pods need one address that stays. Which kind of object gives a set of pods a name?",
          `Write a manifest of kind Service named ${service}: a selector that your pods' labels match, and one port.`,
          `kubectl expose deployment ${deployment} --name=${service} --port=${port} makes one from the Deployment's own selector.`,
        ],
      },
      "no-answer": {
        says: "The Service is there, but not one request got an answer.",
        hints: [
          "Climb the ladder from the bottom: are pods running? ready? selected? on the port the Service sends to? Stop at the first no.",
          `kubectl get endpointslices -l kubernetes.io/service-name=${service} shows what stands behind it. No address: the selector matches nothing. Addresses: look at READY in kubectl get pods, and at the port.`,
          `The Service's targetPort must be the port the program listens on (-listen), which is ${port}; its selector must be a pair of labels the pods carry: kubectl get pods --show-labels`,
        ],
      },
      "some-fail": {
        says: "Some requests got no good answer: behind the Service there is something that doesn't serve them.",
        hints: [
          "Every pod that the selector matches gets a share of the requests, and a pod without a readiness probe counts as ready as soon as it runs.",
          `Compare the addresses in kubectl get endpointslices -l kubernetes.io/service-name=${service} with kubectl get pods -o wide. Is there a pod behind the Service that you didn't mean?`,
          `Delete what does not belong there or take its label ${app} away, and see that every pod listens on ${port}.`,
        ],
      },
      stranger: {
        says: `Requests to the Service were answered by a pod that the Deployment ${deployment} doesn't own.`,
        hints: [
          "A selector takes every pod whose labels match, whoever made it.",
          "kubectl get pods --show-labels: which pods carry the selector's labels besides your replicas? The evidence names them.",
          "Delete the other pod, or the Deployment that keeps making it, or give it labels of its own.",
        ],
      },
      "silent-replica": {
        says: "A replica is ready, yet it answered none of the requests.",
        hints: [
          "All requests of this sample came from one client. What could tie a client to one pod, or keep a pod out of the Service?",
          `kubectl get service ${service} -o yaml: look at selector, sessionAffinity and internalTrafficPolicy.`,
          "sessionAffinity: ClientIP sends a client to the same pod for three hours; internalTrafficPolicy: Local only to pods on its own node. Neither is wanted here: take it out. If both are absent, compare the selector with the labels of each pod.",
        ],
      },
      "one-replica": {
        says: "One pod answers everything: there is no second one, so its end is the service's end.",
        hints: [
          `How many ready pods does kubectl get deployment ${deployment} show?`,
          `Set replicas: ${replicas} in the manifest and apply it again.`,
        ],
      },
    },
    async observe({ cluster, probes }) {
      const found = await cluster.get(kinds.Service, service);
      if (!found) {
        return fail("no-service", {
          object: `service/${service}`,
          expected: "exists",
          actual: "not found",
          command: "kubectl get services",
        });
      }
      const work = await workload(cluster, deployment);
      // Pods that are on their way are waited for; pods that will not get there are not.
      if (work && !work.newest.some(troubleOf) && !refusal(work.deployment)) {
        const events = await cluster.list(kinds.Event);
        const why = unsettled(work.deployment);
        if (why && !work.newest.some((pod) => probeFailure(pod, events, Date.now()))) return waiting(why);
      }
      const ready = (work?.pods ?? []).filter(isReady);
      const slices = await slicesOf(cluster, service);
      const listed = readyTargets(slices);
      const selector = found.spec?.selector ?? {};
      const late =
        Object.keys(selector).length > 0 &&
        ready.some((pod) => matches(selector, pod.metadata?.labels) && !listed.includes(nameOf(pod)));
      if (late) return waiting("the Service's endpoints do not list every ready pod yet");
      const quiet = quietFor(Date.now(), ready, [found, ...slices]);
      if (within(proxyPatience, quiet)) return waiting("giving kube-proxy a moment to follow the last change");

      const own = ready.map(nameOf);
      const sample = await throughService(probes, lab, sampleSize(own.length, requests));
      const after = (await workload(cluster, deployment))?.pods.filter(isReady).map(nameOf) ?? [];
      if (!same(own, after)) return waiting("pods changed while requests were sent: measuring again");

      const evidence = sampleEvidence(lab, sample, own);
      const good = sample.statuses["200"] ?? 0;
      const answered = Object.keys(sample.pods);
      const strangers = answered.filter((pod) => !own.includes(pod));
      const unheard = own.some((pod) => !answered.includes(pod));
      const silence = unheard || sample.statuses["0"];
      if (silence && strangers.length === 0 && within(busyPatience, quiet))
        return waiting("not every node may know of the last change yet: measuring again", evidence);
      if (good === 0) return fail("no-answer", evidence);
      if (strangers.length > 0) {
        return fail("stranger", [
          {
            path: "answers from other pods",
            expected: "none",
            actual: names(strangers),
            command: "kubectl get pods --show-labels",
          },
          ...evidence,
        ]);
      }
      if (good < sample.sent) return fail("some-fail", evidence);
      if (unheard) return fail("silent-replica", evidence);
      if (own.length < 2) {
        return fail("one-replica", [
          {
            object: `deployment/${deployment}`,
            path: "ready pods",
            expected: "at least 2",
            actual: String(own.length),
            command: `kubectl get deployment ${deployment}`,
          },
          ...evidence,
        ]);
      }
      return pass(evidence);
    },
  });
};
