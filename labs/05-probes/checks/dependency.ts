import type { V1Probe } from "@kubernetes/client-node";
import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { isReady } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import {
  allShown,
  atRest,
  eventsOf,
  failedProbe,
  listed,
  nameOf,
  probesOf,
  restartsOf,
  since,
  templateOf,
  until,
} from "./ground.ts";

/** Seconds until every node's kube-proxy has followed the EndpointSlice: once a second it rewrites its rules; on a busy machine 4 were measured. */
const proxyPatience = 10;

/** Seconds the EndpointSlice may lag behind the pod's own condition. */
const listPatience = 10;

/** Seconds in which a liveness probe that asks for the dependency must have said so: two rounds of it, at least 4, at most 30. */
const watchFor = (liveness: readonly V1Probe[]): number => {
  const rounds = liveness.map((one) => 2 * (one.periodSeconds ?? 10) + (one.timeoutSeconds ?? 1) + 1);
  return Math.min(30, Math.max(4, ...rounds));
};

/**
 * Cuts one pod off from its dependency. Right: readiness on /ready, on /predict, over gRPC, by a command; liveness on what the process
 * alone can answer. Wrong: both on /health (it stays); both on /ready (it is restarted for nothing).
 */
export const dependency = (f: Facts): Check =>
  check({
    title: "A pod cut off from its dependency gets no requests, is not restarted, and comes back by itself",
    points: 4,
    mode: "disturb",
    within: "3m",
    evidence: "state",
    alone: false,
    needs: ["rollout"],
    why: "Readiness and liveness were asked different questions. “Can you serve?” was answered with no, so the EndpointSlice marked the pod and kube-proxy left it out. “Are you alive?” was answered with yes, so nobody killed a process that a restart could not have helped.",
    failures: {
      "no-readiness": {
        untouched: true,
        says: "Nobody asks whether a pod can serve: it is sent requests from the moment its process exists, whatever becomes of them.",
        hints: [
          "Which of the three probes decides about requests, and nothing else?",
          "Give the container a readinessProbe. One of the program's paths answers 503 exactly while it cannot serve.",
        ],
      },
      stays: {
        says: "The pod cannot reach its dependency and answers every prediction with an error, yet the Service goes on sending it requests.",
        hints: [
          "What does your readiness probe ask? Ask the same by hand, after breaking the dependency of one pod: what does it answer?",
          "/health tells whether the process works. It says nothing about what the process needs.",
          `/ready says no while the dependency fails (READY_CHECKS_DEPENDENCY is set). And mind the time: periodSeconds × failureThreshold must be under ${f.leaveLimit} s.`,
        ],
      },
      restarted: {
        says: "The liveness probe failed because a dependency did: the kubelet restarts a process that is well, which mends nothing and loses its model and its cache.",
        hints: [
          "The evidence has what the liveness probe got for an answer. Whose fault was that?",
          "Ask yourself of each liveness probe: if it fails, does a restart help? Then choose the path for which the answer is yes.",
          "Liveness asks /health, which never calls the dependency. (Over gRPC it is the service named liveness; without a name the server answers for readiness.)",
        ],
      },
      "still-served": {
        says: "The pod is marked not ready, and requests reach it all the same.",
        hints: [
          "Something makes the Service send to pods that are not ready.",
          `kubectl get service ${f.service} -o yaml: which field is about addresses that are not ready?`,
          "publishNotReadyAddresses is for peers that must find each other before they serve (lab 16). Take it out.",
        ],
      },
      "no-return": {
        says: "The dependency works again, and the pod still gets no requests: capacity is missing that is there.",
        hints: [
          "How many times must the probe succeed before the pod is ready again, and how often is it asked?",
          `periodSeconds × successThreshold must be under ${f.leaveLimit} s. One success is enough, and the default.`,
        ],
      },
    },
    async observe(scene) {
      const { cluster, probes, signal } = scene;
      const rest = await atRest(cluster, f);
      if ("why" in rest) return waiting(rest.why);
      const containers = templateOf(rest.found);
      const readiness = probesOf(containers, "readiness");
      const liveness = probesOf(containers, "liveness");
      if (readiness.length === 0) {
        return fail("no-readiness", {
          object: `deployment/${f.deployment}`,
          path: "readinessProbe",
          expected: "one that asks whether the pod can serve",
          actual: "none",
          command: `kubectl describe deployment ${f.deployment}`,
        });
      }
      const victim = rest.found.pods.find(isReady);
      if (!victim) return waiting("no pod is ready");
      const pod = nameOf(victim);
      const before = restartsOf(victim);
      const began = performance.now();
      const from = Date.now();
      const mend = "/fail-dependency?fail=false";
      await probes.disturb.post(pod, f.adminPort, "/fail-dependency", mend);

      const killed = async (): Promise<string | undefined> => {
        const now = await cluster.get(kinds.Pod, pod);
        const words = failedProbe(await eventsOf(cluster, victim, from), "liveness");
        const times = restartsOf(now) - before;
        return words ?? (times > 0 ? `${times} restarts` : undefined);
      };
      let left: number | undefined;
      let unready: number | undefined;
      let restart: string | undefined;
      await until(f.leaveLimit, signal, async () => {
        restart = await killed();
        const [entry, now] = await Promise.all([listed(cluster, f.service, pod), cluster.get(kinds.Pod, pod)]);
        if (!entry?.ready) left = since(began);
        if (now && !isReady(now)) unready ??= since(began);
        const ignored = unready !== undefined && since(began) - unready > listPatience;
        return left !== undefined || restart || ignored ? true : undefined;
      });
      const more = watchFor(liveness) - since(began);
      if (!restart && more > 0) {
        await until(more, signal, async () => {
          restart = await killed();
          return restart ? true : undefined;
        });
      }
      const out: Evidence = {
        object: `endpointslices of service/${f.service}`,
        path: `${pod} without its dependency`,
        expected: `not ready within ${f.leaveLimit} s`,
        actual: left === undefined ? `still ready after ${f.leaveLimit} s` : `not ready after ${left} s`,
        command: `kubectl get endpointslices -l kubernetes.io/service-name=${f.service} -o yaml`,
      };
      const spared: Evidence = {
        object: `pod/${pod}`,
        path: "liveness meanwhile",
        expected: "goes on succeeding, no restart",
        actual: restart ?? "no failure, no restart",
        command: `kubectl describe pod ${pod}`,
      };
      if (restart) {
        return fail("restarted", [
          spared,
          {
            object: `deployment/${f.deployment}`,
            path: "livenessProbe",
            expected: "asks the process alone",
            actual: allShown(liveness),
          },
        ]);
      }
      if (left === undefined && unready !== undefined) {
        return fail("still-served", [
          { ...out, actual: `pod not Ready after ${unready} s, its endpoint ready all the same` },
        ]);
      }
      if (left === undefined) {
        return fail("stays", [
          out,
          {
            object: `deployment/${f.deployment}`,
            path: "readinessProbe",
            expected: "asks whether it can serve",
            actual: allShown(readiness),
          },
        ]);
      }
      const ask = () => probes.traffic({ service: f.service, port: f.port, path: "/predict", n: f.requests });
      let sample = await ask();
      await until(proxyPatience, signal, async () => {
        if (sample.pods[pod]) sample = await ask();
        return sample.pods[pod] ? undefined : true;
      });
      const served: Evidence = {
        object: `service/${f.service}`,
        path: `${sample.sent} requests meanwhile, by pod`,
        expected: `none to ${pod}`,
        actual:
          Object.entries(sample.pods)
            .map(([one, n]) => `${one}: ${n}`)
            .join(", ") || "no answers",
      };
      if (sample.pods[pod]) return fail("still-served", [out, served]);
      const mended = performance.now();
      await probes.disturb.post(pod, f.adminPort, mend);
      const back = await until(f.leaveLimit, signal, async () =>
        (await listed(cluster, f.service, pod))?.ready ? since(mended) : undefined,
      );
      const returned: Evidence = {
        ...out,
        path: `${pod} with its dependency back`,
        expected: `ready within ${f.leaveLimit} s`,
        actual: back === undefined ? `not ready after ${f.leaveLimit} s` : `ready after ${back} s`,
      };
      return back === undefined
        ? fail("no-return", [
            returned,
            {
              object: `deployment/${f.deployment}`,
              path: "readinessProbe",
              expected: "soon satisfied again",
              actual: `${allShown(readiness)}, ${readiness.map((one) => one.successThreshold ?? 1).join(" and ")} successes`,
            },
          ])
        : pass([out, spared, served, returned]);
    },
  });
