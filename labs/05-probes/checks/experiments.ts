import { setTimeout as pause } from "node:timers/promises";
import type { V1Container, V1Pod, V1Probe } from "@kubernetes/client-node";
import type { Scene } from "../../../checkers/core/check.ts";
import type { Experiment, Measurement } from "../../../checkers/core/lab.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { isReady } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { eventsOf, killing, restartsOf, since, until } from "./ground.ts";

/** All experiments work on pods of their own, which no Service selects, so that the learner's stay as they are. */
const label = "workbook.local/experiment";

interface Copy {
  name: string;
  env?: Record<string, string>;
  liveness?: V1Probe;
  readiness?: V1Probe;
  startup?: V1Probe;
  /** Seconds; Kubernetes' default is 30. */
  grace?: number;
  labels?: Record<string, string>;
}
function podOf(f: Facts, { name, env = {}, liveness, readiness, startup, grace, labels }: Copy): object {
  const container: V1Container = {
    name: f.container,
    image: f.image,
    args: [`-listen=:${f.port}`],
    env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
    resources: { requests: { cpu: "20m", memory: "64Mi" } },
    ...(liveness && { livenessProbe: liveness }),
    ...(readiness && { readinessProbe: readiness }),
    ...(startup && { startupProbe: startup }),
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { [label]: name, ...labels } },
    spec: { containers: [container], ...(grace !== undefined && { terminationGracePeriodSeconds: grace }) },
  };
}

const get = (path: string, port: number, rest: Partial<V1Probe> = {}): V1Probe => ({
  httpGet: { path, port },
  ...rest,
});
const podNamed = ({ cluster }: Scene, name: string): Promise<V1Pod | undefined> => cluster.get(kinds.Pod, name);

/** Makes pods and waits until each is ready. */
async function launch(scene: Scene, f: Facts, copies: readonly Copy[]): Promise<void> {
  for (const copy of copies) await scene.probes.disturb.create(podOf(f, copy) as Record<string, unknown>);
  const up = await until(60, scene.signal, async () => {
    const pods = await Promise.all(copies.map(({ name }) => podNamed(scene, name)));
    return pods.every((one) => one && isReady(one)) ? true : undefined;
  });
  if (!up)
    throw new Error(
      "The pods of the experiment did not get ready within a minute. Try again when the machine is less busy.",
    );
}

const hang = async ({ probes }: Scene, f: Facts, pod: string): Promise<void> => {
  const { status } = await probes.disturb.post(pod, f.adminPort, "/hang");
  if (status !== 202) throw new Error(`pod/${pod} could not be made to hang (HTTP ${status}). Try again.`);
};

export const experiments = (f: Facts): Record<string, Experiment> => ({
  /** The usual settings: every 5 s, 3 failures, and the grace period nobody wrote down. */
  "hang-to-restart": {
    within: "2m",
    async measure(scene, tell): Promise<Measurement> {
      const name = "hang-to-restart";
      await launch(scene, f, [
        {
          name,
          liveness: get("/health", f.port, { periodSeconds: 5, failureThreshold: 3 }),
          readiness: get("/ready", f.port, { periodSeconds: 1 }),
        },
      ]);
      const from = Date.now();
      await hang(scene, f, name);
      const began = performance.now();
      let decided: number | undefined;
      const restarted = await until(90, scene.signal, async () => {
        const pod = await podNamed(scene, name);
        if (!pod) throw new Error("The pod of the experiment was deleted meanwhile. Run it again.");
        if (decided === undefined && killing(await eventsOf(scene.cluster, pod, from))) {
          decided = since(began);
          tell?.({ series: [{ label: "decided to restart", value: decided }] });
        }
        return restartsOf(pod) > 0 ? since(began) : undefined;
      });
      await scene.probes.disturb.deletePod(name, 0);
      if (restarted === undefined)
        throw new Error("The container was not restarted within 90 s. Try again when the machine is less busy.");
      return {
        value: Math.round(restarted),
        series: [
          { label: "decided to restart", value: decided ?? restarted },
          { label: "new process", value: restarted },
        ],
        says: `n = 1: the kubelet decided after ${decided ?? restarted} s, and the old container ended after ${restarted} s. In between it waited for a process that could not hear.`,
      };
    },
  },
  /** Two pods that differ in the kind of their liveness probe alone. */
  "tcp-hang": {
    within: "2m",
    async measure(scene, tell): Promise<Measurement> {
      const timing = { periodSeconds: 2, failureThreshold: 3, terminationGracePeriodSeconds: 1 };
      const kindsOf = {
        "asks-http": get("/health", f.port, timing),
        "asks-tcp": { tcpSocket: { port: f.port }, ...timing } as V1Probe,
      };
      const names = Object.keys(kindsOf);
      await launch(
        scene,
        f,
        Object.entries(kindsOf).map(([name, liveness]) => ({
          name,
          liveness,
          startup: get("/startup", f.port, { periodSeconds: 1, failureThreshold: 30 }),
        })),
      );
      for (const name of names) await hang(scene, f, name);
      const began = performance.now();
      const seconds = 30;
      const at: Record<string, number> = {};
      await until(seconds, scene.signal, async () => {
        for (const name of names) if (restartsOf(await podNamed(scene, name)) > 0) at[name] ??= since(began);
        tell?.({ series: names.map((name) => ({ label: name, value: at[name] ?? 0 })) });
        return names.every((name) => at[name] !== undefined) ? true : undefined;
      });
      for (const name of names) await scene.probes.disturb.deletePod(name, 0);
      const { "asks-http": http, "asks-tcp": tcp } = at;
      if (http === undefined)
        throw new Error(
          "Not even the pod with the HTTP probe was restarted: the machine is too busy for a verdict. Try again.",
        );
      return {
        value: tcp === undefined ? 2 : tcp - http < 10 ? 0 : 1,
        series: [
          { label: "httpGet: seconds until restarted", value: http },
          { label: "tcpSocket: restarts in 30 s", value: tcp === undefined ? 0 : 1 },
        ],
        says: `n = 1 each, both hung: the pod with httpGet was restarted after ${http} s, the one with tcpSocket ${tcp === undefined ? `not at all in ${seconds} s` : `after ${tcp} s`}.`,
      };
    },
  },
  /** A shared store goes away for half a minute. Two pods ask for it in their liveness probe, two do not. */
  "liveness-on-dependency": {
    within: "3m",
    async measure(scene, tell): Promise<Measurement> {
      const { disturb } = scene.probes;
      const store = "experiment-store";
      const storePod = (name: string): Copy => ({
        name,
        labels: { app: store },
        grace: 1,
        readiness: get("/ready", f.port, { periodSeconds: 1 }),
      });
      await disturb.create({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: store },
        spec: { selector: { app: store }, ports: [{ port: f.port }] },
      });
      await launch(scene, f, [storePod(`${store}-1`)]);
      const env = {
        DEPENDENCY_URL: `http://${store}:${f.port}/features`,
        READY_CHECKS_DEPENDENCY: "true",
        STARTUP_SECONDS: String(f.load),
      };
      const common = {
        env,
        grace: 2,
        readiness: get("/ready", f.port, { periodSeconds: 1, failureThreshold: 1 }),
        startup: get("/startup", f.port, { periodSeconds: 1, failureThreshold: 30 }),
      };
      const asking = ["asks-store-1", "asks-store-2"];
      const minding = ["asks-itself-1", "asks-itself-2"];
      const timing = { periodSeconds: 3, failureThreshold: 2 };
      await launch(scene, f, [
        ...asking.map((name) => ({ name, ...common, liveness: get("/ready", f.port, timing) })),
        ...minding.map((name) => ({ name, ...common, liveness: get("/health", f.port, timing) })),
      ]);
      const restarts = async (names: readonly string[]): Promise<number> =>
        (await Promise.all(names.map((name) => podNamed(scene, name)))).reduce((sum, one) => sum + restartsOf(one), 0);
      const away = 30;
      await disturb.deletePod(`${store}-1`, 0);
      await until(away, scene.signal, async () => {
        tell?.({
          series: [
            { label: "liveness asks the store", value: await restarts(asking) },
            { label: "liveness asks itself", value: await restarts(minding) },
          ],
        });
        return undefined;
      });
      await launch(scene, f, [storePod(`${store}-2`)]);
      const began = performance.now();
      const back: Record<string, number> = {};
      await until(60, scene.signal, async () => {
        for (const name of [...asking, ...minding]) {
          const pod = await podNamed(scene, name);
          if (pod && isReady(pod)) back[name] ??= since(began);
        }
        return Object.keys(back).length === 4 ? true : undefined;
      });
      const [one, other] = [await restarts(asking), await restarts(minding)];
      const last = (names: readonly string[]): number => Math.max(...names.map((name) => back[name] ?? 60));
      for (const name of [...asking, ...minding]) await disturb.deletePod(name, 0).catch(() => undefined);
      await pause(500, undefined, { signal: scene.signal });
      return {
        value: one,
        series: [
          { label: "restarts, liveness asks the store", value: one },
          { label: "restarts, liveness asks itself", value: other },
          { label: "seconds until both serve again: asks the store", value: last(asking) },
          { label: "seconds until both serve again: asks itself", value: last(minding) },
        ],
        says: `The store was away for about ${away} s. The two pods whose liveness asked for it were restarted ${one} times and served again ${last(asking)} s after its return; the other two ${other} times, and after ${last(minding)} s.`,
      };
    },
  },
});
