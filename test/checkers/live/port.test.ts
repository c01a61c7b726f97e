import { afterAll, describe, expect, it } from "vitest";
import { type Cluster, type Kind, kinds } from "../../../checkers/core/port.ts";
import { FreshCluster } from "../../../checkers/kube/fresh.ts";
import { LiveCluster } from "../../../checkers/kube/live.ts";
import { record, SnapshotCluster } from "../../../checkers/kube/snapshot.ts";
import { ground, until } from "./ground.ts";

const { transport, namespace, create } = await ground();
const own = await namespace();
const other = await namespace();
const nowhere: Kind = { group: "nothing.example", version: "v1", plural: "things", kind: "Thing", namespaced: true };

await create(own, "configmaps", {
  metadata: { name: "one", labels: { app: "a", tier: "x" } },
  data: { startTime: "noon" },
});
await create(own, "configmaps", { metadata: { name: "two", labels: { app: "a" } } });
await create(other, "configmaps", { metadata: { name: "three", labels: { app: "a" } } });
await create(own, "services", { metadata: { name: "one" }, spec: { ports: [{ port: 80 }] } });

const live = new LiveCluster(transport, own);
afterAll(() => live.close());
const fresh = new FreshCluster(transport, own);
const snapshot = new SnapshotCluster(
  JSON.parse(
    JSON.stringify(
      await record(fresh, own, [
        { kind: kinds.ConfigMap },
        { kind: kinds.ConfigMap, scope: { namespace: other } },
        { kind: kinds.ConfigMap, scope: { namespace: "" } },
        { kind: kinds.ConfigMap, scope: { namespace: "no-such-namespace" } },
        { kind: kinds.Service },
        { kind: kinds.Deployment },
        { kind: kinds.Node },
        { kind: kinds.Namespace },
        { kind: nowhere },
      ]),
    ),
  ),
);

const adapters: [string, Cluster][] = [
  ["live", live],
  ["fresh", fresh],
  ["snapshot", snapshot],
];
const names = (objects: { metadata?: { name?: string } }[]): string[] =>
  objects.map((one) => one.metadata?.name ?? "").sort();
const mine = (objects: { metadata?: { namespace?: string; name?: string } }[]): string[] =>
  names(objects.filter((one) => one.metadata?.namespace === own || one.metadata?.namespace === other)).filter(
    (name) => name !== "kube-root-ca.crt",
  );

describe.each(adapters)("the read port, %s", (_name, cluster) => {
  it("gets an object of the lab's namespace", async () => {
    expect((await cluster.get(kinds.ConfigMap, "one"))?.data).toEqual({ startTime: "noon" });
  });
  it("has no object that is not there", async () => {
    expect(await cluster.get(kinds.ConfigMap, "three")).toBeUndefined();
    expect(await cluster.get(kinds.Deployment, "one")).toBeUndefined();
  });
  it("lists the lab's namespace", async () => {
    expect(mine(await cluster.list(kinds.ConfigMap))).toEqual(["one", "two"]);
    expect(names(await cluster.list(kinds.Service))).toEqual(["one"]);
  });
  it("reads another namespace, and all of them", async () => {
    expect((await cluster.get(kinds.ConfigMap, "three", { namespace: other }))?.metadata?.namespace).toBe(other);
    expect(mine(await cluster.list(kinds.ConfigMap, { namespace: other }))).toEqual(["three"]);
    expect(mine(await cluster.list(kinds.ConfigMap, { namespace: "" }))).toEqual(["one", "three", "two"]);
  });
  it("sees a namespace that is not there as empty", async () => {
    expect(await cluster.list(kinds.ConfigMap, { namespace: "no-such-namespace" })).toEqual([]);
  });
  it("selects by every label pair", async () => {
    expect(names(await cluster.list(kinds.ConfigMap, { labels: { app: "a" } }))).toEqual(["one", "two"]);
    expect(names(await cluster.list(kinds.ConfigMap, { labels: { app: "a", tier: "x" } }))).toEqual(["one"]);
    expect(await cluster.list(kinds.ConfigMap, { labels: { app: "b" } })).toEqual([]);
    expect(await cluster.get(kinds.ConfigMap, "two", { labels: { tier: "x" } })).toBeUndefined();
  });
  it("reads cluster-scoped kinds whatever the scope", async () => {
    expect((await cluster.list(kinds.Node, { namespace: "ignored" })).length).toBeGreaterThan(0);
    expect((await cluster.get(kinds.Namespace, own))?.metadata?.name).toBe(own);
  });
  it("has a kind that nobody serves as empty", async () => {
    expect(await cluster.list(nowhere)).toEqual([]);
    expect(await cluster.get(nowhere, "x")).toBeUndefined();
  });
  it("gives dates as dates, of managedFields only the time of the last change, and nothing that can be changed", async () => {
    const found = await cluster.get(kinds.ConfigMap, "one");
    expect(found?.metadata?.creationTimestamp).toBeInstanceOf(Date);
    expect(found?.metadata?.managedFields).toEqual([{ time: expect.any(Date) }]);
    expect(() => Object.assign(found?.data ?? {}, { more: "x" })).toThrow(TypeError);
  });
  it("gives lists that may be sorted in place", async () => {
    const list = await cluster.list(kinds.ConfigMap);
    list.reverse();
    expect(mine(await cluster.list(kinds.ConfigMap))).toEqual(["one", "two"]);
  });
});

describe("the live cache on a real server", () => {
  it("has a write by the time the writer hears of it, or a blink later", async () => {
    await live.list(kinds.ConfigMap);
    const late: number[] = [];
    for (let i = 0; i < 20; i++) {
      await create(own, "configmaps", { metadata: { name: `late-${i}` } });
      const began = performance.now();
      await until(async () => (await live.get(kinds.ConfigMap, `late-${i}`)) !== undefined);
      late.push(performance.now() - began);
    }
    expect(late.sort((a, b) => a - b)[18]).toBeLessThan(1_000);
  });

  it("finds a kind once its definition is installed", async () => {
    const group = `${own}.example`;
    const kind: Kind<{ metadata?: { name?: string } }> = {
      group,
      version: "v1",
      plural: "widgets",
      kind: "Widget",
      namespaced: true,
    };
    expect(await live.list(kind)).toEqual([]);
    const root = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: "Namespaced",
        names: { plural: "widgets", singular: "widget", kind: "Widget" },
        versions: [{ name: "v1", served: true, storage: true, schema }],
      },
    };
    await transport.json(root, { method: "POST", body: definition });
    try {
      const widget = { apiVersion: `${group}/v1`, kind: "Widget", metadata: { name: "w" } };
      await until(() =>
        create(own, "widgets", widget, `/apis/${group}/v1`).then(
          () => true,
          () => false,
        ),
      );
      await until(async () => names(await live.list(kind)).includes("w"));
    } finally {
      await transport.json(`${root}/widgets.${group}`, { method: "DELETE" });
    }
    await until(async () => (await live.list(kind)).length === 0);
  });
});

it("identical fresh reads at the same time are one request, later ones look anew", async () => {
  let asked = 0;
  const counting = {
    json: (path: string) => {
      asked++;
      return transport.json(path);
    },
  } as unknown as typeof transport;
  const cluster = new FreshCluster(counting, own);
  await Promise.all(
    Array.from({ length: 12 }, () => cluster.list(kinds.Service, { labels: { app: String(Math.random()) } })),
  );
  expect(asked).toBe(1);
  await cluster.list(kinds.Service);
  expect(asked).toBe(2);
});
