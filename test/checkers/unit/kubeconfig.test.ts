import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadConnection, parseKubeconfig } from "../../../checkers/kube/config.ts";
import { KubeconfigError } from "../../../checkers/kube/errors.ts";
import { writeLearnerKubeconfig } from "../../../checkers/learner-kubeconfig.ts";
import { makeLearner } from "../../../checkers/probes/learner.ts";
import { expiredCertificate } from "../certificates.ts";
import { kubeconfigFor } from "../scripted-server.ts";

const dir = mkdtempSync(join(tmpdir(), "workbook-test-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const base64 = (text: string): string => Buffer.from(text).toString("base64");
let files = 0;
const file = (text: string): string => {
  const path = join(dir, `config-${files++}`);
  writeFileSync(path, text);
  return path;
};
const good = (user: object = { token: "secret" }): string => kubeconfigFor("https://127.0.0.1:1/", "CA", user);

describe("a kubeconfig", () => {
  it("gives server, namespace, authority and token", async () => {
    const connection = await loadConnection({ kubeconfig: file(good()) });
    expect(connection).toMatchObject({ server: "https://127.0.0.1:1", context: "x", namespace: "lab-09" });
    expect(String((await connection.tls()).ca)).toBe("CA");
    expect(await connection.headers()).toEqual({ authorization: "Bearer secret" });
  });

  it("may be YAML, and name files beside it", async () => {
    writeFileSync(join(dir, "ca.crt"), "CA-FILE");
    writeFileSync(join(dir, "token"), "from-file\n");
    const path = file(`
apiVersion: v1
clusters: [{name: c, cluster: {server: "https://h:6443", certificate-authority: ca.crt}}]
users: [{name: u, user: {tokenFile: token}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`);
    const connection = await loadConnection({ kubeconfig: path });
    expect(connection.namespace).toBe("default");
    expect(String((await connection.tls()).ca)).toBe("CA-FILE");
    expect(await connection.headers()).toEqual({ authorization: "Bearer from-file" });
  });

  it("may log in with a program", async () => {
    const credential = {
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { token: "from-program" },
    };
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "echo",
      args: [JSON.stringify(credential)],
      interactiveMode: "Never",
    };
    const connection = await loadConnection({ kubeconfig: file(kubeconfigFor("https://127.0.0.1:1", "CA", { exec })) });
    expect(await connection.headers()).toMatchObject({ authorization: "Bearer from-program" });
  });

  it.each([
    ["is missing", () => join(dir, "nowhere"), "is not there"],
    ["is empty", () => file(""), "empty"],
    ["is no YAML", () => file("a: [b"), "cannot be parsed"],
    ["is a list", () => file("[]"), "not a mapping"],
    ["has no current context", () => file("{}"), "no current context"],
    ["has a context that is not there", () => file('{"current-context":"y"}'), 'no context "y"'],
    ["has no such cluster", () => file(good().replace('"name":"c"', '"name":"other"')), 'no cluster "c"'],
    ["has no such user", () => file(good().replace('"name":"u"', '"name":"other"')), 'no user "u"'],
    ["has a server without TLS", () => file(good().replace("https://127", "http://127")), "without TLS"],
    [
      "names a certificate that is not there",
      () => file(good({ "client-certificate": "gone.crt", "client-key": "gone.key" })),
      "gone.crt is not there",
    ],
    [
      "has a certificate that is none",
      () => file(good({ "client-certificate-data": base64("hello") })),
      "cannot be parsed",
    ],
    [
      "has an expired certificate",
      () => file(good({ "client-certificate-data": base64(expiredCertificate), "client-key-data": "eA==" })),
      "expired on 2020-02-01",
    ],
  ])("that %s is refused with what to do", async (_name, path, says) => {
    const error: unknown = await loadConnection({ kubeconfig: path() }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KubeconfigError);
    const { what, kept, todo } = error as KubeconfigError;
    expect(what).toContain(says);
    expect(kept).toContain("kept");
    expect(todo).toContain("./workbook up");
  });
});

describe("the terminal's kubeconfig", () => {
  const admin = (token = "one", port = 1): string => file(kubeconfigFor(`https://127.0.0.1:${port}`, "CA", { token }));
  const read = async (path: string) => {
    const { readFileSync } = await import("node:fs");
    return parseKubeconfig(readFileSync(path, "utf8"), path);
  };

  it("names this cluster alone, and starts in the lab's namespace", async () => {
    const path = join(dir, "lab-a.yaml");
    await writeLearnerKubeconfig({ admin: admin(), path, namespace: "lab-02" });
    const config = await read(path);
    expect(config.contexts).toEqual([
      { name: "workbook", context: { cluster: "workbook", user: "workbook", namespace: "lab-02" } },
    ]);
    expect(config.clusters).toHaveLength(1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("sets no namespace where the lab begins in default", async () => {
    const path = join(dir, "lab-b.yaml");
    await writeLearnerKubeconfig({ admin: admin(), path, namespace: "default" });
    expect((await read(path)).contexts?.[0]?.context).not.toHaveProperty("namespace");
    expect(await makeLearner({ kubeconfig: path, folder: dir }).currentNamespace()).toBe("default");
  });

  it("keeps what the learner changed, and brings the cluster up to date", async () => {
    const path = join(dir, "lab-c.yaml");
    await writeLearnerKubeconfig({ admin: admin(), path, namespace: "default" });
    const changed = await read(path);
    changed.contexts = [
      ...(changed.contexts ?? []),
      { name: "mine", context: { cluster: "workbook", user: "workbook", namespace: "lab-01" } },
    ];
    changed["current-context"] = "mine";
    writeFileSync(path, JSON.stringify(changed));
    const before = statSync(path).mtimeMs;
    await writeLearnerKubeconfig({ admin: admin(), path, namespace: "default" });
    expect(statSync(path).mtimeMs).toBe(before);
    await writeLearnerKubeconfig({ admin: admin("two", 2), path, namespace: "default" });
    expect(await makeLearner({ kubeconfig: path, folder: dir }).currentNamespace()).toBe("lab-01");
    expect(await read(path)).toMatchObject({
      clusters: [{ cluster: { server: "https://127.0.0.1:2" } }],
      users: [{ user: { token: "two" } }],
    });
  });

  it("is written anew when it is broken", async () => {
    const path = join(dir, "lab-d.yaml");
    writeFileSync(path, "contexts: [");
    await writeLearnerKubeconfig({ admin: admin(), path, namespace: "lab-02" });
    expect((await read(path))["current-context"]).toBe("workbook");
  });
});
