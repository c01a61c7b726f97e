import { busyPatience, proxyPatience, quietFor, slicesOf, within } from "../../../checkers/core/behind.ts";
import { type Check, check } from "../../../checkers/core/check.ts";
import { gettingReady } from "../../../checkers/core/getting-ready.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { chiSquare, evenUpTo } from "./distribution.ts";
import { counts, nameOf, names, readyPods, readyTargets, same } from "./objects.ts";

/**
 * One sample of requests, each over a new connection, and who answered them; see distribution.ts for what counts as even.
 * Right: a Service over all pods, with any selector, port name or kube-proxy mode.
 * Wrong: session affinity; traffic kept on the client's node; a selector that misses some or takes others along; a wrong port.
 */
export const sharedLoad = (lab: Facts): Check => {
  const { deployment, service, port, path, replicas, sample: n } = lab;
  return check({
    title: `${replicas} pods share the requests to ${service}:${port}`,
    points: 4,
    mode: "sample",
    within: "60s",
    evidence: "state",
    alone: false,
    why: "For every new connection, the rules on the client's node drew one of the ready pods at random. Random is even in the long run and uneven in the short: over this many requests each pod gets its quarter give or take a few, over ten one pod may well get none.",
    failures: {
      "too-few": {
        untouched: true,
        says: `Fewer than ${replicas} pods of ${deployment} are ready, so ${replicas} cannot share anything yet.`,
        hints: [
          "The task before this one says how many there should be. Has it passed?",
          `kubectl get pods -l app=${lab.app} shows how many are READY 1/1.`,
        ],
      },
      "no-service": {
        says: `The Service ${service} is gone: the pods have no common name any more.`,
        hints: [
          "kubectl get services: what is there?",
          `service.yaml in your folder is the one you began with: kubectl apply -f service.yaml`,
        ],
      },
      "no-answer": {
        says: "The Service is there, but not one request got an answer.",
        hints: [
          "Climb the ladder: pods ready? listed behind the Service? on which port?",
          `kubectl get endpointslices -l kubernetes.io/service-name=${service}: no address means that the selector matches nothing; a wrong number under PORTS is the targetPort.`,
          `The pods listen on ${port}.`,
        ],
      },
      "some-fail": {
        says: "Some of the requests got no good answer, although all pods are ready.",
        hints: [
          "Which answers came instead? The evidence counts them by HTTP status.",
          "Status 0 is no answer: something behind the Service does not listen. 500 or 503 come from the program itself: kubectl logs, and its environment.",
          `The manifest you began with fails nothing. kubectl diff -f ${deployment}.yaml shows what differs from the file now.`,
        ],
      },
      stranger: {
        says: `Requests were answered by a pod that the Deployment ${deployment} doesn't own.`,
        hints: [
          "A selector takes every pod whose labels match, whoever made it.",
          "The evidence names it; kubectl get pods --show-labels shows whose label it has.",
          "Delete it, or the Deployment that keeps making it, or give it labels of its own.",
        ],
      },
      tied: {
        says: "One pod answered everything: this client is tied to it, however many replicas there are.",
        hints: [
          "Each request came over a new connection, from the same client. What could make a Service remember a client?",
          `kubectl get service ${service} -o yaml: look at sessionAffinity.`,
          "sessionAffinity: ClientIP sends a client to the same pod until it has been silent for three hours. Set it to None, or take it out.",
        ],
      },
      uneven: {
        says: "The requests are not shared evenly: some pods get far too little for chance to explain it.",
        hints: [
          "Which pods got little or nothing, and on which node are they? kubectl get pods -o wide",
          `kubectl get service ${service} -o yaml: does anything keep traffic near its client?`,
          "internalTrafficPolicy: Local and trafficDistribution: PreferSameNode use only the pods on the client's own node. Take them out, and compare the selector with the labels of each pod.",
        ],
      },
    },
    async observe({ cluster, probes }) {
      const [found, work] = await Promise.all([cluster.get(kinds.Service, service), workload(cluster, deployment)]);
      const at = { object: `service/${service}` };
      if (!found)
        return fail("no-service", { ...at, expected: "exists", actual: "not found", command: "kubectl get services" });
      const progress = work ? await gettingReady(cluster, work) : undefined;
      if (progress?.state === "waiting") return waiting(progress.why);
      const ready = await readyPods(cluster, deployment);
      const own = ready.map(nameOf);
      if (own.length < replicas) {
        return fail("too-few", {
          object: `deployment/${deployment}`,
          path: "ready pods",
          expected: String(replicas),
          actual: String(own.length),
          command: `kubectl get pods -l app=${lab.app}`,
        });
      }
      const slices = await slicesOf(cluster, service);
      const quiet = quietFor(Date.now(), ready, [found, ...slices]);
      if (within(proxyPatience, quiet)) return waiting("giving kube-proxy a moment to follow the last change");
      if (readyTargets(slices).length > 0 && !own.some((pod) => readyTargets(slices).includes(pod)))
        return waiting("the Service's endpoints do not list the ready pods yet");

      const sample = await probes.traffic({ service, port, path, n });
      const after = (await readyPods(cluster, deployment)).map(nameOf);
      if (!same(own, after)) return waiting("pods changed while requests were sent: measuring again");

      const seen = own.map((pod) => sample.pods[pod] ?? 0);
      const bound = evenUpTo(own.length);
      const statistic = chiSquare(seen);
      const each = n / own.length;
      const evidence: Evidence[] = [
        {
          ...at,
          path: `${n} requests, by HTTP status`,
          expected: `200: ${n}`,
          actual: counts(sample.statuses) + (sample.firstError ? ` (${sample.firstError})` : ""),
        },
        {
          ...at,
          path: `${n} requests, by pod that answered`,
          expected: `about ${Math.round(each)} from each of ${names(own)}`,
          actual: counts({ ...Object.fromEntries(own.map((pod) => [pod, 0])), ...sample.pods }),
          command: `kubectl get endpointslices -l kubernetes.io/service-name=${service}`,
        },
        {
          ...at,
          path: "chi-square of these counts",
          expected: `at most ${bound.toFixed(1)}, which chance passes less than once in 10,000 samples`,
          actual: statistic.toFixed(1),
        },
      ];
      const good = sample.statuses["200"] ?? 0;
      const strangers = Object.keys(sample.pods).filter((pod) => !own.includes(pod));
      const silence = sample.statuses["0"] || seen.includes(0);
      if (silence && strangers.length === 0 && within(busyPatience, quiet))
        return waiting("not every node may know of the last change yet: measuring again", evidence);
      if (good === 0) return fail("no-answer", evidence.slice(0, 2));
      if (strangers.length > 0) {
        return fail("stranger", [
          {
            ...at,
            path: "answers from other pods",
            expected: "none",
            actual: names(strangers),
            command: "kubectl get pods --show-labels",
          },
          ...evidence.slice(0, 2),
        ]);
      }
      if (good < sample.sent) return fail("some-fail", evidence.slice(0, 2));
      if (statistic > bound) return fail(seen.filter((one) => one > 0).length === 1 ? "tied" : "uneven", evidence);
      return pass(evidence);
    },
  });
};
