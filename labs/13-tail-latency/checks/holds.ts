import { type Check, check } from "../../../checkers/core/check.ts";
import { gettingReady } from "../../../checkers/core/getting-ready.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { figures, measured, quantile, within } from "./percentiles.ts";
import { drive } from "./service-copy.ts";

/** Seconds of the load, and the second in which the herd comes: short, so that its share in all is larger than in the recording. */
const seconds = 8;
const herdAt = 3;
/**
 * Milliseconds and ratio by which a model is known: median 63 ms, p90 two and a half times that. Of 120 requests the median lies below 45 ms, or the
 * ratio below 1.5, less than once in 10,000 runs.
 */
const fastest = 45;
const narrowest = 1.5;

/**
 * The rush on the learner's own service. Right: more pods, more slots a pod, or both (12 pods of 4; 2 of 24; 4 of 12). Wrong: nothing; a
 * short queue, which refuses whom it cannot serve; another model. By simulation the three right ways exceed the bound less than once in 300 runs.
 */
export const holds = (f: Facts): Check => {
  const { deployment, service, limit, share } = f;
  return check({
    title: `In a rush, ${share} % of requests are answered within ${limit} ms`,
    points: 5,
    mode: "disturb",
    alone: "machine",
    within: "90s",
    evidence: "state",
    why: "Waiting begins when requests come faster than they can be served, if only for a second. What was missing was not speed but places: now the herd finds enough of them free, and the queue is gone before anybody notices.",
    failures: {
      "no-deployment": {
        says: `The Deployment ${deployment} is gone.`,
        hints: ["kubectl apply -f ml-inference.yaml"],
      },
      "not-running": {
        says: "Its pods do not get ready.",
        hints: [
          "The evidence says why, and what shows it.",
          "kubectl describe pod tells the events; take your last change back.",
        ],
      },
      "no-service": {
        says: `The Service ${service} is gone, so nobody can send requests.`,
        hints: ["kubectl get services", "kubectl apply -f service.yaml"],
      },
      slow: {
        says: "The herd still has to queue: more than one request in a hundred waits too long.",
        hints: [
          `How many requests can all pods work on at the same time? Each takes ${f.mean} ms on average. How long until ${f.herd} are through?`,
          "More pods or more places in each (CONCURRENCY): watch inference_queue_depth with ask.sh while a rush is on.",
          "With 2 × 4 places the last of them waits more than a second. With about 40 places it hardly waits at all.",
        ],
      },
      refuses: {
        says: "Requests are refused or fail. Whoever gets an error was not served in time either: failures count as slow.",
        hints: [
          "The evidence counts answers by status. 503 comes from a queue that is full: QUEUE_LIMIT.",
          "To refuse early (load shedding) protects a service that would otherwise go under. It serves nobody. Give it places instead.",
        ],
      },
      "another-model": {
        says: "The model itself has been changed: its times are not those of the one you were given.",
        hints: [
          "LATENCY_MS and LATENCY_SIGMA stand for what the model computes. A faster model would be nice; you have this one.",
          `LATENCY_MS: "${f.mean}", LATENCY_SIGMA: "${f.sigma}"`,
        ],
      },
    },
    async observe(scene) {
      const { cluster, probes } = scene;
      const [work, found] = await Promise.all([workload(cluster, deployment), cluster.get(kinds.Service, service)]);
      if (!work)
        return fail("no-deployment", {
          object: `deployment/${deployment}`,
          expected: "exists",
          actual: "not found",
          command: "kubectl get deployments",
        });
      if (!found)
        return fail("no-service", {
          object: `service/${service}`,
          expected: "exists",
          actual: "not found",
          command: "kubectl get services",
        });
      const progress = await gettingReady(cluster, work);
      if (progress.state === "stuck") return fail("not-running", progress.evidence);
      if (progress.state === "waiting") return waiting(progress.why);
      const first = await probes.traffic({ service, port: f.port, path: f.path, n: 10 });
      if ((first.statuses["0"] ?? 0) > 0) return waiting("not every request through the Service is answered yet");

      const run = await drive(scene, f, { service, rate: f.rate, seconds, burst: { at: herdAt, n: f.herd } });
      const good = within(run, limit);
      const statuses = Object.entries(Object.groupBy(run.requests, ({ status }) => status))
        .map(([status, list]) => `${status === "0" ? "no answer" : `HTTP ${status}`}: ${list?.length ?? 0}`)
        .join(", ");
      const inTime: Evidence = {
        object: `service/${service}`,
        path: `answered within ${limit} ms, of ${run.took.length} requests (${f.rate} a second, and ${f.herd} at once)`,
        expected: `at least ${share} %`,
        actual: `${(100 * good).toFixed(1)} % (${figures(run)})`,
        command: `bash load.sh ${f.rate} ${seconds} ${f.herd}`,
      };
      const answers: Evidence = {
        object: `service/${service}`,
        path: "answers",
        expected: "HTTP 200",
        actual: statuses,
      };
      if (run.failed > run.took.length / 200) return fail("refuses", [answers, inTime]);
      // Before the herd came, and long after.
      const calm = measured(
        run.requests
          .filter(({ due }) => due < (herdAt - 0.3) * 1_000 || due > (herdAt + 3.5) * 1_000)
          .map(({ took }) => took),
      );
      const [p50, p90] = [quantile(calm, 0.5), quantile(calm, 0.9)];
      if (p50 < fastest || p90 / p50 < narrowest)
        return fail("another-model", {
          object: `deployment/${deployment}`,
          path: `latency while it is calm (${calm.took.length} requests)`,
          expected: `half within about ${Math.round(f.mean * Math.exp(-(f.sigma ** 2) / 2))} ms, nine in ten within two and a half times that`,
          actual: `half within ${Math.round(p50)} ms, nine in ten within ${Math.round(p90)} ms`,
          command: `kubectl get deployment ${deployment} -o yaml`,
        });
      return good * 100 >= share ? pass([inTime, answers]) : fail("slow", inTime);
    },
  });
};
