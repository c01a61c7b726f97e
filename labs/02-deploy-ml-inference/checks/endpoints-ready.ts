import { slicesOf } from "../../../checkers/core/behind.ts";
import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { isReady, probeFailure, refusal, troubleOf, unsettled, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { matches, nameOf, names, readyTargets } from "./objects.ts";

/** What the cluster itself lists behind the Service. */
export const endpointsReady = ({ deployment, service, port, replicas, app }: Facts): Check =>
  check({
    title: `Behind the Service stand ${replicas} ready endpoints on port ${port}`,
    points: 2,
    mode: "observe",
    within: "90s",
    evidence: "state",
    why: "The EndpointSlice is the cluster's own answer to which pods, on which port, and ready or not. kube-proxy on every node follows it, so it is the thing to read when the pods are well and the Service doesn't answer.",
    failures: {
      "no-service": {
        untouched: true,
        says: "Endpoints come with a Service, and there is none yet.",
        hints: [`Create the Service ${service} first; its EndpointSlice is made for you within a second.`],
      },
      "no-endpoints": {
        says: "No pod of the Deployment is listed behind the Service: requests have nowhere to go.",
        hints: [
          "Only pods that the selector matches are listed. Does it match any?",
          `Compare kubectl get service ${service} -o jsonpath='{.spec.selector}' with kubectl get pods --show-labels.`,
          `Use a selector that the pods' labels satisfy: app: ${app}.`,
        ],
      },
      "too-few": {
        says: `Fewer than ${replicas} pods stand behind the Service.`,
        hints: [
          "Are there as many pods as the task wants, and does the selector match each of them?",
          `kubectl get deployment ${deployment} shows the number wanted; kubectl get pods --show-labels the labels. Set replicas: ${replicas} and apply.`,
        ],
      },
      "not-ready": {
        says: "The pods are listed, but not as ready, so nothing is sent to them.",
        hints: [
          "Running and ready are two things. What does READY say in kubectl get pods?",
          "kubectl describe pod shows under Events why its readiness probe fails: connection refused is a wrong port or a program that isn't listening; 404 is a wrong path.",
          `Let the probe ask the port the program listens on (${port}) for a path it knows (/).`,
        ],
      },
      "wrong-target-port": {
        says: `The Service sends requests to a port of the pods that isn't ${port}, where they listen.`,
        hints: [
          `kubectl get endpointslices -l kubernetes.io/service-name=${service}: which number stands under PORTS?`,
          "That is the Service's targetPort. Left out, it is the same as port; given as a name, it is the containerPort of that name in the pod.",
          `Set targetPort: ${port}, or a name that the container gives to port ${port}.`,
        ],
      },
    },
    async observe({ cluster }) {
      const found = await cluster.get(kinds.Service, service);
      const command = `kubectl get endpointslices -l kubernetes.io/service-name=${service}`;
      const at = { object: `service/${service}`, command };
      if (!found)
        return fail("no-service", {
          ...at,
          expected: "exists",
          actual: "not found",
          command: "kubectl get services",
        });
      const [work, slices] = await Promise.all([workload(cluster, deployment), slicesOf(cluster, service)]);
      const own = new Set((work?.pods ?? []).map(nameOf));
      const listed = slices
        .flatMap((slice) => slice.endpoints ?? [])
        .filter((one) => own.has(one.targetRef?.name ?? ""));
      const selector = found.spec?.selector ?? {};
      const selectable = (work?.newest ?? []).filter((pod) => matches(selector, pod.metadata?.labels));
      const on = slices.flatMap((slice) => (slice.ports ?? []).map((one) => one.port));
      const ready = [...own].filter((pod) => readyTargets(slices).includes(pod));
      const listing: Evidence = {
        ...at,
        path: "endpoints",
        expected: `${replicas} pods of ${deployment}`,
        actual: names(listed.map((one) => one.targetRef?.name ?? "")),
      };
      const readiness: Evidence = {
        ...at,
        path: "endpoints[*].conditions.ready",
        expected: `${replicas} ready`,
        actual: `${ready.length} ready`,
      };
      const ports: Evidence = {
        ...at,
        path: "ports",
        expected: String(port),
        actual: names([...new Set(on.map(String))]),
      };

      const why = work ? unsettled(work.deployment) : undefined;
      const onTheWay = work !== undefined && !refusal(work.deployment) && !work.newest.some(troubleOf);
      if (listed.length === 0) {
        if (onTheWay && (selectable.length > 0 || work.newest.length === 0))
          return waiting("the cluster is listing the pods behind the Service", listing);
        return fail("no-endpoints", listing);
      }
      if (!on.includes(port)) return fail("wrong-target-port", ports);
      if (ready.length < replicas) {
        const events = await cluster.list(kinds.Event);
        const probed = (work?.newest ?? [])
          .map((pod) => probeFailure(pod, events, Date.now()))
          .find((one) => one !== undefined);
        if (onTheWay && !probed && (why || selectable.some((pod) => isReady(pod) && !ready.includes(nameOf(pod))))) {
          return waiting(why ?? "the endpoints are following the pods", readiness);
        }
        return fail(listed.length < replicas ? "too-few" : "not-ready", [
          listing,
          readiness,
          ...(probed ? [probed] : []),
        ]);
      }
      return pass([listing, readiness, ports]);
    },
  });
