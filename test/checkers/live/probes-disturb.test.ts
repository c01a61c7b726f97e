import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../checkers/clock.ts";
import { check, type Scene } from "../../../checkers/core/check.ts";
import { Busy } from "../../../checkers/core/errors.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { glance, runCheck, settle } from "../../../checkers/core/run.ts";
import { pass } from "../../../checkers/core/verdict.ts";
import { FreshCluster } from "../../../checkers/kube/fresh.ts";
import { measureLease, namespaceLease, withLease } from "../../../checkers/probes/lease.ts";
import { makeProbes, makeScene } from "../../../checkers/probes/scene.ts";
import { systemNamespace } from "../../../checkers/probes/toolbox.ts";
import { inTurn } from "../../../checkers/probes/turn.ts";
import { ground, until } from "./ground.ts";

const { transport, namespace, create, kubeconfig, home } = await ground();
const own = await namespace();
const signal = AbortSignal.timeout(240_000);
const cluster = new FreshCluster(transport, own);
const lab = { facts: () => ({}) };
const scene = (until = signal) =>
  makeScene({
    lab,
    namespace: own,
    cluster,
    transport,
    learnerKubeconfig: join(home, "none"),
    folder: home,
    signal: until,
  });

const disturbing = (observe: (scene: Scene) => Promise<ReturnType<typeof pass>>, more: object = {}) =>
  check({
    title: "It holds",
    points: 1,
    mode: "disturb",
    alone: false,
    within: "20s",
    evidence: "state",
    why: "because",
    failures: { wrong: { says: "It is wrong.", hints: ["Look."] } },
    observe,
    ...more,
  });
const data = async (name: string) => (await cluster.get(kinds.ConfigMap, name))?.data;
const journal = () => cluster.get(kinds.ConfigMap, `undo.${own}`, { namespace: systemNamespace });
const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

beforeAll(async () => {
  await create(own, "configmaps", { metadata: { name: "settings" }, data: { kept: "yes", changed: "before" } });
  await create(
    own,
    "deployments",
    {
      metadata: { name: "app" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "app" } },
        template: {
          metadata: { labels: { app: "app" } },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [{ name: "app", args: ["-listen=:5000"], image: "workbook.local/ml-inference:1.0" }],
          },
        },
      },
    },
    "/apis/apps/v1",
  );
  await until(async () => (await cluster.get(kinds.Deployment, "app"))?.status?.readyReplicas === 2, 90_000);
}, 120_000);

describe("what a check disturbs", () => {
  const disturb = async ({ probes }: Scene) => {
    await probes.disturb.patch(kinds.ConfigMap, "settings", { data: { changed: "meanwhile", added: "too" } });
    await probes.disturb.patch(kinds.ConfigMap, "settings", { data: { changed: "twice" } });
    await probes.disturb.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "made" }, data: {} });
    expect(await data("settings")).toEqual({ kept: "yes", changed: "twice", added: "too" });
    expect(Object.keys((await journal())?.data ?? {})).toHaveLength(3);
    return pass();
  };
  const back = async () => {
    expect(await data("settings")).toEqual({ kept: "yes", changed: "before" });
    expect(await data("made")).toBeUndefined();
    expect(await journal()).toBeUndefined();
  };
  it("is put back by the time it has a verdict", async () => {
    expect(await runCheck(disturbing(disturb), scene(), systemClock)).toEqual(pass());
    await back();
  });
  it("is put back when it throws, and when it does not end", async () => {
    const throws = disturbing(async (scene) => {
      await disturb(scene);
      throw new Error("it broke");
    });
    expect(await runCheck(throws, scene(), systemClock)).toMatchObject({ state: "error", why: "it broke" });
    await back();
    const hangs = disturbing(async (scene) => {
      await disturb(scene);
      return new Promise(() => {});
    });
    expect(await runCheck(hangs, scene(), systemClock, 3_000)).toMatchObject({ state: "error" });
    await back();
  });
  it("is put back when it is stopped, and nothing is disturbed after that", async () => {
    const stop = new AbortController();
    let after: unknown;
    const late = Promise.withResolvers<void>();
    const stopped = disturbing(async (scene) => {
      await disturb(scene);
      stop.abort(new Error("enough"));
      await pause(500);
      after = await scene.probes.disturb
        .create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "late" } })
        .then(
          () => "made",
          (error: Error) => error.message,
        );
      late.resolve();
      return pass();
    });
    expect(await runCheck(stopped, scene(stop.signal), systemClock)).toMatchObject({ state: "error" });
    await back();
    await late.promise;
    expect(after).not.toBe("made");
    expect(await data("late")).toBeUndefined();
  });
  it("is put back by whoever comes next when its process is killed", async () => {
    const root = new URL("../../../", import.meta.url).href;
    const script = `
      const { Transport } = await import("${root}checkers/kube/transport.ts");
      const { makeProbes } = await import("${root}checkers/probes/scene.ts");
      const { inTurn } = await import("${root}checkers/probes/turn.ts");
      const transport = await Transport.open({ kubeconfig: ${JSON.stringify(kubeconfig)} });
      const signal = new AbortController().signal;
      await inTurn(transport, "${own}", { alone: false, says: "a test", wait: 1000 }, signal, async () => {
        const { disturb } = makeProbes(transport, "${own}", signal);
        await disturb.patch({ group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true }, "settings", { data: { changed: "by the dead" } });
        process.kill(process.pid, "SIGKILL");
      });`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [, killed] = (await once(child, "exit")) as [number | null, string | null];
    expect(killed).toBe("SIGKILL");
    expect((await data("settings"))?.changed).toBe("by the dead");
    const next = disturbing(async () => {
      expect((await data("settings"))?.changed).toBe("before");
      return pass();
    });
    expect((await settle(next, scene(), systemClock)).verdict).toEqual(pass());
    await back();
  });
  it("does not replace what is there", async () => {
    const probes = makeProbes(transport, own, signal);
    const made = probes.disturb.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" } });
    await expect(made).rejects.toThrow("there already");
    await probes.close();
    expect(await data("settings")).toBeDefined();
  });
  it("says so when something could not be put back", async () => {
    const stubborn = disturbing(async ({ probes }) => {
      const [pod] = await cluster.list(kinds.Pod);
      await probes.disturb.post(pod?.metadata?.name ?? "", 9000, "/slow?ms=1", "/slow?ms=nonsense");
      return pass();
    });
    expect(await runCheck(stubborn, scene(), systemClock)).toMatchObject({
      state: "error",
      why: expect.stringContaining("Not everything could be put back"),
    });
    expect(await journal()).toBeUndefined();
  });
  it("needs no putting back in a process that is gone", async () => {
    const [pod] = await cluster.list(kinds.Pod);
    const name = pod?.metadata?.name ?? "";
    const slow = disturbing(async ({ probes }) => {
      expect((await probes.disturb.post(name, 9000, "/slow?ms=700", "/reset")).status).toBe(200);
      const began = performance.now();
      await probes.podGet(name, 5000, "/predict");
      expect(performance.now() - began).toBeGreaterThan(700);
      return pass();
    });
    expect(await runCheck(slow, scene(), systemClock)).toEqual(pass());
    const began = performance.now();
    await makeProbes(transport, own, signal).podGet(name, 5000, "/predict");
    expect(performance.now() - began).toBeLessThan(700);
    const deleted = disturbing(async ({ probes }) => {
      await probes.disturb.post(name, 9000, "/slow?ms=1", "/reset");
      await probes.disturb.deletePod(name, 0);
      return pass();
    });
    expect(await runCheck(deleted, scene(), systemClock)).toEqual(pass());
    await until(async () => (await cluster.get(kinds.Deployment, "app"))?.status?.readyReplicas === 2, 60_000);
  });
});

describe("acting on pods", () => {
  it("deletes one, and its controller makes another", async () => {
    const probes = makeProbes(transport, own, signal);
    const [pod] = await cluster.list(kinds.Pod);
    await probes.disturb.deletePod(pod?.metadata?.name ?? "", 0);
    await until(async () => {
      const left = await cluster.list(kinds.Pod);
      return left.length === 2 && left.every(({ metadata }) => metadata?.uid !== pod?.metadata?.uid);
    });
    await expect(probes.disturb.deletePod("gone")).rejects.toThrow("not found");
  });
  it("drains a node of the lab's pods only, and takes the cordon away", async () => {
    await until(async () => (await cluster.get(kinds.Deployment, "app"))?.status?.readyReplicas === 2, 60_000);
    const pods = await cluster.list(kinds.Pod);
    const node = pods[0]?.spec?.nodeName as string;
    const there = pods.filter(({ spec }) => spec?.nodeName === node).map(({ metadata }) => metadata?.name);
    const others = async () =>
      (await cluster.list(kinds.Pod, { namespace: "kube-system" })).filter(({ spec }) => spec?.nodeName === node)
        .length;
    const before = await others();
    const probes = makeProbes(transport, own, signal);
    const { evicted, refused } = await probes.disturb.drain(node);
    expect({ evicted, refused }).toEqual({ evicted: there.sort(), refused: [] });
    expect((await cluster.get(kinds.Node, node))?.spec?.unschedulable).toBe(true);
    expect((await cluster.list(kinds.Pod)).every(({ spec }) => spec?.nodeName !== node)).toBe(true);
    expect(await others()).toBe(before);
    await probes.close();
    expect((await cluster.get(kinds.Node, node))?.spec?.unschedulable).toBeUndefined();
  }, 60_000);
  it("honors a budget that allows none, and says which", async () => {
    await until(async () => (await cluster.get(kinds.Deployment, "app"))?.status?.readyReplicas === 2, 60_000);
    await create(
      own,
      "poddisruptionbudgets",
      { metadata: { name: "all" }, spec: { maxUnavailable: 0, selector: { matchLabels: { app: "app" } } } },
      "/apis/policy/v1",
    );
    await until(async () => (await cluster.get(kinds.PodDisruptionBudget, "all"))?.status?.expectedPods === 2);
    const node = (await cluster.list(kinds.Pod))[0]?.spec?.nodeName as string;
    const probes = makeProbes(transport, own, signal);
    try {
      const { evicted, refused } = await probes.disturb.drain(node);
      expect(evicted).toEqual([]);
      expect(refused.length).toBeGreaterThan(0);
      expect(refused[0]?.message).toContain("disruption budget");
    } finally {
      await probes.close();
    }
  }, 60_000);
});

describe("turns", () => {
  const options = { alone: false, says: "mine", wait: 20_000 };
  it("never overlap in one namespace, and others do not wait", async () => {
    let now = 0;
    let most = 0;
    const act = async () => {
      most = Math.max(most, ++now);
      await pause(200);
      now--;
    };
    await Promise.all([1, 2, 3, 4].map(() => inTurn(transport, own, options, signal, act)));
    expect(most).toBe(1);
    const elsewhere = ["x", "y"].map((end) => inTurn(transport, `${own}-${end}`, options, signal, act));
    await Promise.all(elsewhere);
    expect(most).toBe(2);
  });
  it("never overlap anywhere for what has to be alone", async () => {
    let now = 0;
    let most = 0;
    const act = async () => {
      most = Math.max(most, ++now);
      await pause(200);
      now--;
    };
    // The lease is the whole cluster's: others that work on it may hold it for a while.
    const alone = { ...options, alone: true, wait: 200_000 };
    await Promise.all(["x", "y"].map((end) => inTurn(transport, `${own}-${end}`, alone, signal, act)));
    expect(most).toBe(1);
  }, 240_000);
  it("come to a load only when nothing else measures; what is made ready for it does not wait", async () => {
    await create(own, "services", {
      metadata: { name: "app" },
      spec: { selector: { app: "app" }, ports: [{ port: 80, targetPort: 5000 }] },
    });
    const order: string[] = [];
    const loads = disturbing(
      async ({ probes }) => {
        await probes.disturb.create({
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "ready" },
          data: { is: "ready" },
        });
        const load = { service: "app", port: 80, path: "/health", rate: 10, seconds: 1 };
        // One within the other has no turn of its own to wait for.
        const { result } = await probes.during({ ...load, seconds: 20 }, () => probes.load(load));
        order.push(result.sent >= 10 ? "sent" : `${result.sent} sent`);
        return pass();
      },
      { alone: "load" },
    );
    const others = { says: "another measurement", wait: 200_000 };
    const settled = await withLease(transport, measureLease, others, signal, async () => {
      const one = settle(loads, scene(), systemClock);
      await until(async () => (await data("ready")) !== undefined);
      await pause(3_000);
      order.push("the other is done");
      return { one };
    });
    expect((await settled.one).verdict).toEqual(pass());
    expect(order).toEqual(["the other is done", "sent"]);
    expect(await data("ready")).toBeUndefined();
  }, 240_000);
  it("say who holds what was not free in time", async () => {
    let told = "";
    await withLease(transport, namespaceLease(own), { says: "the first", wait: 1_000 }, signal, async () => {
      const second = inTurn(
        transport,
        own,
        {
          ...options,
          wait: 300,
          waiting: (what) => {
            told = what;
          },
        },
        signal,
        async () => {},
      );
      await expect(second).rejects.toThrow(Busy);
      const seen = await glance(
        disturbing(async () => pass(), { mode: "sample" }),
        scene(),
        systemClock,
      );
      expect(seen).toMatchObject({
        state: "waiting",
        why: "another measurement is running on this cluster: the first",
      });
    });
    expect(told).toBe("the first");
    expect(
      await glance(
        disturbing(async () => pass(), { mode: "sample" }),
        scene(),
        systemClock,
      ),
    ).toEqual(pass());
  }, 30_000);
  it("take a lease over once its holder stopped renewing it", async () => {
    const renewTime = "2020-01-01T00:00:00.000000Z";
    await transport.json(`/apis/coordination.k8s.io/v1/namespaces/${systemNamespace}/leases`, {
      method: "POST",
      body: {
        metadata: { name: namespaceLease(own) },
        // Of another machine, whose clock may be wrong: its word on when it renewed means nothing.
        spec: { holderIdentity: "elsewhere/1/x", leaseDurationSeconds: 2, renewTime },
      },
    });
    const began = performance.now();
    await inTurn(transport, own, options, signal, async () => {});
    expect(performance.now() - began).toBeGreaterThan(1_900);
  });
  it("stop what runs when the lease was taken away", async () => {
    const running = withLease(transport, namespaceLease(own), { says: "mine", wait: 5_000 }, signal, async (held) => {
      await transport.json(`/apis/coordination.k8s.io/v1/namespaces/${systemNamespace}/leases/${namespaceLease(own)}`, {
        method: "DELETE",
      });
      await systemClock.sleep(15_000, held);
      held.throwIfAborted();
    });
    await expect(running).rejects.toThrow("stopped");
  }, 30_000);
  it("end with the signal while waiting", async () => {
    const stop = new AbortController();
    await withLease(transport, namespaceLease(own), { says: "the first", wait: 5_000 }, signal, async () => {
      const waiting = inTurn(transport, own, options, stop.signal, async () => {});
      setTimeout(() => stop.abort(new Error("enough")), 100);
      await expect(waiting).rejects.toThrow("enough");
    });
  });
});
