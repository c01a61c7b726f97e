import { check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { brokenFailure, endpoints, fleet, named, selects, shown } from "../reading.ts";

/**
 * Right: change or drop the pair in the selector (patch, set selector, edit, apply); recreate the Service (expose);
 * give the pod template the label the selector asks for.
 * Wrong: label the running pods by hand (lost with the next replacement); write the endpoints by hand; a second Service
 * under another name; no pods left to select.
 */
export const serviceSelects = (f: Facts) =>
  check({
    title: `Service ${f.service} selects the pods of ${f.deployment}, now and after each replacement`,
    points: 2,
    mode: "observe",
    within: "60s",
    evidence: "state",
    why: "A Service knows no Deployment and no pod names, only labels. The EndpointSlice controller keeps asking which pods carry every pair of the selector, and writes their addresses into EndpointSlices, each marked ready or not. Because your fix holds for the template, every future pod is found as well, without anyone touching the Service again.",
    failures: {
      misses: {
        says: "The Service's selector finds none of the Deployment's pods, so there is no one to send requests to.",
        hints: [
          "Put the two lists next to each other: kubectl describe service for the Selector, kubectl get pods --show-labels for the labels.",
          "A pod is selected only when it carries every pair of the selector. Which pair does no pod carry?",
          "Either side may give way: the selector (kubectl set selector, kubectl edit service) or the labels in the Deployment's pod template. Labels put on the pods themselves are gone with the next replacement.",
        ],
      },
      "pods-only": {
        says: "The pods running now carry the label, but the Deployment's pod template does not: the next replacement will not be found.",
        hints: [
          "Delete one pod and look at kubectl get pods --show-labels: what does the new one carry?",
          "Pods are stamped from spec.template of the Deployment. Labels that should last belong there, or the selector asks for too much.",
        ],
      },
      "no-selector": {
        says: "The Service has no selector. Endpoints written by hand hold addresses, and addresses end with their pods.",
        hints: [
          "Without a selector Kubernetes leaves the EndpointSlices alone. That is meant for things outside the cluster, such as a database elsewhere.",
          "Give the Service a selector again: kubectl set selector service NAME KEY=VALUE, with a pair that the pod template carries.",
        ],
      },
      "no-service": {
        says: `There is no Service named ${f.service} any more, so the name that clients call leads nowhere.`,
        hints: [
          "kubectl get services lists what there is. Clients know one name; a Service under another name does not help them.",
          `kubectl expose deployment can make a Service for a Deployment; it takes --name, --port and --target-port. The name must be ${f.service}.`,
        ],
      },
      broken: brokenFailure(f.deployment),
      "no-pods": {
        says: "The Deployment is not there or wants no pods: even the right selector finds nothing.",
        hints: [
          "The ladder's first rung: is anything running? kubectl get deployments",
          `kubectl scale deployment ${f.deployment} --replicas=${f.replicas}; if the Deployment itself is gone, reset the lab.`,
        ],
      },
    },
    async observe({ cluster }) {
      const [service, seen] = await Promise.all([cluster.get(kinds.Service, f.service), fleet(cluster, f.deployment)]);
      const listed = await endpoints(cluster, f.service, seen?.pods);
      const object = `service/${f.service}`;
      if (!service) {
        return fail("no-service", {
          object,
          expected: "present",
          actual: "not found",
          command: "kubectl get services",
        });
      }
      if (!seen || seen.wanted === 0) {
        return fail("no-pods", {
          object: `deployment/${f.deployment}`,
          path: "spec.replicas",
          expected: `${f.replicas}`,
          actual: seen ? "0" : "no such Deployment",
          command: "kubectl get deployments",
        });
      }
      const selector = service.spec?.selector ?? {};
      const command = `kubectl describe service ${f.service}`;
      if (Object.keys(selector).length === 0) {
        return fail("no-selector", {
          object,
          path: "spec.selector",
          expected: "pairs that the pod template carries",
          actual: "(none)",
          command,
        });
      }
      const found = seen.pods.filter((pod) => selects(selector, pod.metadata?.labels));
      const stamped = seen.deployment.spec?.template.metadata?.labels ?? {};
      if (!selects(selector, stamped)) {
        return found.length > 0
          ? fail("pods-only", {
              object: `deployment/${f.deployment}`,
              path: "spec.template.metadata.labels",
              expected: `every pair of the selector ${shown(selector)}`,
              actual: shown(stamped),
              command: `kubectl get deployment ${f.deployment} -o jsonpath={.spec.template.metadata.labels}`,
            })
          : fail("misses", {
              object,
              path: "spec.selector",
              expected: "only pairs that the pods carry",
              actual: `${shown(selector)} (carried by 0 of ${seen.pods.length} pods)`,
              command: "kubectl get pods --show-labels",
            });
      }
      const missing = named(seen.ready).filter((name) => !listed.includes(name));
      const evidence = {
        object: `endpointslices of ${object}`,
        path: "endpoints[].targetRef.name",
        expected: named(seen.ready).sort().join(", "),
        actual: listed.join(", ") || "(none)",
        command: `kubectl get endpointslices -l kubernetes.io/service-name=${f.service}`,
      };
      if (seen.unsettled && seen.trouble) return fail("broken", [seen.trouble, evidence]);
      if (seen.unsettled) return waiting(seen.unsettled, evidence);
      return missing.length > 0 ? waiting("the EndpointSlice is about to be written", evidence) : pass(evidence);
    },
  });
