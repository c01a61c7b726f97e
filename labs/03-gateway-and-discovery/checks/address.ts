import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { fail, pass } from "../../../checkers/core/verdict.ts";
import { workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { clusterIp, notFound } from "./reading.ts";

/** The address in what the learner typed; a port or words around it do not matter. */
export const addressIn = (text = ""): string => /\d{1,3}(?:\.\d{1,3}){3}/.exec(text)?.[0] ?? "";

/** Right: dig, nslookup or getent in any pod; get service. Wrong: a pod's address; the gateway's; the DNS server's own. */
export const address = (lab: Facts): Check =>
  check({
    title: `You know what ${lab.backendService} resolves to`,
    points: 1,
    mode: "observe",
    within: "10s",
    evidence: "state",
    why: "One name, one address, however many pods: DNS tells the cluster IP and no more. It was given to the Service when it was made and stays until the Service is deleted, so a name resolved once stays right while pods come and go.",
    failures: {
      "none-entered": {
        untouched: true,
        says: "No address has been entered yet.",
        hints: [
          `A pod with DNS tools is there: ${lab.client}. kubectl exec runs a command in it.`,
          `kubectl exec ${lab.client} -- nslookup ${lab.backendService}. Two addresses come back; which of them is the answer, and who is the other?`,
        ],
      },
      "dns-server": {
        says: "That is the address of the DNS server that was asked, not of the name.",
        hints: [
          "nslookup prints first whom it asked, then what it was told. Which lines belong to the name?",
          "The last line, Address: below Name:.",
        ],
      },
      "pod-address": {
        says: "That is a pod's address. The name resolves to something else, and that is the point of it.",
        hints: [
          "kubectl get pods -o wide shows addresses that go with their pods. What would the gateway do with one of those after the next rollout?",
          `Ask the DNS, from a pod: kubectl exec ${lab.client} -- dig +search +short ${lab.backendService}`,
        ],
      },
      wrong: {
        says: "The model's Service has another address than the one entered.",
        hints: [
          "There are two Services, with two names and two addresses. Which one stands in nginx.conf?",
          "Was the Service deleted and made anew since you looked? Then it has a new address.",
          `kubectl exec ${lab.client} -- dig +search +short ${lab.backendService}`,
        ],
      },
    },
    async observe({ cluster, learner }) {
      const said = await learner.answer("address");
      const evidence = {
        object: `service/${lab.backendService}`,
        path: "A record",
        expected: "the address that the DNS gives a pod",
        actual: said ? `entered: ${said.slice(0, 60)}` : "nothing entered",
        command: `kubectl exec ${lab.client} -- nslookup ${lab.backendService}`,
      };
      const ip = await clusterIp(cluster, lab.backendService);
      if (!said) return fail("none-entered", evidence);
      if (!ip) return fail("wrong", notFound(`service/${lab.backendService}`, "kubectl get services"));
      const entered = addressIn(said);
      if (entered === ip) return pass({ ...evidence, expected: ip, actual: entered });
      const [backend, dns] = await Promise.all([
        workload(cluster, lab.backend),
        cluster.get(kinds.Service, "kube-dns", { namespace: "kube-system" }),
      ]);
      if (entered === dns?.spec?.clusterIP) return fail("dns-server", evidence);
      const pods = (backend?.pods ?? []).map((pod) => pod.status?.podIP);
      return fail(pods.includes(entered) ? "pod-address" : "wrong", evidence);
    },
  });
