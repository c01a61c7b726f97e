import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { kinds } from "../../../checkers/core/port.ts";
import { deleteNamespace, enterLab, resetLab } from "../../../checkers/enter.ts";
import { NotFound } from "../../../checkers/kube/errors.ts";
import { FreshCluster } from "../../../checkers/kube/fresh.ts";
import { makeLearner } from "../../../checkers/probes/learner.ts";
import { ground } from "./ground.ts";

const { transport, lab, name } = await ground();

/** A lab that begins with a ConfigMap in the cluster. */
async function withStart() {
  const made = await lab();
  const cluster = join(made.lab.dir, "start/cluster");
  const { mkdirSync } = await import("node:fs");
  mkdirSync(cluster, { recursive: true });
  writeFileSync(join(cluster, "seed.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: seed}\n");
  return { ...made, seen: new FreshCluster(transport, made.options.namespace) };
}
const get = (namespace: string) =>
  transport.json<{ metadata: { labels: Record<string, string> } }>(`/api/v1/namespaces/${namespace}`);

describe("entering a lab", () => {
  it("makes namespace, folder and kubeconfig, and puts the start in", async () => {
    const { options, seen } = await withStart();
    const { folder, kubeconfig } = await enterLab(options);
    expect((await get(options.namespace)).metadata.labels).toMatchObject({
      "workbook.local/lab": "27-my-lab",
      "app.kubernetes.io/managed-by": "workbook",
    });
    expect(readFileSync(join(folder, "greeting.txt"), "utf8")).toBe("hello\n");
    expect(await seen.get(kinds.ConfigMap, "seed")).toBeDefined();
    expect(await makeLearner({ folder, kubeconfig }).currentNamespace()).toBe(options.namespace);
    expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
  });

  it("again leaves the learner's files alone and does not bring back what they deleted in the cluster", async () => {
    const { options, seen } = await withStart();
    const { folder } = await enterLab(options);
    writeFileSync(join(folder, "greeting.txt"), "mine");
    await transport.json(`/api/v1/namespaces/${options.namespace}/configmaps/seed`, { method: "DELETE" });
    await enterLab(options);
    expect(readFileSync(join(folder, "greeting.txt"), "utf8")).toBe("mine");
    expect(await seen.get(kinds.ConfigMap, "seed")).toBeUndefined();
  });

  it("twice at the same time is entering once", async () => {
    const { options, seen } = await withStart();
    await Promise.all([enterLab(options), enterLab(options)]);
    expect(await seen.get(kinds.ConfigMap, "seed")).toBeDefined();
  });

  it("finishes a start that was interrupted", async () => {
    const { options, lab, seen } = await withStart();
    const seed = join(lab.dir, "start/cluster/seed.yaml");
    const good = readFileSync(seed, "utf8");
    writeFileSync(seed, "apiVersion: v1\nkind: NoSuchKind\nmetadata: {name: seed}\n");
    await expect(enterLab(options)).rejects.toThrow("NoSuchKind");
    writeFileSync(seed, good);
    await enterLab(options);
    expect(await seen.get(kinds.ConfigMap, "seed")).toBeDefined();
  });
});

describe("resetting a lab", () => {
  it("saves the folder, empties the namespace at once and brings back the start", async () => {
    const { options, seen } = await withStart();
    const { folder, namespace } = await enterLab(options);
    writeFileSync(join(folder, "greeting.txt"), "mine");
    writeFileSync(join(folder, "new.txt"), "mine");
    const inode = statSync(folder).ino;
    await transport.json(`/api/v1/namespaces/${namespace}/configmaps`, {
      method: "POST",
      body: { metadata: { name: "mine" } },
    });
    const stubborn = {
      name: "c",
      image: "workbook.local/toolbox:1.0",
      command: ["sh", "-c", "trap '' TERM; sleep 3600 & wait; wait"],
    };
    await transport.json(`/api/v1/namespaces/${namespace}/pods`, {
      method: "POST",
      body: { metadata: { name: "stubborn" }, spec: { terminationGracePeriodSeconds: 600, containers: [stubborn] } },
    });
    const { saved } = await resetLab(options);
    expect(readFileSync(join(saved, "greeting.txt"), "utf8")).toBe("mine");
    expect(readFileSync(join(saved, "new.txt"), "utf8")).toBe("mine");
    expect(readFileSync(join(folder, "greeting.txt"), "utf8")).toBe("hello\n");
    expect(existsSync(join(folder, "new.txt"))).toBe(false);
    // The same folder, or an open terminal would stand in the old one.
    expect(statSync(folder).ino).toBe(inode);
    expect(await seen.list(kinds.Pod)).toEqual([]);
    expect(await seen.get(kinds.ConfigMap, "mine")).toBeUndefined();
    expect(await seen.get(kinds.ConfigMap, "seed")).toBeDefined();
  });

  it("works on a lab that was never entered, and again right after", async () => {
    const { options, seen } = await withStart();
    expect((await resetLab(options)).saved).toBe("");
    rmSync(options.paths.labs, { recursive: true });
    await resetLab(options);
    expect(await seen.get(kinds.ConfigMap, "seed")).toBeDefined();
  });

  it("names what keeps a namespace from going away", async () => {
    const namespace = name();
    await transport.json("/api/v1/namespaces", { method: "POST", body: { metadata: { name: namespace } } });
    const path = `/api/v1/namespaces/${namespace}/configmaps/held`;
    await transport.json(`/api/v1/namespaces/${namespace}/configmaps`, {
      method: "POST",
      body: { metadata: { name: "held", finalizers: ["example.org/held"] } },
    });
    const deleting = deleteNamespace(transport, namespace, undefined, 8_000);
    await expect(deleting).rejects.toThrow(/does not go away.*example\.org\/held/s);
    await transport.json(path, {
      method: "PATCH",
      contentType: "application/merge-patch+json",
      body: { metadata: { finalizers: null } },
    });
    await deleteNamespace(transport, namespace);
    await expect(get(namespace)).rejects.toBeInstanceOf(NotFound);
  });
});
