import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Check, check, type LogLine, type Scene } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { fleet, mainContainer, nameOf, notFound } from "./reading.ts";

/** Milliseconds a line has from the process to the API server. */
const logLimit = 5_000;

interface Heard {
  /** Whether the request that succeeded, and the one that didn't, left a line. */
  info: boolean;
  warn: boolean;
  environment: string;
}

const mentions = (lines: readonly LogLine[], id: string | undefined): boolean =>
  id !== undefined && lines.some(({ json }) => json?.request_id === id);

/** Sends a pod one good request and one bad one (a path that isn't there, status 404), and looks which of them its log mentions. */
async function listenTo(
  { probes, signal }: Scene,
  lab: Facts,
  pod: string,
  container: string | undefined,
): Promise<Heard> {
  const good = await probes.podGet(pod, lab.backendPort, "/predict");
  const bad = await probes.podGet(pod, lab.backendPort, `/no-such-path-${randomBytes(4).toString("hex")}`);
  const { body } = await probes.podGet(pod, lab.backendPort, "/status");
  const options = { lines: 200, ...(container && { container }) };
  const deadline = performance.now() + logLimit;
  let heard = { info: false, warn: false };
  // Lines keep their order: once the later request's is there, or the time is over, the earlier one's would be there too.
  do {
    const lines = await probes.logs(pod, options);
    heard = { info: mentions(lines, good.headers["x-request-id"]), warn: mentions(lines, bad.headers["x-request-id"]) };
    if (heard.warn) break;
    await pause(300, undefined, { signal });
  } while (performance.now() < deadline);
  let environment = "unknown";
  try {
    environment = String((JSON.parse(body) as { environment?: unknown }).environment);
  } catch {
    // It did not answer /status: said as "unknown".
  }
  return { ...heard, environment };
}

/**
 * Sends the same two requests to both and reads both logs.
 * Right: a second Deployment with a ConfigMap of its own; an overlay; LOG_LEVEL in the manifest. Wrong: a copy that logs alike; another image; error instead of warn.
 */
export const environments = (lab: Facts): Check =>
  check({
    title: `${lab.backend} logs requests, ${lab.production} only what went wrong, from one image`,
    points: 3,
    mode: "sample",
    within: "90s",
    alone: false,
    evidence: "state",
    why: "Two Deployments, one image, two sets of settings: what was tried in development is what runs in production (factor X), and the difference is four lines anyone can read. Logs go to standard output as a stream of events (factor XI); how much of it is a setting, where it goes is the platform's business.",
    failures: {
      "no-production": {
        untouched: true,
        says: `There is no Deployment ${lab.production} yet.`,
        hints: [
          `Production is a second Deployment beside ${lab.backend}, made from the same manifest: another name, other labels, another ConfigMap.`,
          `Copy ${lab.backend}.yaml. Change metadata.name, the label app in selector and template (or the Service would send to both), and the name in envFrom to ${lab.productionConfig}.`,
        ],
      },
      "will-not-start": {
        says: "One of the two Deployments has no ready pod, so it can't be listened to.",
        hints: [
          "The evidence names the pod and says what keeps it. CreateContainerConfigError: a ConfigMap it names doesn't exist.",
          "kubectl describe pod, at its end, and kubectl logs tell the rest.",
        ],
      },
      "other-image": {
        says: "The two run different images: what was tried in development isn't what runs in production.",
        hints: [
          "Which field would have to be the same, letter by letter? kubectl get deployments -o wide",
          `Both: ${lab.backendImage}`,
        ],
      },
      "other-environment": {
        says: "A process believes to be in another environment than it is.",
        hints: [
          "ENVIRONMENT is one of the keys that differ. /status of each pod says what it was told.",
          `ENVIRONMENT is ${lab.environment} in ${lab.sharedConfig} and ${lab.productionEnvironment} in ${lab.productionConfig}. After a change, restart the Deployment.`,
        ],
      },
      "dev-too-quiet": {
        says: `${lab.backend} doesn't log a request that succeeded: in development one wants to see them.`,
        hints: [
          `Which LOG_LEVEL did its process get? ${lab.sharedConfig} should say ${lab.logLevel}.`,
          `Set it and restart: kubectl rollout restart deployment/${lab.backend}`,
        ],
      },
      "prod-too-loud": {
        says: `${lab.production} logs every request that succeeded, like development: at a thousand requests a second, that is what the log store's bill is made of.`,
        hints: [
          `Which LOG_LEVEL did its process get? Two sources may set it: of two envFrom entries the later wins, and env wins over both.`,
          `LOG_LEVEL: ${lab.productionLogLevel} in ${lab.productionConfig}; then kubectl rollout restart deployment/${lab.production}`,
        ],
      },
      "prod-too-quiet": {
        says: `${lab.production} doesn't even log a request that was refused: whoever is on call would see nothing.`,
        hints: [
          "debug, info, warn, error: each level leaves out what is below it. A refused request (404) is a warning here.",
          `LOG_LEVEL: ${lab.productionLogLevel} keeps warnings and errors.`,
        ],
      },
    },
    async observe(scene) {
      const evidence: Evidence[] = [];
      const heard = new Map<string, Heard>();
      const images = new Map<string, string>();
      for (const name of [lab.production, lab.backend]) {
        const { deployment, ready, moving, trouble } = await fleet(scene.cluster, name);
        if (!deployment && name === lab.production)
          return fail("no-production", notFound(`deployment/${name}`, "kubectl get deployments"));
        if (trouble) return fail("will-not-start", trouble);
        if (moving) return waiting(moving);
        const [pod] = ready;
        if (!pod) return fail("will-not-start", notFound(`a ready pod of ${name}`, "kubectl get pods"));
        const container = mainContainer(pod, lab.backendImage);
        images.set(name, container?.image ?? "none");
        const said = await listenTo(scene, lab, nameOf(pod), container?.name);
        heard.set(name, said);
        const production = name === lab.production;
        evidence.push({
          object: `pod/${nameOf(pod)}`,
          path: "log lines of one good and one bad request; environment",
          expected: `good: ${production ? "none" : "one"}, bad: one; ${production ? lab.productionEnvironment : lab.environment}`,
          actual: `good: ${said.info ? "one" : "none"}, bad: ${said.warn ? "one" : "none"}; ${said.environment}`,
          command: `kubectl logs ${nameOf(pod)} --tail=5`,
        });
      }
      const [prod, dev] = [heard.get(lab.production) as Heard, heard.get(lab.backend) as Heard];
      if (images.get(lab.production) !== images.get(lab.backend)) {
        return fail("other-image", [
          {
            object: `deployment/${lab.production}`,
            path: "image",
            expected: images.get(lab.backend) ?? "",
            actual: images.get(lab.production) ?? "",
            command: "kubectl get deployments -o wide",
          },
        ]);
      }
      if (!dev.info) return fail("dev-too-quiet", evidence);
      if (prod.info) return fail("prod-too-loud", evidence);
      if (!prod.warn) return fail("prod-too-quiet", evidence);
      if (prod.environment !== lab.productionEnvironment || dev.environment !== lab.environment)
        return fail("other-environment", evidence);
      return pass(evidence);
    },
  });
