import { describe, expect, it } from "vitest";
import { type Cluster, kinds } from "../../../checkers/core/port.ts";
import { type Snapshot, SnapshotCluster } from "../../../checkers/kube/snapshot.ts";
import { tracked } from "../../../checkers/kube/tracked.ts";

const snapshot: Snapshot = {
  schema: "workbook/snapshot/1",
  namespace: "lab-02",
  recordedAt: "2026-01-01T00:00:00Z",
  objects: {
    "v1/pods in lab-02": [],
    "v1/configmaps in *": [
      {
        metadata: { name: "a", namespace: "lab-02", creationTimestamp: "2026-01-01T00:00:00Z" },
        data: { startTime: "today" },
      },
      { metadata: { name: "b", namespace: "other" } },
    ],
  },
};

describe("a snapshot", () => {
  const cluster = new SnapshotCluster(snapshot);
  it("is empty where it was recorded as empty", async () => expect(await cluster.list(kinds.Pod)).toEqual([]));
  it("cannot be looked at where nothing was recorded", async () => {
    await expect(cluster.list(kinds.Service)).rejects.toThrow("holds no v1/services in lab-02");
    await expect(cluster.list(kinds.Pod, { namespace: "other" })).rejects.toThrow("holds no v1/pods in other");
  });
  it("answers for one namespace out of a recording of all", async () => {
    expect((await cluster.list(kinds.ConfigMap)).map((one) => one.metadata?.name)).toEqual(["a"]);
    expect(await cluster.list(kinds.ConfigMap, { namespace: "" })).toHaveLength(2);
  });
  it("has timestamps as dates and the user's own data as it is", async () => {
    const found = await cluster.get(kinds.ConfigMap, "a");
    expect(found?.metadata?.creationTimestamp).toEqual(new Date("2026-01-01T00:00:00Z"));
    expect(found?.data).toEqual({ startTime: "today" });
  });
  it("is refused when it is of another kind", () => {
    expect(() => new SnapshotCluster({ ...snapshot, schema: "other" as never })).toThrow("not a snapshot");
  });
});

it("what is read is noted by resource and place", async () => {
  const keys = new Set<string>();
  const nothing: Cluster = { get: async () => undefined, list: async () => [] };
  const cluster = tracked(nothing, "lab-02", keys);
  await cluster.list(kinds.Pod);
  await cluster.get(kinds.Deployment, "x", { namespace: "default" });
  await cluster.list(kinds.Node, { namespace: "ignored" });
  await cluster.list(kinds.Service, { namespace: "" });
  expect([...keys]).toEqual([
    "v1/pods in lab-02",
    "apps/v1/deployments in default",
    "v1/nodes in *",
    "v1/services in *",
  ]);
});
