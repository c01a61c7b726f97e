import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { listed, notFound } from "./reading.ts";

/**
 * Asks the cluster's DNS as a pod of the namespace would.
 * Right: any Service of this name with a cluster IP. Wrong: another name; headless; an ExternalName; the model's Service gone.
 */
export const names = (lab: Facts): Check =>
  check({
    title: "Both Services answer to their short and their full name",
    points: 2,
    mode: "sample",
    within: "60s",
    alone: false,
    evidence: "state",
    why: "CoreDNS watches Services and answers for each: NAME.NAMESPACE.svc.cluster.local is its cluster IP. The short name works because the kubelet writes a search list into every pod's resolv.conf, beginning with the pod's own namespace.",
    failures: {
      "no-gateway-service": {
        untouched: true,
        says: `There is no Service ${lab.gatewayService} yet, so its name leads nowhere.`,
        hints: [
          "The pods have addresses, and nothing has a name. Which object gives a set of pods one?",
          `Write a Service ${lab.gatewayService} of type NodePort, or let kubectl expose deployment make one and give it the right port afterwards.`,
        ],
      },
      "no-backend-service": {
        says: `The model's Service ${lab.backendService} is gone: the gateway's upstream has no name any more.`,
        hints: [
          "kubectl get services: which of the two is missing?",
          `kubectl expose deployment ${lab.backend} --name=${lab.backendService} --port=${lab.backendPort} brings it back. Mind that it gets another address; the gateway has to be told (rollout restart).`,
        ],
      },
      "other-address": {
        says: "The name resolves, but not to the Service's cluster IP.",
        hints: [
          `What do kubectl get service ${lab.gatewayService} ${lab.backendService} show under TYPE and CLUSTER-IP?`,
          "clusterIP: None makes a Service headless: its name is then the list of its pods' addresses. An ExternalName is an alias. Neither is meant here; delete the Service and create it with a cluster IP.",
        ],
      },
      unresolved: {
        unreachable: "it takes a cluster whose DNS does not answer",
        says: "The Service is there, but the cluster's DNS doesn't know its name.",
        hints: [
          "Is CoreDNS running? kubectl get pods -n kube-system -l k8s-app=kube-dns",
          "Wait a few seconds and look again: a name that was asked for too early is remembered as absent for up to 30 s.",
        ],
      },
    },
    async observe({ cluster, probes }) {
      const services = [
        [lab.gatewayService, lab.gatewayName, "no-gateway-service"],
        [lab.backendService, lab.backendName, "no-backend-service"],
      ] as const;
      const evidence: Evidence[] = [];
      for (const [short, full, missing] of services) {
        const found = await cluster.get(kinds.Service, short);
        if (!found) return fail(missing, notFound(`service/${short}`, "kubectl get services"));
        const ip = found.spec?.clusterIP ?? "";
        for (const name of [short, full]) {
          const { addresses, answer } = await probes.dns(name);
          const seen: Evidence = {
            object: `service/${short}`,
            path: name,
            expected: ip === "None" || ip === "" ? "a cluster IP" : ip,
            actual: addresses.length > 0 ? listed(addresses) : answer,
            command: `kubectl exec ${lab.client} -- dig +search +short ${name}`,
          };
          if (addresses.length === 1 && addresses[0] === ip) evidence.push(seen);
          else return fail(ip === "None" || ip === "" || addresses.length > 0 ? "other-address" : "unresolved", seen);
        }
      }
      return pass(evidence);
    },
  });
