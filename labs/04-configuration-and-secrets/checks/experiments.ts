import { setTimeout as pause } from "node:timers/promises";
import type { Scene } from "../../../checkers/core/check.ts";
import type { Experiment, Measurement } from "../../../checkers/core/lab.ts";
import { kinds } from "../../../checkers/core/port.ts";
import type { Facts } from "../facts.ts";
import { change, toldBy, variableOf } from "./live-change.ts";
import { fleet, nameOf } from "./reading.ts";

const toolbox = "workbook.local/toolbox:1.0";
const beat = 500;

/** A pod that runs a command once, for an experiment: small, and gone with it. */
const onePod = (name: string, command: string, more: Record<string, unknown> = {}, account?: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: {
    restartPolicy: "Never",
    terminationGracePeriodSeconds: 0,
    ...(account && { serviceAccountName: account }),
    containers: [
      {
        name: "toolbox",
        image: toolbox,
        command: ["sh", "-c", command],
        resources: { requests: { cpu: "10m", memory: "16Mi" } },
        ...more,
      },
    ],
  },
});

/** What a pod of an experiment printed, once it has ended. Throws when it can't start. */
async function printed({ cluster, probes, signal }: Scene, pod: string): Promise<string> {
  for (;;) {
    const found = await cluster.get(kinds.Pod, pod);
    const phase = found?.status?.phase;
    if (phase === "Succeeded" || phase === "Failed") {
      const lines = await probes.logs(pod);
      return lines.map(({ text }) => text).join("\n");
    }
    await pause(beat, undefined, { signal });
  }
}

/** Names for an experiment's objects that no learner has taken. */
const fresh = (what: string): string => `try-${what}-${Math.random().toString(36).slice(2, 7)}`;

export const experiments = (lab: Facts): Record<string, Experiment> => ({
  /** Two ConfigMaps with one key, both in envFrom: who wins? */
  "same-key": {
    within: "60s",
    async measure(scene): Promise<Measurement> {
      const { create } = scene.probes.disturb;
      const [one, two, pod] = [fresh("first"), fresh("second"), fresh("both")];
      const map = (name: string, value: string) => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name },
        data: { LOG_LEVEL: value },
      });
      await create(map(one, "first"));
      await create(map(two, "second"));
      const envFrom = [{ configMapRef: { name: one } }, { configMapRef: { name: two } }];
      await create(onePod(pod, 'echo "$LOG_LEVEL"', { envFrom }));
      const said = (await printed(scene, pod)).trim();
      return {
        value: said === "first" ? 0 : said === "second" ? 1 : 2,
        series: [
          { label: "the first ConfigMap's value", value: said === "first" ? 1 : 0 },
          { label: "the second ConfigMap's value", value: said === "second" ? 1 : 0 },
        ],
        says: `n = 1 pod: envFrom names a ConfigMap with LOG_LEVEL=first, then one with LOG_LEVEL=second. Its process printed LOG_LEVEL=${said}; there was no warning.`,
      };
    },
  },
  /** One key, both as a variable and as a file, changed while the pod runs: where does the new value appear, and when? */
  "which-follows": {
    within: "3m",
    async measure(scene, tell): Promise<Measurement> {
      const { cluster, probes, signal } = scene;
      const { ready } = await fleet(cluster, lab.backend);
      const pod = ready[0] ? nameOf(ready[0]) : undefined;
      const told = pod ? await toldBy(probes, pod, lab.backendPort) : undefined;
      const variable = pod ? await variableOf(probes, pod, lab.batchKey) : undefined;
      if (!pod || told?.settings[lab.batchKey]?.from !== "file" || variable === undefined) {
        throw new Error(
          `This needs a ready pod of ${lab.backend} that has ${lab.batchKey} both as a variable and as a file in the folder ${lab.folderKey} names. Do the steps above first.`,
        );
      }
      const map = await cluster.get(kinds.ConfigMap, lab.mlConfig);
      const before = map?.data?.[lab.batchKey] ?? "";
      const value = `${Number(before) * 2}`;
      const file = `${told.config_dir}/${lab.batchKey}`;
      await change(scene, lab.mlConfig, lab.batchKey, value);
      const began = performance.now();
      const since = (): number => Math.round((performance.now() - began) / 100) / 10;
      let inFile: number | undefined;
      let inProcess: number | undefined;
      let inVariable: number | undefined;
      // Nothing is nudged here: the kubelet looks when it looks, which takes up to about a minute and a half.
      while (inProcess === undefined && since() < 150) {
        const { stdout } = await probes.exec(pod, ["cat", file]);
        if (inFile === undefined && stdout.trim() === value) inFile = since();
        const now = (await toldBy(probes, pod, lab.backendPort))?.settings[lab.batchKey]?.value;
        if (`${now}` === value) inProcess = since();
        tell?.({
          series: [
            { label: "seconds so far", value: since() },
            { label: "file: new after", value: inFile ?? 0 },
          ],
        });
        await pause(1_000, undefined, { signal });
      }
      if ((await variableOf(probes, pod, lab.batchKey)) === value) inVariable = since();
      return {
        value: inVariable === undefined ? (inFile === undefined ? 3 : 1) : inFile === undefined ? 2 : 0,
        series: [
          { label: "file in the container: new after (s)", value: inFile ?? 0 },
          { label: "what the process works with: new after (s)", value: inProcess ?? 0 },
          { label: "environment variable: new after (s), 0 = never", value: inVariable ?? 0 },
        ],
        says: `n = 1: ${lab.batchKey} in ${lab.mlConfig} was changed from ${before} to ${value}. In pod/${pod} the file ${inFile === undefined ? "stayed as it was" : `was new after ${inFile} s`}, the process ${inProcess === undefined ? "never took it up" : `worked with it after ${inProcess} s`}, and the environment variable ${inVariable === undefined ? `still said ${before} after ${since()} s` : "was new too"}. The former value has been put back.`,
      };
    },
  },
  /** An account that may create pods and read logs, but not read Secrets: can it get at the key? */
  "who-may-read": {
    within: "60s",
    async measure(scene): Promise<Measurement> {
      const { cluster, probes } = scene;
      if (!(await cluster.get(kinds.Secret, lab.apiSecret)))
        throw new Error(`There is no Secret ${lab.apiSecret} yet: do the task above first.`);
      const { create } = probes.disturb;
      const account = fresh("intern");
      const group = "rbac.authorization.k8s.io";
      await create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account } });
      await create({
        apiVersion: `${group}/v1`,
        kind: "Role",
        metadata: { name: account },
        rules: [
          { apiGroups: [""], resources: ["pods"], verbs: ["create", "get"] },
          { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
        ],
      });
      await create({
        apiVersion: `${group}/v1`,
        kind: "RoleBinding",
        metadata: { name: account },
        subjects: [{ kind: "ServiceAccount", name: account, namespace: lab.namespace }],
        roleRef: { apiGroup: group, kind: "Role", name: account },
      });
      const mayRead = await probes.canI(account, "get", { resource: "secrets", name: lab.apiSecret });
      const name = fresh("peek");
      // The length is printed and not the key: what an experiment finds is kept.
      const pod = onePod(name, `printf '%s' "\${#${lab.apiKeyName}}"`, {
        env: [{ name: lab.apiKeyName, valueFrom: { secretKeyRef: { name: lab.apiSecret, key: lab.apiKeyName } } }],
      });
      const asked = await probes.dryRun(pod, { as: account });
      let length = 0;
      if (asked.accepted) {
        await create(pod);
        length = Number((await printed(scene, name)).trim()) || 0;
      }
      return {
        value: length > 0 ? 1 : 0,
        series: [
          { label: "may get the Secret (1 = yes)", value: mayRead ? 1 : 0 },
          { label: "may create a pod that uses it (1 = yes)", value: asked.accepted ? 1 : 0 },
          { label: "characters of the key that pod has", value: length },
        ],
        says: `n = 1 account, with the rights to create pods and read logs. get secrets: ${mayRead ? "yes" : "no"}. A pod that takes ${lab.apiKeyName} from ${lab.apiSecret}: ${asked.accepted ? "accepted" : `refused (${asked.message})`}. The same pod, run, had ${length} characters of the key, and could have written them to its log.`,
      };
    },
  },
});
