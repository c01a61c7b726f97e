import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterName } from "../../cluster/index.ts";
import { Course, freePort, need, workbook } from "../kit/course.ts";

const kubectl = (...args: string[]): string =>
  execFileSync(`${need("WORKBOOK_TEST_BIN")}/kubectl`, ["--kubeconfig", need("WORKBOOK_TEST_KUBECONFIG"), ...args], {
    encoding: "utf8",
    timeout: 60_000,
  });
const docker = (...args: string[]): string => execFileSync("docker", args, { encoding: "utf8", timeout: 60_000 });
const controlPlane = `${clusterName()}-control-plane`;

let course: Course;
beforeAll(async () => {
  course = new Course(["--port", String(await freePort())]);
  await course.event("up");
  kubectl("create", "configmap", "kept", "--from-literal=value=42", "--namespace", "default");
}, 240_000);
afterAll(async () => {
  await course?.stop();
});

const lastState = (): string | undefined =>
  course.events.flatMap((event) => ("cluster" in event ? [event.cluster.state] : [])).at(-1);

describe("a cluster in trouble", () => {
  it("that hangs is said to, checks could not look, and it is found again by itself", async () => {
    docker("pause", controlPlane);
    try {
      await expect.poll(lastState, { timeout: 60_000, interval: 500 }).toBe("unreachable");
      const { code, stdout, stderr } = await workbook(["check", "02", "--json"]);
      expect(code).toBe(2);
      const words = stdout + stderr;
      expect(words).toMatch(/API server/);
      expect(words).not.toMatch(/\n\s+at /);
      if (stdout.includes('"checks"')) {
        const report = JSON.parse(stdout) as { complete: boolean; checks: { state: string }[] };
        expect(report.complete).toBe(false);
        expect(report.checks.filter((check) => check.state === "fail")).toEqual([]);
      }
      const status = await workbook(["status"]);
      expect(status.code).toBe(1);
    } finally {
      docker("unpause", controlPlane);
    }
    await expect.poll(lastState, { timeout: 60_000, interval: 500 }).toBe("ready");
  }, 240_000);

  it("whose API server restarts comes back with its state", async () => {
    docker("exec", controlPlane, "sh", "-c", "kill $(pidof kube-apiserver)");
    await expect
      .poll(
        () => {
          try {
            return kubectl("get", "configmap", "kept", "-n", "default", "-o", "jsonpath={.data.value}");
          } catch {
            return "not yet";
          }
        },
        { timeout: 120_000, interval: 1000 },
      )
      .toBe("42");
    await expect.poll(async () => (await workbook(["status"])).code, { timeout: 60_000, interval: 1000 }).toBe(0);
  }, 240_000);

  it("that was stopped with its engine is brought back by up, the same one with its state", async () => {
    await course.stop();
    const uid = kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}");
    const down = await workbook(["down"]);
    expect(down.code).toBe(0);
    expect(down.stdout).toMatch(/stopped/);
    const status = JSON.parse((await workbook(["status", "--json"])).stdout) as { cluster: { state: string } };
    expect(status.cluster.state).toBe("stopped");
    course = new Course(["--yes", "--port", String(await freePort())]);
    await course.event("up", 300_000);
    expect(kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")).toBe(uid);
    expect(kubectl("get", "configmap", "kept", "-n", "default", "-o", "jsonpath={.data.value}")).toBe("42");
    // Not only the objects: pods on different nodes reach each other and names resolve.
    await expect
      .poll(() => kubectl("get", "nodes", "--no-headers").match(/ Ready /g)?.length, {
        timeout: 60_000,
        interval: 1000,
      })
      .toBe(3);
    kubectl("delete", "pod", "asks", "-n", "default", "--ignore-not-found", "--now");
    kubectl(
      "run",
      "asks",
      "-n",
      "default",
      "--image=workbook.local/toolbox:1.0",
      "--restart=Never",
      "--command",
      "--",
      "sleep",
      "300",
    );
    kubectl("wait", "pod/asks", "-n", "default", "--for=condition=Ready", "--timeout=55s");
    const answer = kubectl(
      "exec",
      "asks",
      "-n",
      "default",
      "--",
      "curl",
      "-sk",
      // The name resolves once up is done; kube-proxy on the pod's node may be a second behind.
      ...["--retry", "10", "--retry-delay", "1", "--retry-all-errors"],
      "--max-time",
      "20",
      "https://kubernetes.default.svc/version",
    );
    expect(answer).toContain("gitVersion");
    kubectl("delete", "pod", "asks", "-n", "default", "--grace-period=0", "--force");
  }, 480_000);
});
