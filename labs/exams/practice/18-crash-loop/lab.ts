import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { kinds } from "../../../../checkers/core/port.ts";
import { notRunning, standing } from "../../../../checkers/core/standing.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { type Facts, facts } from "./facts.ts";

/** The setting a process says it has, as /config tells it. */
function settingOf(body: string, name: string): string {
  try {
    const { settings } = JSON.parse(body) as { settings?: Record<string, { value?: unknown }> };
    return String(settings?.[name]?.value ?? "none");
  } catch {
    return "none";
  }
}

const runs = ({ name, config, port, level, batch }: Facts) =>
  check({
    title: `${name} runs with the settings of ConfigMap ${config}`,
    points: 4,
    mode: "sample",
    within: "90s",
    evidence: "state",
    alone: false,
    why: "The program says in its last line why it ends; --previous shows it also when the next attempt has begun. A new environment comes with a new container, so a mended ConfigMap alone takes effect at the next start.",
    failures: {
      "not-running": notRunning(name),
      bypassed: {
        says: `The ConfigMap ${config} does not hold the value that was meant: the mistake was covered, not mended.`,
        hints: [`kubectl get configmap ${config} -o yaml: it should say LOG_LEVEL: ${level}.`],
      },
      "settings-lost": {
        says: "It runs, but the process has not got all of its settings.",
        hints: [
          `kubectl get configmap ${config} -o yaml, and envFrom in the Deployment: what did they hold at first?`,
          "An environment is read once, at the start: kubectl rollout restart after a change.",
        ],
      },
    },
    async observe({ cluster, probes }) {
      const found = await standing(cluster, name);
      if ("stuck" in found) return fail("not-running", found.stuck);
      if ("waiting" in found) return waiting(found.waiting);
      const map = await cluster.get(kinds.ConfigMap, config);
      const kept: Evidence = {
        object: `configmap/${config}`,
        path: "data.LOG_LEVEL",
        expected: level,
        actual: map?.data?.LOG_LEVEL ?? "none",
        command: `kubectl get configmap ${config} -o yaml`,
      };
      if (map?.data?.LOG_LEVEL !== level) return fail("bypassed", kept);
      const evidence = [kept];
      for (const pod of found.work.newest) {
        const own = pod.metadata?.name ?? "";
        const { body } = await probes.podGet(own, port, "/config");
        const seen: Evidence = {
          object: `pod/${own}`,
          path: "LOG_LEVEL and BATCH_SIZE of the process",
          expected: `${level}, ${batch}`,
          actual: `${settingOf(body, "LOG_LEVEL")}, ${settingOf(body, "BATCH_SIZE")}`,
          command: `kubectl exec ${own} -- wget -q -O - http://127.0.0.1:${port}/config`,
        };
        if (seen.actual !== seen.expected) return fail("settings-lost", seen);
        evidence.push(seen);
      }
      return pass(evidence);
    },
  });

export default defineLab({
  title: "Find out why a container ends",
  summary: "A crash loop mended where its cause lies.",
  week: 1,
  minutes: 6,
  domain: "validate",
  study: ["04", "01"],
  facts,
  checks: (f) => ({ runs: runs(f) }),
});
