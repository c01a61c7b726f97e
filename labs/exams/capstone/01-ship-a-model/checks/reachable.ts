import { type Check, check } from "../../../../../checkers/core/check.ts";
import { LookError } from "../../../../../checkers/core/errors.ts";
import { kinds } from "../../../../../checkers/core/port.ts";
import { type Evidence, fail, pass } from "../../../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { missing, modelPods, nameOf, spoken } from "./reading.ts";

const requests = 20;
/** As many must be answered: a canary that fails now and then is another task's matter. */
const least = 12;

/**
 * Asks the gateway's Service from inside the cluster. Right: nginx or any other proxy in front; any type of Service. Wrong: the port is another one;
 * the proxy knows no such path; the Service leads past it to nothing.
 */
export const reachable = (f: Facts): Check =>
  check({
    title: `${f.gateway}:${f.gatewayPort}/predict answers with predictions of the model`,
    points: 10,
    mode: "sample",
    alone: false,
    within: "45s",
    evidence: "state",
    task: "expose",
    domain: "expose",
    why: "Callers know one name and one port. Behind it the gateway asks the model's Service, whose endpoints are the pods that are ready.",
    failures: {
      "no-service": {
        untouched: true,
        says: `There is no Service ${f.gateway}: nobody can ask for predictions.`,
        hints: ["A Deployment of the proxy, and a Service of that name in front of it."],
      },
      "no-answer": {
        says: "Requests to the gateway are not answered with predictions.",
        hints: [
          "The statuses in the evidence tell how far a request gets: no answer means that nothing listens there, 404 that the gateway knows no such path, 502 and 504 that it does not reach the model.",
          `From inside: kubectl exec ${f.client} -- curl -si ${f.gateway}:${f.gatewayPort}/predict; then the same for ${f.service}:${f.port}.`,
        ],
      },
      elsewhere: {
        says: "Something answers, but it is not the model's pods.",
        hints: ["The header X-Served-By names the pod that answered. What does the gateway pass requests on to?"],
      },
    },
    async observe({ cluster, probes }) {
      if (!(await cluster.get(kinds.Service, f.gateway))) {
        return fail("no-service", missing(`service/${f.gateway}`, "kubectl get services"));
      }
      const sample = await probes.traffic({ service: f.gateway, port: f.gatewayPort, path: "/predict", n: requests });
      // The Service is there, so its name is: a DNS that does not answer is the cluster's, not the candidate's.
      if (/resolving timed out/i.test(sample.firstError ?? ""))
        throw new LookError("The cluster's DNS does not answer just now.", "Grade again when it is less busy.");
      const one: Evidence = {
        object: `service/${f.gateway}`,
        path: `${requests} requests to /predict on port ${f.gatewayPort}`,
        expected: `200: at least ${least}`,
        actual: `${spoken(sample.statuses)}${sample.firstError ? ` (${sample.firstError})` : ""}`,
        command: `kubectl exec ${f.client} -- curl -si ${f.gateway}:${f.gatewayPort}/predict`,
      };
      if ((sample.statuses["200"] ?? 0) < least) return fail("no-answer", one);
      const own = (await modelPods(cluster, f)).map(nameOf);
      const strangers = Object.keys(sample.pods).filter((pod) => !own.includes(pod));
      const who = {
        ...one,
        path: "who answered",
        expected: `pods of ${f.repository}`,
        actual: Object.keys(sample.pods).join(", "),
      };
      return strangers.length === Object.keys(sample.pods).length ? fail("elsewhere", who) : pass([one, who]);
    },
  });
