import type { V1Container, V1Probe } from "@kubernetes/client-node";
import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { standing } from "../../../../checkers/core/standing.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { workload } from "../../../../checkers/core/workload.ts";
import { type Facts, facts } from "./facts.ts";

/** Seconds from the moment a process hangs until the kubelet gives it up: each failure takes a period or its timeout, whichever is longer. */
const patience = ({ periodSeconds = 10, timeoutSeconds = 1, failureThreshold = 3 }: V1Probe): number =>
  failureThreshold * Math.max(periodSeconds, timeoutSeconds);

const server = (containers: readonly V1Container[] | undefined, { image }: Facts): V1Container | undefined =>
  containers?.find((one) => one.image === image) ?? containers?.[0];

const starts = (f: Facts) =>
  check({
    title: `${f.name} starts without a restart, and unready until its model is loaded`,
    points: 3,
    mode: "observe",
    within: "60s",
    evidence: "state",
    why: "A startup probe holds the other two back until it has succeeded once. So a slow start costs patience once, and the liveness probe may stay as strict as a running process deserves.",
    failures: {
      missing: {
        untouched: true,
        says: `There is no Deployment ${f.name} in this namespace.`,
        hints: ["Mend server.yaml, then kubectl apply -f server.yaml."],
      },
      killed: {
        says: "The container was restarted before it was ready: a probe gave up on it while the model was loading.",
        hints: [
          "kubectl describe pod: which probe failed, and how many seconds after the start?",
          `A startupProbe whose periodSeconds times failureThreshold is well above ${f.loading} gives it the time.`,
        ],
      },
      changed: {
        says: "Image, arguments or environment are no longer those of the manifest: this is another server that starts.",
        hints: ["Probes are all that has to change. Compare with the file you began with."],
      },
      early: {
        says: "Nothing keeps the pod from being ready while the model loads, so the first requests are refused.",
        hints: [
          "Without a readiness or a startup probe a container counts as ready as soon as it runs.",
          "Let a readinessProbe ask /ready, or a startupProbe /startup: both answer 503 until the model is there.",
        ],
      },
    },
    async observe({ cluster }) {
      const object = `deployment/${f.name}`;
      const work = await workload(cluster, f.name);
      if (!work) {
        return fail("missing", { object, expected: "exists", actual: "not found", command: "kubectl get deployments" });
      }
      const statuses = work.newest.flatMap((pod) => pod.status?.containerStatuses ?? []);
      const restarts = statuses.reduce((sum, one) => sum + one.restartCount, 0);
      const restarted: Evidence = {
        object,
        path: "restarts of its newest pods",
        expected: "0",
        actual: String(restarts),
        command: "kubectl get pods",
      };
      if (restarts > 0) return fail("killed", restarted);
      const { readinessProbe, startupProbe, ...rest }: Partial<V1Container> =
        server(work.deployment.spec?.template.spec?.containers, f) ?? {};
      const loads = rest.env?.find((one) => one.name === "STARTUP_SECONDS")?.value;
      const kept: Evidence = {
        object,
        path: "image, arguments and STARTUP_SECONDS",
        expected: `${f.image} -listen=:${f.port}, ${f.loading}`,
        actual: `${rest.image} ${(rest.args ?? []).join(" ")}, ${loads ?? "none"}`,
        command: `kubectl describe deployment ${f.name}`,
      };
      if (kept.actual !== kept.expected) return fail("changed", kept);
      const gate: Evidence = {
        object,
        path: "what keeps it unready while it loads",
        expected: "a readinessProbe or a startupProbe",
        actual: startupProbe ? "startupProbe" : readinessProbe ? "readinessProbe" : "neither",
        command: `kubectl describe deployment ${f.name}`,
      };
      if (!readinessProbe && !startupProbe) return fail("early", gate);
      const found = await standing(cluster, f.name);
      if ("work" in found) return pass([restarted, gate]);
      return waiting("waiting" in found ? found.waiting : found.stuck.actual, restarted);
    },
  });

const catchesHang = (f: Facts) =>
  check({
    title: `A hang is noticed within ${f.noticed} s`,
    points: 2,
    mode: "observe",
    within: "60s",
    evidence: "state",
    needs: ["starts"],
    why: "A liveness probe gives up after failureThreshold failures, one each periodSeconds. Only what restarts the container ends a hang: an unready pod hangs on.",
    failures: {
      "not-caught": {
        says: `Once it runs, a process that hangs would not be restarted within ${f.noticed} s: there is no liveness probe, or it is too patient.`,
        hints: [
          "Reckon: periodSeconds times failureThreshold of the livenessProbe. What is not written is 10 and 3.",
          "Patience for the start belongs into a startupProbe; leave the livenessProbe as strict as it was.",
        ],
      },
    },
    async observe({ cluster }) {
      const work = await workload(cluster, f.name);
      const probe = server(work?.deployment.spec?.template.spec?.containers, f)?.livenessProbe;
      const evidence: Evidence = {
        object: `deployment/${f.name}`,
        path: "livenessProbe: failureThreshold × periodSeconds (or timeoutSeconds, if longer)",
        expected: `at most ${f.noticed}`,
        actual: probe ? `${patience(probe)} s` : "no livenessProbe",
        command: `kubectl describe deployment ${f.name}`,
      };
      return probe && patience(probe) <= f.noticed ? pass(evidence) : fail("not-caught", evidence);
    },
  });

export default defineLab({
  title: "Let a slow model start",
  summary: "Probes that wait for a slow start and still notice a hang.",
  week: 2,
  minutes: 7,
  domain: "deploy",
  study: ["05"],
  facts,
  checks: (f) => ({ starts: starts(f), "catches-hang": catchesHang(f) }),
});
