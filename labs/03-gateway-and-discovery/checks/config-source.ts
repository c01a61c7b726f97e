import type { V1Pod } from "@kubernetes/client-node";
import { type Check, check, type Probes } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { fleet, listed, nameOf, notFound } from "./reading.ts";

export interface ConfigText {
  path: string;
  text: string;
}

/** The files in what `nginx -T` prints, each after a line "# configuration file PATH:". */
export function dumped(output: string): ConfigText[] {
  return output
    .split(/^# configuration file /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf(":\n");
      return { path: part.slice(0, end), text: part.slice(end + 2).trim() };
    });
}

/** What a `location /status` returns by itself, as the client sees it; undefined where it isn't that simple. */
export function promised(config: string, path: string): string | undefined {
  const body = new RegExp(
    `location\\s+(?:=\\s*|\\^~\\s*)?${path}\\s*\\{[^}]*?return\\s+200\\s+(['"])([\\s\\S]*?)\\1`,
  ).exec(config)?.[2];
  return body?.replaceAll(/\\(n|r|t)/g, (_, letter: string) => ({ n: "\n", r: "\r", t: "\t" })[letter] ?? "");
}

/** The files nginx in this pod was started with, read anew; of a master started with -c, that file's. */
async function configOf(probes: Probes, pod: string): Promise<ConfigText[]> {
  const { stdout: title } = await probes.exec(pod, ["cat", "/proc/1/cmdline"]);
  const path = /(?:^|\s|\0)-c[\s\0]*([^\s\0]+)/.exec(title)?.[1];
  const { stdout } = await probes.exec(pod, ["nginx", "-T", ...(path ? ["-c", path] : [])]);
  return dumped(stdout);
}

const short = (text: string): string => {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return `${lines.length} lines, beginning ${JSON.stringify(lines.slice(0, 2).join(" ").slice(0, 80))}`;
};

/** The first line in which two texts differ, for evidence. */
function difference(want: string, seen: string): { expected: string; actual: string } {
  const [wanted, found] = [want.split("\n"), seen.split("\n")];
  const at = wanted.findIndex((line, index) => line !== found[index]);
  const line = at < 0 ? wanted.length : at;
  const say = (text: string | undefined): string =>
    text === undefined ? "end of file" : `line ${line + 1}: ${text.trim()}`;
  return { expected: say(wanted[line]), actual: say(found[line]) };
}

/**
 * Reads what nginx in each pod has, and compares it with the ConfigMap: where the file came from is left open.
 * Right: subPath onto the file; a folder and nginx -c; a projected volume; items with another key.
 * Wrong: the image's own file; a copy in another ConfigMap; a ConfigMap edited after the start (file or process still old).
 */
export const configSource = (lab: Facts): Check =>
  check({
    title: `What nginx runs is what the ConfigMap ${lab.configMap} says`,
    points: 2,
    mode: "sample",
    within: "60s",
    alone: false,
    evidence: "state",
    why: "The image holds the program, the ConfigMap what makes it this gateway. One image serves every environment, a change of routes is a change of one object that Git and the API server both keep, and the file in the pod is written by the kubelet from that object, not by hand.",
    failures: {
      "no-config-map": {
        untouched: true,
        says: `There is no ConfigMap ${lab.configMap} yet.`,
        hints: [
          `${lab.configFile} in your folder is the file. Which command makes a ConfigMap from a file?`,
          `kubectl create configmap ${lab.configMap} --from-file=${lab.configFile}`,
        ],
      },
      "none-running": {
        says: "No gateway pod runs, so there is no nginx to ask.",
        hints: [
          "The task on the Deployment says what became of the pods. Mend that first.",
          `kubectl describe pod -l app=${lab.gateway} and kubectl logs deployment/${lab.gateway} tell why.`,
        ],
      },
      "not-mounted": {
        says: `nginx runs with a configuration that isn't in the ConfigMap ${lab.configMap}.`,
        hints: [
          `Look at what it really has: kubectl exec deployment/${lab.gateway} -- nginx -T`,
          "A volume makes the ConfigMap available to the pod, a volumeMount puts it somewhere in the container. Both are needed, and they meet by the volume's name.",
          `volumes: a configMap named ${lab.configMap}; volumeMounts: mountPath ${lab.configPath} with subPath ${lab.configFile}, so that one file is covered and the folder beside it stays.`,
        ],
      },
      stale: {
        says: "The ConfigMap was changed after the pods started; the file they see is still the old one.",
        hints: [
          "A file mounted with subPath is written once, when the container starts, and never again.",
          `Start the pods anew: kubectl rollout restart deployment/${lab.gateway}. Lab 04 shows which mounts follow a change, and when.`,
        ],
      },
      "not-loaded": {
        says: "The new file is in the pods, but nginx still answers by the old one: it reads its configuration at start and on reload, not when the file changes.",
        hints: [
          `Ask /status, and compare with the file: kubectl exec deployment/${lab.gateway} -- cat followed by its path.`,
          `kubectl rollout restart deployment/${lab.gateway} starts nginx with the new file. (kubectl exec POD -- nginx -s reload does so for one pod, unrecorded, until it is replaced.)`,
        ],
      },
    },
    async observe({ cluster, probes }) {
      const map = await cluster.get(kinds.ConfigMap, lab.configMap);
      if (!map) return fail("no-config-map", notFound(`configmap/${lab.configMap}`, "kubectl get configmaps"));
      const { ready, running, moving } = await fleet(cluster, lab.gateway);
      if (moving) return waiting(moving);
      // A pod that is not ready may be so because of its configuration.
      const pods = ready.length > 0 ? ready : running;
      if (pods.length === 0) {
        return fail("none-running", {
          object: `deployment/${lab.gateway}`,
          path: "running pods",
          expected: `${lab.replicas}`,
          actual: "0",
          command: "kubectl get pods",
        });
      }
      const texts = Object.values(map.data ?? {}).map((text) => text.trim());
      const evidence: Evidence[] = [];
      for (const pod of pods.slice(0, 4)) {
        const name = nameOf(pod);
        const files = await configOf(probes, name);
        const routing = files.find(({ text }) => /location[^{]*\/predict/.test(text)) ?? files[0];
        const at = {
          object: `pod/${name}`,
          path: `nginx -T: ${routing?.path ?? "nothing"}`,
          command: `kubectl exec ${name} -- nginx -T`,
        };
        if (!routing || !texts.includes(routing.text)) {
          const [first] = texts;
          return routing && first !== undefined && mounts(pod, lab.configMap, routing.path)
            ? fail("stale", { ...at, ...difference(first, routing.text) })
            : fail("not-mounted", {
                ...at,
                expected: `a text of configmap/${lab.configMap} (keys: ${listed(Object.keys(map.data ?? {}))})`,
                actual: short(routing?.text ?? ""),
              });
        }
        const says = promised(routing.text, "/status");
        const answer = await probes.podGet(name, lab.gatewayPort, "/status");
        if (says !== undefined && answer.body.trim() !== says.trim()) {
          return fail("not-loaded", {
            ...at,
            path: "GET /status",
            expected: `as the file says: ${says.trim()}`,
            actual: answer.body.trim().slice(0, 200) || `status ${answer.status}`,
          });
        }
        evidence.push({
          ...at,
          expected: `a text of configmap/${lab.configMap}`,
          actual: `the same ${routing.text.split("\n").length} lines`,
        });
      }
      return pass(evidence);
    },
  });

/** Whether a volume of the ConfigMap is mounted onto this file, or onto a folder above it. */
function mounts(pod: V1Pod, configMap: string, path: string): boolean {
  const volumes = (pod.spec?.volumes ?? [])
    .filter(
      (volume) =>
        volume.configMap?.name === configMap ||
        volume.projected?.sources?.some((one) => one.configMap?.name === configMap),
    )
    .map(({ name }) => name);
  const covers = (mountPath: string): boolean =>
    path === mountPath || path.startsWith(`${mountPath.replace(/\/$/, "")}/`);
  return (pod.spec?.containers ?? []).some(({ volumeMounts }) =>
    volumeMounts?.some(({ name, mountPath }) => volumes.includes(name) && covers(mountPath)),
  );
}
