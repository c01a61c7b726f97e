import { beforeAll, describe, expect, it } from "vitest";
import type { FlowSecond } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { FreshCluster } from "../../../checkers/kube/fresh.ts";
import { makeProbes } from "../../../checkers/probes/scene.ts";
import { judgeShare, tenPercent } from "../../../checkers/probes/share.ts";
import { ground, reaches, until } from "./ground.ts";

const { transport, namespace, create } = await ground();
const own = await namespace();
const signal = AbortSignal.timeout(240_000);
const probes = makeProbes(transport, own, signal);
const cluster = new FreshCluster(transport, own);

const pod = (name: string, version: string, labels: Record<string, string>) => ({
  metadata: { name, labels },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: "app",
        args: ["-listen=:5000"],
        image: `workbook.local/ml-inference:${version}`,
        // Without one a container counts as ready before its process listens.
        readinessProbe: { httpGet: { path: "/ready", port: 5000 }, periodSeconds: 1 },
      },
    ],
  },
});
const service = (name: string, selector: object) =>
  create(own, "services", { metadata: { name }, spec: { selector, ports: [{ port: 80, targetPort: 5000 }] } });

beforeAll(async () => {
  await Promise.all([
    create(own, "pods", pod("one", "1.0", { app: "pair", solo: "yes" })),
    create(own, "pods", pod("two", "1.1", { app: "pair" })),
    service("pair", { app: "pair" }),
    service("solo", { solo: "yes" }),
    service("nobody", { app: "none" }),
  ]);
  await until(async () => {
    const pods = await cluster.list(kinds.Pod);
    return pods.length === 2 && pods.every(({ status }) => status?.containerStatuses?.every(({ ready }) => ready));
  }, 60_000);
  await Promise.all([reaches(probes, "pair", 2), reaches(probes, "solo", 1)]);
}, 120_000);

/** Load generators of this file that run in the pod that measures: others may use it too. */
const running = async (): Promise<number> => {
  const count = `for dir in /proc/[0-9]*; do [ "$(cat $dir/comm)" = k6 ] && grep -q ${own} $dir/environ && echo; done 2>/dev/null | wc -l`;
  return Number((await probes.inside(["sh", "-c", count])).stdout);
};
const target = { service: "pair", port: 80, path: "/health" };

describe("load", () => {
  it("keeps its rate and tells each second", async () => {
    const seconds: FlowSecond[] = [];
    const flow = await probes.load({
      ...target,
      rate: 50,
      seconds: 3,
      timeout: 20_000,
      onSecond: (second) => seconds.push(second),
    });
    expect(flow).toMatchObject({ failed: 0, dropped: 0, failures: [] });
    expect(flow.sent).toBeGreaterThanOrEqual(149);
    expect(flow.sent).toBeLessThanOrEqual(151);
    // Either pod unseen in 149: 2 in 10^45.
    expect(Object.keys(flow.pods).sort()).toEqual(["one", "two"]);
    expect(flow.versions["1.0"]).toBe(flow.pods.one);
    expect(flow.latency.p50).toBeGreaterThan(0);
    expect(flow.latency.p50).toBeLessThanOrEqual(flow.latency.p99);
    expect(seconds).toEqual(flow.seconds);
    expect(seconds.reduce((sum, { sent }) => sum + sent, 0)).toBe(flow.sent);
  });
  it("posts a body", async () => {
    const body = '{"instances":[1]}';
    const flow = await probes.load({ ...target, path: "/predict", body, rate: 10, seconds: 1 });
    expect(Object.keys(flow.statuses)).toEqual(["200"]);
    const bad = await probes.load({ ...target, path: "/predict", body: "nonsense", rate: 10, seconds: 1 });
    expect(Object.keys(bad.statuses)).toEqual(["400"]);
    expect(bad.failed).toBe(0);
  });
  it("counts requests that nobody answers", async () => {
    const flow = await probes.load({ ...target, service: "nobody", rate: 10, seconds: 1, timeout: 500 });
    expect(flow.failed).toBe(flow.sent);
    expect(flow.statuses).toEqual({ 0: flow.sent });
    expect(flow.failures[0]?.error).toBeTruthy();
    expect(flow.latency).toMatchObject({ p50: 0, max: 0 });
  });
  it("is refused beyond its limits", async () => {
    await expect(probes.load({ ...target, rate: 1_000, seconds: 1 })).rejects.toThrow("at most 200");
    await expect(probes.load({ ...target, rate: 1, seconds: 900 })).rejects.toThrow("at most 300");
    await expect(probes.load({ ...target, rate: 0, seconds: 1 })).rejects.toThrow("above 0");
  });
  it("ends with its signal, and leaves nothing running", async () => {
    const stop = new AbortController();
    const mine = makeProbes(transport, own, stop.signal);
    const begun = Promise.withResolvers<void>();
    const loading = mine.load({ ...target, rate: 20, seconds: 60, onSecond: () => begun.resolve() });
    loading.catch(() => {});
    await begun.promise;
    expect(await running()).toBe(1);
    stop.abort(new Error("enough"));
    await expect(loading).rejects.toThrow("enough");
    await mine.close();
    await until(async () => (await running()) === 0, 15_000);
    expect((await probes.inside(["sh", "-c", `grep -ls ${own} /tmp/workbook-load-* || true`])).stdout).toBe("");
  });
});

describe("during", () => {
  it("loses nothing when nothing happens, and waits no longer than the event", async () => {
    const began = performance.now();
    const { flow, result } = await probes.during(
      { ...target, rate: 40, seconds: 60, timeout: 20_000 },
      async () => "done",
    );
    expect(result).toBe("done");
    expect(flow).toMatchObject({ failed: 0, dropped: 0 });
    // 2 s before and 2 s after.
    expect(flow.sent).toBeGreaterThan(140);
    expect(flow.sent).toBeLessThan(200);
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(await running()).toBe(0);
  });
  it("shows a pause as every request in it felt it", async () => {
    const { flow } = await probes.during({ ...target, service: "solo", rate: 40, seconds: 30 }, async () => {
      await probes.disturb.post("one", 9000, "/hang?seconds=2");
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    });
    // 2 s of some 6.5 s: a third of the requests waited, half a second or more most of them; a closed loop would show a handful.
    expect(flow.latency.p95).toBeGreaterThan(1_000);
    expect(flow.latency.max).toBeGreaterThan(1_500);
    expect(flow.latency.p50).toBeLessThan(500);
    expect(flow).toMatchObject({ failed: 0, dropped: 0 });
  });
  it("shows requests that are lost", async () => {
    const { flow } = await probes.during(
      { ...target, service: "solo", rate: 20, seconds: 30, timeout: 1_000 },
      async () => {
        await probes.disturb.post("one", 9000, "/hang?seconds=3");
        await new Promise((resolve) => setTimeout(resolve, 3_000));
      },
    );
    expect(flow.failed).toBeGreaterThan(20);
    expect(flow.failures.every(({ status, at }) => status === "0" && at > 1_000)).toBe(true);
  });
  it("hands on what the event throws, and stops", async () => {
    const broken = probes.during({ ...target, rate: 10, seconds: 30 }, () =>
      Promise.reject(new Error("the event broke")),
    );
    await expect(broken).rejects.toThrow("the event broke");
    expect(await running()).toBe(0);
  });
  it("says when the event took too long", async () => {
    const slow = probes.during(
      { ...target, rate: 10, seconds: 1 },
      () => new Promise((resolve) => setTimeout(resolve, 6_000)),
    );
    await expect(slow).rejects.toThrow("longer than 1 s");
  });
});

describe("a share of traffic", () => {
  it("is sampled for a decision in less than 15 s", async () => {
    const began = performance.now();
    const { statuses, versions } = await probes.traffic({ ...target, n: tenPercent.n });
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(statuses).toEqual({ 200: tenPercent.n });
    // Two pods, one each: half, which is not about ten percent.
    expect(judgeShare(tenPercent, versions["1.1"] ?? 0, tenPercent.n)).toBe("too-much");
  });
});
