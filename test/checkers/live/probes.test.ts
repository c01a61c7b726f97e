import { beforeAll, describe, expect, it } from "vitest";
import { kinds } from "../../../checkers/core/port.ts";
import { FreshCluster } from "../../../checkers/kube/fresh.ts";
import { makeProbes } from "../../../checkers/probes/scene.ts";
import { systemNamespace } from "../../../checkers/probes/toolbox.ts";
import { ground, reaches, until } from "./ground.ts";

const { transport, namespace, create } = await ground();
const own = await namespace();
const signal = AbortSignal.timeout(240_000);
const probes = makeProbes(transport, own, signal);
const cluster = new FreshCluster(transport, own);

const pod = (name: string, version: string) => ({
  metadata: { name, labels: { app: "echo" } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: "app",
        args: ["-listen=:5000"],
        image: `workbook.local/ml-inference:${version}`,
        readinessProbe: { httpGet: { path: "/ready", port: 5000 }, periodSeconds: 1 },
      },
    ],
  },
});

beforeAll(async () => {
  await create(own, "pods", pod("a", "1.0"));
  await create(own, "pods", pod("b", "1.1"));
  await create(own, "services", {
    metadata: { name: "echo" },
    spec: { selector: { app: "echo" }, ports: [{ port: 80, targetPort: 5000 }] },
  });
  await create(own, "services", {
    metadata: { name: "nobody" },
    spec: { selector: { app: "none" }, ports: [{ port: 80 }] },
  });
  const ready = (one: { conditions?: { type: string; status: string }[] } | undefined): boolean =>
    one?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
  await until(async () => (await cluster.list(kinds.Pod)).every((one) => ready(one.status)), 60_000);
  await reaches(probes, "echo", 2);
}, 120_000);

describe("exec", () => {
  it("gives code, output and error output", async () => {
    expect(await probes.exec("a", ["sh", "-c", "echo out; echo err >&2; exit 3"])).toEqual({
      code: 3,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect(await probes.exec("a", ["true"], { container: "app" })).toMatchObject({ code: 0 });
  });
  it("passes words as they are", async () => {
    expect(
      (await probes.exec("a", ["sh", "-c", 'for word; do echo "$word"; done', "sh", "a b", "$HOME", "ü"])).stdout,
    ).toBe("a b\n$HOME\nü\n");
  });
  it("cuts long output", async () => {
    const { stdout, code } = await probes.exec("a", [
      "sh",
      "-c",
      "i=0; while [ $i -lt 6000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done",
    ]);
    expect(stdout).toHaveLength(64 * 1024);
    expect(code).toBe(0);
  });
  it("has 127 for a program that is not there", async () => {
    expect(await probes.exec("a", ["no-such-program"])).toMatchObject({ code: 127 });
  });
  it("rejects with a sentence where there is no pod or no container", async () => {
    await expect(probes.exec("gone", ["true"])).rejects.toThrow('pods "gone" not found');
    await expect(probes.exec("a", ["true"], { container: "gone" })).rejects.toThrow("container gone");
  });
  it("ends on the signal", async () => {
    const stop = new AbortController();
    const running = makeProbes(transport, own, stop.signal).exec("a", ["sleep", "20"]);
    setTimeout(() => stop.abort(new Error("enough")), 300);
    await expect(running).rejects.toThrow("enough");
  });
});

describe("podGet", () => {
  it("asks one pod", async () => {
    const answer = await probes.podGet("b", 5000, "/");
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.headers["x-served-by"]).toBe("b");
    expect(answer.headers["x-version"]).toBe("1.1");
  });
  it("hands on what the application refuses", async () => {
    expect((await probes.podGet("a", 5000, "/no-such-path")).status).toBe(404);
  });
  it("has status 0 where nothing listens", async () => {
    const answer = await probes.podGet("a", 5999, "/");
    expect(answer.status).toBe(0);
    expect(answer.body).toMatch(/refused/);
  });
  it("rejects where there is no pod", async () => {
    await expect(probes.podGet("gone", 5000, "/")).rejects.toThrow("gone");
  });
});

describe("traffic", () => {
  it("reaches every replica with connections of its own", async () => {
    const sample = await probes.traffic({ service: "echo", port: 80, n: 60 });
    expect(sample).toMatchObject({ sent: 60, statuses: { 200: 60 } });
    // Either pod unseen in 60: 2 in 10^18.
    expect(Object.keys(sample.pods).sort()).toEqual(["a", "b"]);
    expect(Object.keys(sample.versions).sort()).toEqual(["1.0", "1.1"]);
    expect(Object.values(sample.pods).reduce((sum, n) => sum + n, 0)).toBe(60);
    expect(sample.body).toBeTruthy();
  });
  it("counts requests that nobody answers", async () => {
    const sample = await probes.traffic({ service: "nobody", port: 80, n: 5 });
    expect(sample).toMatchObject({ sent: 5, statuses: { 0: 5 }, pods: {} });
    expect(sample.firstError).toBeTruthy();
  });
  it("says that a name leads nowhere", async () => {
    const sample = await probes.traffic({ service: "no-such-service", port: 80, n: 3 });
    expect(sample.statuses).toEqual({ 0: 3 });
    expect(sample.firstError).toMatch(/resolve/);
  });
  it("sends no more than two thousand, within its time", async () => {
    const sample = await probes.traffic({ service: "echo", port: 80, path: "/health", n: 5_000 });
    expect(sample.sent).toBe(2_000);
    expect(sample.statuses).toEqual({ 200: 2_000 });
  });
  it("finds another pod to measure from when its own is gone", async () => {
    await transport.json(`/api/v1/namespaces/${systemNamespace}/pods/workbook-load-1.0`, {
      method: "DELETE",
      body: { gracePeriodSeconds: 0 },
    });
    expect(await probes.traffic({ service: "echo", port: 80, n: 4 })).toMatchObject({ statuses: { 200: 4 } });
  });
  it("leaves nothing in the lab's namespace", async () => {
    expect((await cluster.list(kinds.Pod)).map((one) => one.metadata?.name).sort()).toEqual(["a", "b"]);
  });
  it.each(["a b", 'a"', "a\nurl = x"])("refuses the path %j", async (path) => {
    await expect(probes.traffic({ service: "echo", port: 80, path, n: 1 })).rejects.toThrow("not an address");
  });
});
