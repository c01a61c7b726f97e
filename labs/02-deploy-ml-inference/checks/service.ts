import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import { workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { matches, names, shown } from "./objects.ts";

/** The Service as an object: type, port, and whom it selects. */
export const service = (lab: Facts): Check => {
  const { deployment, service, port, app } = lab;
  return check({
    title: `${service} is a ClusterIP Service on port ${port} that selects those pods`,
    points: 3,
    mode: "observe",
    within: "30s",
    evidence: "state",
    why: "A cluster IP exists nowhere but in the nodes' own forwarding rules: reachable from pods, not from outside. Because the Service selects by label, the list behind it is kept right by the cluster, not by you.",
    failures: {
      "no-service": {
        untouched: true,
        says: `There is no Service ${service} yet: the pods have addresses, but no name that stays.`,
        hints: [
          "A Deployment keeps pods alive; it gives them no name. Which object does?",
          `kubectl create service clusterip --help and kubectl expose --help both lead there; or write ten lines of YAML: kind: Service, selector, ports.`,
          `kubectl expose deployment ${deployment} --name=${service} --port=${port}`,
        ],
      },
      "no-pods": {
        says: `The Service is there, but no Deployment ${deployment} whose pods it could select.`,
        hints: [
          "A Service makes no pods; it finds them. Has the Deployment been applied, in this namespace?",
          `kubectl apply -f ${deployment}.yaml. The order of the two doesn't matter: the Service finds the pods when they come.`,
        ],
      },
      "wrong-type": {
        says: "The Service isn't of type ClusterIP: it reaches further than it has to.",
        hints: [
          "Who calls this service? The gateway, from inside the cluster; nobody from outside. Which type is for that?",
          "NodePort opens a port on every node, LoadBalancer asks for an address outside, ExternalName is only a DNS alias. Leave type: out, or set it to ClusterIP.",
        ],
      },
      headless: {
        says: "clusterIP: None makes the Service headless: its name leads straight to pod addresses, and no cluster IP stands in front.",
        hints: [
          `What does kubectl get service ${service} show under CLUSTER-IP?`,
          "Headless is for clients that choose a pod themselves (lab 16). A cluster IP can't be added to a Service that has none: delete it, take clusterIP: out, and create it again.",
        ],
      },
      "wrong-port": {
        says: `The Service has no port ${port}, so a request to ${service}:${port} goes nowhere.`,
        hints: [
          "A Service has two port numbers. port is where clients knock; targetPort is where the pods listen. They may differ.",
          `Set port: ${port} in the Service's ports (TCP, which is what it is unless you say otherwise).`,
        ],
      },
      "no-selector": {
        says: "The Service has no selector: nobody keeps the list of pods behind it, so the next pod that is replaced is lost to it.",
        hints: [
          "Endpoints written by hand are right only until a pod is replaced. Try it: delete a pod and look again.",
          `Give the Service a selector: app: ${app}. The cluster then keeps its EndpointSlice itself.`,
        ],
      },
      "selects-nothing": {
        says: `The Service's selector doesn't match the pods of ${deployment}.`,
        hints: [
          "Every pair in the selector must be on the pod, letter by letter. Put the two lists side by side.",
          `kubectl get pods -l with the selector's own pairs should list your replicas. See it: kubectl get service ${service} -o jsonpath='{.spec.selector}'`,
          `selector: app: ${app} is enough.`,
        ],
      },
    },
    async observe({ cluster }) {
      const found = await cluster.get(kinds.Service, service);
      const at = { object: `service/${service}`, command: `kubectl get service ${service} -o yaml` };
      if (!found)
        return fail("no-service", {
          ...at,
          expected: "exists",
          actual: "not found",
          command: "kubectl get services",
        });
      const { type, clusterIP, ports, selector = {} } = found.spec ?? {};
      const typed: Evidence = { ...at, path: "spec.type", expected: "ClusterIP", actual: type ?? "ClusterIP" };
      if (typed.actual !== "ClusterIP") return fail("wrong-type", typed);
      if (clusterIP === "None")
        return fail("headless", { ...at, path: "spec.clusterIP", expected: "an address", actual: "None" });
      const offered = (ports ?? []).map((one) => `${one.port}/${one.protocol ?? "TCP"}`);
      const ported: Evidence = {
        ...at,
        path: "spec.ports[*].port",
        expected: `${port}/TCP`,
        actual: names(offered),
      };
      if (!offered.includes(`${port}/TCP`)) return fail("wrong-port", ported);
      if (Object.keys(selector).length === 0)
        return fail("no-selector", { ...at, path: "spec.selector", expected: `app=${app}`, actual: "none" });
      const work = await workload(cluster, deployment);
      if (!work) {
        return fail("no-pods", {
          object: `deployment/${deployment}`,
          expected: "exists",
          actual: "not found",
          command: "kubectl get deployments",
        });
      }
      const template = work.deployment.spec?.template.metadata?.labels;
      const selected: Evidence = {
        ...at,
        path: "spec.selector",
        expected: `labels of the pods: ${shown(template)}`,
        actual: shown(selector),
      };
      const all = work.newest.length > 0 && work.newest.every((pod) => matches(selector, pod.metadata?.labels));
      if (!all && !(template && matches(selector, template))) return fail("selects-nothing", selected);
      return pass([typed, ported, selected]);
    },
  });
};
