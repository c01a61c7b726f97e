import { beforeAll, describe, expect, it } from "vitest";
import { kinds } from "../../../checkers/core/port.ts";
import { FreshCluster } from "../../../checkers/kube/fresh.ts";
import { makeProbes } from "../../../checkers/probes/scene.ts";
import { ground, until } from "./ground.ts";

const { transport, namespace, create } = await ground();
const own = await namespace();
const signal = AbortSignal.timeout(240_000);
const probes = makeProbes(transport, own, signal);
const cluster = new FreshCluster(transport, own);

const container = (more: object = {}) => ({
  name: "app",
  args: ["-listen=:5000"],
  image: "workbook.local/ml-inference:1.0",
  ...more,
});
const pod = (name: string, more: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: { terminationGracePeriodSeconds: 0, containers: [container(more)] },
});
const rbac = "/apis/rbac.authorization.k8s.io/v1";

beforeAll(async () => {
  await Promise.all([
    create(own, "pods", pod("a", { env: [{ name: "MODEL_NAME", value: "of-a" }] })),
    // Its first run ends with code 3, its second stays.
    create(own, "pods", {
      metadata: { name: "ends" },
      spec: {
        terminationGracePeriodSeconds: 0,
        volumes: [{ name: "kept", emptyDir: {} }],
        containers: [
          container({
            command: [
              "sh",
              "-c",
              `[ -e /kept/once ] && exec sleep 600; touch /kept/once; echo '{"msg":"last words"}'; echo plain; exit 3`,
            ],
            volumeMounts: [{ name: "kept", mountPath: "/kept" }],
          }),
        ],
      },
    }),
    // An image of one program: no shell, no cat.
    create(own, "pods", {
      metadata: { name: "bare" },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: "app",
            image: "workbook.local/pause:3.10.1",
            env: [{ name: "SETTING", value: "bare" }],
            securityContext: { runAsUser: 12345 },
          },
        ],
      },
    }),
    create(own, "services", {
      metadata: { name: "a" },
      spec: { selector: { app: "a" }, ports: [{ port: 80, targetPort: 5000 }] },
    }),
    create(own, "services", {
      metadata: { name: "headless" },
      spec: { clusterIP: "None", selector: { app: "a" }, ports: [{ port: 5000 }] },
    }),
    create(own, "services", {
      metadata: { name: "elsewhere" },
      spec: { type: "ExternalName", externalName: "models.example.com" },
    }),
    create(own, "services", {
      metadata: { name: "outside" },
      spec: { type: "NodePort", selector: { app: "a" }, ports: [{ port: 80, targetPort: 5000 }] },
    }),
    create(own, "serviceaccounts", { metadata: { name: "reader" } }),
    create(
      own,
      "roles",
      { metadata: { name: "read" }, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] }] },
      rbac,
    ),
    create(
      own,
      "rolebindings",
      {
        metadata: { name: "read" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "read" },
        subjects: [{ kind: "ServiceAccount", name: "reader", namespace: own }],
      },
      rbac,
    ),
    create(own, "resourcequotas", { metadata: { name: "few" }, spec: { hard: { "count/configmaps": "2" } } }),
    create(own, "limitranges", {
      metadata: { name: "small" },
      spec: { limits: [{ type: "Container", max: { memory: "512Mi" }, default: { memory: "128Mi" } }] },
    }),
  ]);
  const running = (name: string, restarts: number) => async (): Promise<boolean> => {
    const [container] = (await cluster.get(kinds.Pod, name))?.status?.containerStatuses ?? [];
    return container?.state?.running !== undefined && container.restartCount === restarts;
  };
  await until(running("a", 0), 60_000, "pod a runs");
  await until(running("bare", 0), 60_000, "pod bare runs");
  await until(running("ends", 1), 60_000, "pod ends runs for the second time");
}, 200_000);

describe("inside", () => {
  it("has a shell and the tools", async () => {
    const { code, stdout } = await probes.inside([
      "sh",
      "-c",
      "for tool in sh curl dig nc jq; do command -v $tool; done",
    ]);
    expect({ code, tools: stdout.trim().split("\n").length }).toEqual({ code: 0, tools: 5 });
  });
  it("reaches a Service of the lab, and hands on the code", async () => {
    const url = `http://a.${own}.svc.cluster.local/predict`;
    expect(JSON.parse((await probes.inside(["curl", "-s", url])).stdout)).toMatchObject({ model: "of-a" });
    expect((await probes.inside(["curl", "-s", "http://no-such-host.invalid"])).code).toBe(6);
  });
});

describe("process", () => {
  it("sees what the application really has", async () => {
    const seen = await probes.process("a");
    expect(seen).toMatchObject({ uid: 10001, environment: { MODEL_NAME: "of-a" } });
    expect(seen.command).toContain("-listen=:5000");
    // The application, its admin port and gRPC.
    expect(seen.ports).toEqual([5000, 9000, 50051]);
  });
  it("sees it in an image without a shell, from beside it", async () => {
    const before = await cluster.get(kinds.Pod, "bare");
    expect((await probes.exec("bare", ["sh", "-c", "true"])).code).toBe(127);
    const seen = await probes.process("bare");
    expect(seen).toMatchObject({ uid: 12345, environment: { SETTING: "bare" }, ports: [] });
    expect(seen.command.join(" ")).toContain("pause");
    expect((await probes.debug("bare", ["sh", "-c", "ls -d /proc/1/root/etc"])).stdout).toBe("/proc/1/root/etc\n");
    const after = await cluster.get(kinds.Pod, "bare");
    expect(after?.status?.containerStatuses?.[0]?.containerID).toBe(
      before?.status?.containerStatuses?.[0]?.containerID,
    );
    // One container beside it served both.
    expect(after?.spec?.ephemeralContainers).toHaveLength(1);
  });
  it("rejects where there is no pod", async () => {
    await expect(probes.process("gone")).rejects.toThrow('pods "gone" not found');
    await expect(probes.debug("gone", ["true"])).rejects.toThrow('pods "gone" not found');
  });
});

describe("logs", () => {
  it("gives lines as records", async () => {
    await probes.podGet("a", 5000, "/predict");
    await until(async () => {
      const lines = await probes.logs("a");
      return lines.some(({ json }) => json?.route === "/predict" && json.status === 200);
    });
  });
  it("gives the run before, and text as text", async () => {
    const lines = await probes.logs("ends", { previous: true });
    expect(lines.map(({ json, text }) => json?.msg ?? text)).toEqual(["last words", "plain"]);
    expect(lines[1]?.json).toBeUndefined();
  });
  it("gives the newest lines only", async () => {
    expect((await probes.logs("ends", { previous: true, lines: 1 })).map(({ text }) => text)).toEqual(["plain"]);
  });
  it("has none of-a run that never was", async () => {
    expect(await probes.logs("a", { previous: true })).toEqual([]);
  });
  it("rejects where there is no pod or no container", async () => {
    await expect(probes.logs("gone")).rejects.toThrow('pods "gone" not found');
    await expect(probes.logs("a", { container: "gone" })).rejects.toThrow("container gone");
  });
});

describe("dryRun", () => {
  it("accepts what is right, with the server's defaults, and keeps nothing", async () => {
    const answer = await probes.dryRun<{ spec: { restartPolicy: string } }>(pod("tried"));
    expect(answer).toMatchObject({ accepted: true, object: { spec: { restartPolicy: "Always" } } });
    expect(await cluster.get(kinds.Pod, "tried")).toBeUndefined();
  });
  it("hands on what a limit refuses", async () => {
    const big = pod("big", { resources: { limits: { memory: "1Gi" } } });
    expect(await probes.dryRun(big)).toMatchObject({
      accepted: false,
      status: 403,
      reason: "Forbidden",
      message: expect.stringContaining("maximum memory usage per Container is 512Mi"),
    });
  });
  it("hands on what a quota refuses", async () => {
    const map = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: {} });
    await create(own, "configmaps", map("one"));
    // kube-root-ca.crt is the first, so this is the third.
    await until(
      async () => (await cluster.get(kinds.ResourceQuota, "few"))?.status?.used?.["count/configmaps"] === "2",
    );
    expect(await probes.dryRun(map("two"))).toMatchObject({
      accepted: false,
      message: expect.stringContaining("exceeded quota: few"),
    });
    expect(await probes.dryRun({ ...map("one"), data: { a: "b" } })).toMatchObject({
      accepted: true,
      object: { data: { a: "b" } },
    });
  });
  it("refuses unknown fields and nonsense", async () => {
    expect(await probes.dryRun(pod("typo", { imagePullPolice: "Always" }))).toMatchObject({
      accepted: false,
      reason: "BadRequest",
    });
    expect(await probes.dryRun(pod("UPPER"))).toMatchObject({ accepted: false, status: 422, reason: "Invalid" });
  });
  it("asks as a ServiceAccount, with its own token", async () => {
    expect(await probes.dryRun(pod("tried"), { as: "reader" })).toMatchObject({
      accepted: false,
      reason: "Forbidden",
      message: expect.stringContaining(`system:serviceaccount:${own}:reader`),
    });
    expect(await probes.dryRun(pod("tried"), { as: "nobody" })).toMatchObject({ accepted: false, reason: "NotFound" });
  });
  it("hands on pod security's refusals and warnings", async () => {
    const label = (level: string, mode: string) =>
      transport.json(`/api/v1/namespaces/${own}`, {
        method: "PATCH",
        contentType: "application/merge-patch+json",
        body: {
          metadata: {
            labels: {
              "pod-security.kubernetes.io/enforce": null,
              "pod-security.kubernetes.io/warn": null,
              [`pod-security.kubernetes.io/${mode}`]: level,
            },
          },
        },
      });
    await label("restricted", "warn");
    await until(async () => {
      const warned = await probes.dryRun(pod("tried"));
      return warned.accepted && warned.warnings.some((text) => text.includes("PodSecurity"));
    });
    await label("restricted", "enforce");
    await until(async () => {
      const refused = await probes.dryRun(pod("tried"));
      return !refused.accepted && refused.reason === "Forbidden" && refused.message.includes("PodSecurity");
    });
    await label("privileged", "enforce");
  });
});

describe("canI", () => {
  it("tells what an account may do from what it may not", async () => {
    expect(await probes.canI("reader", "list", { resource: "pods" })).toBe(true);
    expect(await probes.canI("reader", "delete", { resource: "pods" })).toBe(false);
    expect(await probes.canI("reader", "get", { resource: "pods/log" })).toBe(false);
    expect(await probes.canI("reader", "list", { resource: "pods", namespace: "" })).toBe(false);
    expect(await probes.canI("reader", "list", { group: "apps", resource: "deployments" })).toBe(false);
    expect(await probes.canI("default", "list", { resource: "pods" })).toBe(false);
  });
});

describe("dns", () => {
  it("finds a Service by its short name, and tells the whole one", async () => {
    const service = await cluster.get(kinds.Service, "a");
    const found = await probes.dns("a");
    expect(found).toMatchObject({ addresses: [service?.spec?.clusterIP], canonical: `a.${own}.svc.cluster.local` });
    for (const name of [`a.${own}`, `a.${own}.svc`, `a.${own}.svc.cluster.local`, `a.${own}.svc.cluster.local.`])
      expect((await probes.dns(name)).addresses).toEqual(found.addresses);
  });
  it("gives a headless Service's pods", async () => {
    const ip = (await cluster.get(kinds.Pod, "a"))?.status?.podIP;
    await until(async () => (await probes.dns("headless")).addresses.join() === ip);
  });
  it("follows an ExternalName", async () => {
    expect(await probes.dns("elsewhere")).toMatchObject({ canonical: "models.example.com" });
  });
  it("has none for a name that is not there, or is another namespace's", async () => {
    expect(await probes.dns("nothing-here")).toMatchObject({ addresses: [], answer: "NXDOMAIN" });
    expect(await probes.dns("kube-dns")).toMatchObject({ addresses: [] });
    expect((await probes.dns("kube-dns.kube-system")).addresses).toHaveLength(1);
  });
  it("refuses what is no name", async () => {
    await expect(probes.dns("a; rm -rf /")).rejects.toThrow("not a name");
  });
});

describe("traffic, otherwise than a plain GET", () => {
  it("posts a body, with headers", async () => {
    const target = { service: "a", port: 80, path: "/predict", body: '{"instances":[4]}' };
    const sample = await probes.traffic({ ...target, n: 4 });
    expect(sample.statuses).toEqual({ 200: 4 });
    expect(JSON.parse(sample.body ?? "")).toMatchObject({ predictions: [4] });
    expect((await probes.traffic({ ...target, body: "it's no JSON", n: 2 })).statuses).toEqual({ 400: 2 });
  });
  it("reaches a NodePort from inside where none is mapped, and from here where one is", async () => {
    const nodePort = (await cluster.get(kinds.Service, "outside"))?.spec?.ports?.[0]?.nodePort as number;
    expect((await probes.traffic({ nodePort, n: 10 })).statuses).toEqual({ 200: 10 });
    expect(await probes.outside(nodePort)).toMatch(new RegExp(`^[0-9.]+:${nodePort}$`));
    // Nothing listens at the host port it is said to be mapped to: so it was asked from here.
    const closed = makeProbes(transport, own, signal, () => 1);
    expect(await closed.outside(nodePort)).toBe("localhost:1");
    expect(await closed.traffic({ nodePort, n: 2 })).toMatchObject({ statuses: { 0: 2 }, firstError: "ECONNREFUSED" });
  });
});
