import { busyPatience, quietFor, slicesOf, within } from "../../../checkers/core/behind.ts";
import { check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { brokenFailure, endpoints, fleet, named } from "../reading.ts";

/** Requests in one look. With 5 pods behind the Service and kube-proxy choosing at random, the chance that one of
 * them stays silent by luck is at most 5 x (4/5)^60 = 0.0008 %; with 2 pods it is 2 x (1/2)^60. */
const requests = 60;

/**
 * Right: any repair of the selector; a recreated Service; targetPort by number or by name.
 * Wrong: expose without --target-port (endpoints, but a port nobody listens on); the admin port; one labelled pod;
 * a stray pod that happens to fit the selector; another Service name.
 */
export const serviceAnswers = (f: Facts) =>
  check({
    title: `http://${f.service} answers, from every pod of ${f.deployment}`,
    points: 3,
    mode: "sample",
    within: "90s",
    alone: false,
    evidence: "state",
    why: `The name led to the Service's address, the address to one of the endpoints, and the endpoint to a process that listens on ${f.containerPort}. Each new connection was dealt at random, so the shares are near each other but not equal. Nothing but a request proves all rungs of the ladder at once; that is why this check sends ${requests} and reads who answered, and does not read your YAML.`,
    failures: {
      "no-service": {
        says: `There is no Service named ${f.service}, so the name cannot be resolved.`,
        hints: [
          "kubectl get services: the name the client calls must be in that list.",
          `Make it again: kubectl expose deployment ${f.deployment} with --name, --port and --target-port.`,
        ],
      },
      "no-endpoints": {
        says: "The Service exists but has no endpoints: connections are refused before they reach any pod.",
        hints: [
          "Climb the ladder: running? ready? selected? The first rung that does not hold is where to work.",
          `kubectl get endpointslices -l kubernetes.io/service-name=${f.service} shows whom the Service has found. If there is no one, it is about labels, not about the network.`,
          "Compare the Selector in kubectl describe service with kubectl get pods --show-labels, pair by pair.",
        ],
      },
      broken: brokenFailure(f.deployment),
      refused: {
        says: `The Service has endpoints, but a request to its port ${f.port} gets no answer: the last rung, routed, does not hold.`,
        hints: [
          "Two ports are involved: the one clients use (port) and the one the container listens on (targetPort). kubectl describe service shows both.",
          `kubectl logs deployment/${f.deployment} says which port the process listens on. The endpoints must have that one.`,
          `port ${f.port} and targetPort ${f.containerPort}: kubectl edit service, or delete the Service and expose the Deployment with both given.`,
        ],
      },
      "not-ok": {
        says: "Something answers, but not with 200: requests reach a port of the pod that serves something else.",
        hints: [
          `Run curl -i from the ${f.client} pod and read the status line and the body: who is speaking?`,
          "The containers listen on more than one port. Which one does targetPort lead to?",
        ],
      },
      stranger: {
        says: "A pod that does not belong to the Deployment answers too: it happens to carry the labels the Service asks for.",
        hints: [
          "A Service takes every pod whose labels fit, whoever made it. kubectl get pods --show-labels shows all of them.",
          "Delete the extra pod, or take the label off it (kubectl label pod NAME KEY-), or choose a selector that it does not fit.",
        ],
      },
      "not-all": {
        says: "Requests are answered, but at least one Ready pod of the Deployment never gets any.",
        hints: [
          "Which pods are in the EndpointSlice, and which are running? The difference is what to explain.",
          "Compare the labels of the pod that answers with those of the one that does not: kubectl get pods --show-labels",
        ],
      },
    },
    async observe({ cluster, probes }) {
      const [service, seen] = await Promise.all([cluster.get(kinds.Service, f.service), fleet(cluster, f.deployment)]);
      const listed = await endpoints(cluster, f.service, seen?.pods);
      const object = `service/${f.service}`;
      const command = `kubectl exec ${f.client} -- curl -si --max-time 3 http://${f.service}/predict`;
      if (!service) {
        return fail("no-service", {
          object,
          expected: "present",
          actual: "not found",
          command: "kubectl get services",
        });
      }
      if (seen?.unsettled && seen.trouble) return fail("broken", seen.trouble);
      if (seen?.unsettled) return waiting(`${seen.unsettled}; requests are counted when that is over`);
      if (listed.length === 0) {
        return fail("no-endpoints", {
          object,
          path: "endpoints",
          expected: `${f.replicas}`,
          actual: "0",
          command: `kubectl get endpointslices -l kubernetes.io/service-name=${f.service}`,
        });
      }
      const slices = await slicesOf(cluster, f.service);
      const quiet = quietFor(Date.now(), seen?.ready ?? [], [service, ...slices]);
      const sample = await probes.traffic({ service: f.service, port: f.port, path: "/predict", n: requests });
      const silent = sample.statuses["0"] ?? 0;
      const fine = sample.statuses["200"] ?? 0;
      const mine = named(seen?.ready ?? []).sort();
      const by = Object.entries(sample.pods)
        .map(([pod, answered]) => `${pod}: ${answered}`)
        .sort()
        .join(", ");
      const evidence = {
        object,
        path: `${sample.sent} requests to http://${f.service}:${f.port}/predict, answered by`,
        expected: mine.join(", ") || `pods of deployment/${f.deployment}`,
        actual: by || `nobody (${sample.firstError ?? "no answer"})`,
        command,
      };
      const strangers = [...Object.keys(sample.pods), ...listed].filter(
        (pod) => pod !== "unknown" && !mine.includes(pod),
      );
      const unheard = fine === sample.sent && (seen?.ready ?? []).some((pod) => !sample.pods[named([pod])[0] ?? ""]);
      if ((silent > 0 || unheard) && strangers.length === 0 && within(busyPatience, quiet))
        return waiting("not every node may know of the last change yet: measuring again", evidence);
      if (silent === sample.sent) return fail("refused", evidence);
      if (strangers.length > 0) {
        return fail("stranger", { ...evidence, actual: `${evidence.actual} (endpoints: ${listed.join(", ")})` });
      }
      if (silent > 0) return waiting(`${silent} of ${sample.sent} requests got no answer: measuring again`, evidence);
      if (fine < sample.sent) {
        const statuses = Object.entries(sample.statuses).map(([status, times]) => `${status}: ${times}`);
        return fail("not-ok", {
          ...evidence,
          path: "HTTP statuses",
          expected: `200: ${sample.sent}`,
          actual: statuses.join(", "),
        });
      }
      if (unheard) return fail("not-all", evidence);
      return pass(evidence);
    },
  });
