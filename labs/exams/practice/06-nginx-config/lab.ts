import type { V1Pod } from "@kubernetes/client-node";
import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { notRunning, standing } from "../../../../checkers/core/standing.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { type Facts, facts } from "./facts.ts";

/** Names of the ConfigMaps that a pod mounts. */
const mounted = ({ spec }: V1Pod): string[] =>
  (spec?.volumes ?? []).flatMap((one) => [
    ...(one.configMap?.name ? [one.configMap.name] : []),
    ...(one.projected?.sources ?? []).flatMap((source) => (source.configMap?.name ? [source.configMap.name] : [])),
  ]);

/** Milliseconds that nginx may take from the container's start until it listens. */
const starting = 8_000;
const runningFor = (pod: V1Pod, now: number): number =>
  now -
  Math.max(0, ...(pod.status?.containerStatuses ?? []).map((one) => +new Date(one.state?.running?.startedAt ?? 0)));

const configured = ({ name, config, port, word }: Facts) =>
  check({
    title: `nginx in ${name} runs with the file from ConfigMap ${config}`,
    points: 4,
    mode: "sample",
    within: "60s",
    evidence: "state",
    alone: false,
    why: "A ConfigMap mounted over a folder hides what the image has there; subPath lays one file over one file. Another way is a folder of its own and an argument that names it.",
    failures: {
      "not-read": {
        says: `/ping on port ${port} does not answer ${word}: nginx runs with another configuration.`,
        hints: [
          "kubectl exec into the pod: does the file that nginx reads hold what you meant, /etc/nginx/nginx.conf?",
          "The key in the ConfigMap becomes the file's name: kubectl create configmap --from-file=nginx.conf. Mount it with subPath: nginx.conf.",
        ],
      },
      "not-running": notRunning(name),
      elsewhere: {
        says: `It answers, but the pod mounts no ConfigMap ${config}: the configuration lies where nobody will look for it.`,
        hints: ["kubectl get configmaps, and spec.template.spec.volumes of the Deployment: do they name the same?"],
      },
    },
    async observe({ cluster, probes }) {
      const found = await standing(cluster, name);
      if ("stuck" in found) return fail("not-running", found.stuck);
      if ("waiting" in found) return waiting(found.waiting);
      const evidence: Evidence[] = [];
      for (const pod of found.work.newest) {
        const own = pod.metadata?.name ?? "";
        const { status, body } = await probes.podGet(own, port, "/ping");
        const seen: Evidence = {
          object: `pod/${own}`,
          path: `GET /ping on port ${port}`,
          expected: word,
          actual: status === 0 ? "nobody listens" : `${status} ${body.trim().slice(0, 80)}`,
          command: `kubectl exec ${own} -- wget -q -O - http://127.0.0.1:${port}/ping`,
        };
        if (status === 200 && body.trim() === word) evidence.push({ ...seen, actual: word });
        else if (status === 0 && runningFor(pod, Date.now()) < starting)
          return waiting("nginx has just been started", seen);
        else return fail("not-read", seen);
      }
      const without = found.work.newest.find((pod) => !mounted(pod).includes(config));
      const source: Evidence = {
        object: `deployment/${name}`,
        path: "spec.template.spec.volumes",
        expected: `ConfigMap ${config}`,
        actual: mounted(without ?? found.work.newest[0] ?? {}).join(", ") || "no ConfigMap",
        command: `kubectl describe deployment ${name}`,
      };
      return without ? fail("elsewhere", source) : pass([...evidence, source]);
    },
  });

export default defineLab({
  title: "Configure nginx from a ConfigMap",
  summary: "A file from a ConfigMap that reaches the process.",
  week: 1,
  minutes: 6,
  domain: "configure",
  study: ["03", "04"],
  facts,
  checks: (f) => ({ configured: configured(f) }),
});
