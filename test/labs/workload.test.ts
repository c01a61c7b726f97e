import type { CoreV1Event, V1ContainerStatus, V1Deployment, V1Pod } from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import { isReady, probeFailure, refusal, troubleOf, unsettled, workload } from "../../checkers/core/workload.ts";

const now = Date.parse("2026-01-05T10:00:00Z");
const ago = (seconds: number): Date => new Date(now - seconds * 1000);

const container = (status: Partial<V1ContainerStatus>): V1ContainerStatus => ({
  name: "ml-model",
  image: "workbook.local/ml-inference:1.0",
  imageID: "",
  ready: false,
  restartCount: 0,
  ...status,
});
const pod = (status: V1Pod["status"], metadata: V1Pod["metadata"] = {}): V1Pod => ({
  metadata: { name: "ml-inference-a", uid: "pod-a", ...metadata },
  status,
});
const runningFor = (seconds: number, restartCount = 0): V1Pod =>
  pod({
    phase: "Running",
    containerStatuses: [container({ restartCount, state: { running: { startedAt: ago(seconds) } } })],
  });
const unhealthy = (message: string, count: number, uid = "pod-a"): CoreV1Event => ({
  metadata: {},
  involvedObject: { uid },
  reason: "Unhealthy",
  message,
  count,
  lastTimestamp: ago(1),
});
const refused =
  'Readiness probe failed: Get "http://10.244.1.5:5000/": dial tcp 10.244.1.5:5000: connect: connection refused';

describe("troubleOf", () => {
  const waiting = (reason: string): V1Pod =>
    pod({ containerStatuses: [container({ state: { waiting: { reason, message: `because of ${reason}` } } })] });

  test.each(["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"])(
    "%s is image-pull",
    (reason) => {
      const trouble = troubleOf(waiting(reason));
      expect(trouble?.kind).toBe("image-pull");
      expect(trouble?.evidence.actual).toContain(`because of ${reason}`);
    },
  );
  test.each(["CrashLoopBackOff", "CreateContainerConfigError", "RunContainerError"])("%s is crash-loop", (reason) => {
    expect(troubleOf(waiting(reason))?.kind).toBe("crash-loop");
  });
  test.each(["ContainerCreating", "PodInitializing"])("%s is on its way", (reason) => {
    expect(troubleOf(waiting(reason))).toBeUndefined();
  });
  test("a container that runs again after a crash is still a crash loop until it is ready", () => {
    const status = {
      restartCount: 1,
      state: { running: { startedAt: ago(1) } },
      lastState: { terminated: { exitCode: 1, reason: "Error" } },
    };
    expect(troubleOf(pod({ containerStatuses: [container(status)] }))?.kind).toBe("crash-loop");
    expect(troubleOf(pod({ containerStatuses: [container({ ...status, ready: true })] }))).toBeUndefined();
  });
  test("unschedulable carries the scheduler's message", () => {
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message: "0/3 nodes are available: 3 Insufficient cpu.",
    };
    const trouble = troubleOf(pod({ phase: "Pending", conditions: [condition] }));
    expect(trouble?.kind).toBe("unschedulable");
    expect(trouble?.evidence.actual).toContain("3 Insufficient cpu");
  });
  test("a slow start is no trouble", () => {
    expect(troubleOf(runningFor(3))).toBeUndefined();
  });
});

describe("probeFailure", () => {
  test("needs three failures and a while", () => {
    expect(probeFailure(runningFor(60), [unhealthy(refused, 2)], now)).toBeUndefined();
    expect(probeFailure(runningFor(20), [unhealthy(refused, 5)], now)).toBeUndefined();
    expect(probeFailure(runningFor(60), [unhealthy(refused, 3)], now)?.actual).toContain("connection refused");
  });
  test("counts another pod's failures for nothing", () => {
    expect(probeFailure(runningFor(60), [unhealthy(refused, 9, "pod-b")], now)).toBeUndefined();
  });
  test("a restart for a failed liveness probe is a probe's failure at once", () => {
    const events = [unhealthy(refused, 8), unhealthy("Liveness probe failed: connection refused", 3)];
    expect(probeFailure(runningFor(2, 1), events, now)?.actual).toContain("and a restart");
  });
  test("what the startup probe said is over once it has succeeded", () => {
    const events = [unhealthy("Startup probe failed: HTTP probe failed with statuscode: 503", 9)];
    const slow = runningFor(60);
    expect(probeFailure(slow, events, now)?.actual).toContain("Startup probe failed");
    for (const one of slow.status?.containerStatuses ?? []) one.started = true;
    expect(probeFailure(slow, events, now)).toBeUndefined();
    expect(probeFailure(slow, [...events, unhealthy(refused, 3)], now)?.actual).toContain("after 3 failed probes");
  });
  test("a ready pod has none, whatever happened before", () => {
    const ready = runningFor(60);
    ready.status = { ...ready.status, conditions: [{ type: "Ready", status: "True" }] };
    expect(isReady(ready)).toBe(true);
    expect(probeFailure(ready, [unhealthy(refused, 9)], now)).toBeUndefined();
  });
});

describe("unsettled", () => {
  const deployment = (generation: number, replicas: number, status: V1Deployment["status"]): V1Deployment => ({
    metadata: { name: "ml-inference", generation },
    spec: { replicas, selector: {}, template: {} },
    status,
  });
  const rest = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2 };

  test("nothing to do", () => expect(unsettled(deployment(2, 2, rest))).toBeUndefined());
  test("scaled to nothing", () => expect(unsettled(deployment(2, 0, { observedGeneration: 2 }))).toBeUndefined());
  test.each([
    ["a change not yet seen", 3, 2, rest, "not yet taken in"],
    ["new pods to make", 2, 2, { ...rest, updatedReplicas: 1 }, "1 of 2 pods are made"],
    ["old pods to end", 2, 2, { ...rest, replicas: 3 }, "1 pod of the former template"],
    ["pods that start", 2, 2, { ...rest, readyReplicas: 0 }, "0 of 2 pods ready"],
    ["no status at all", 1, 2, undefined, "not yet taken in"],
  ])("%s", (_name, generation, replicas, status, says) => {
    expect(unsettled(deployment(generation, replicas, status))).toContain(says);
  });
});

test("refusal tells the API server's reason", () => {
  const condition = {
    type: "ReplicaFailure",
    status: "True",
    reason: "FailedCreate",
    message: 'serviceaccount "x" not found',
  };
  const deployment = { metadata: { name: "ml-inference" }, status: { conditions: [condition] } };
  expect(refusal(deployment)?.actual).toBe('FailedCreate: serviceaccount "x" not found');
  expect(refusal({ metadata: { name: "ml-inference" } })).toBeUndefined();
});

test("workload follows owners, not labels, and knows the newest revision", async () => {
  const owner = (uid: string) => ({
    ownerReferences: [{ uid, controller: true, apiVersion: "apps/v1", kind: "X", name: "x" }],
  });
  const replicaSet = (uid: string, revision: string) => ({
    metadata: { uid, ...owner("deployment"), annotations: { "deployment.kubernetes.io/revision": revision } },
  });
  const objects: Record<string, object[]> = {
    deployments: [{ metadata: { name: "ml-inference", uid: "deployment" } }],
    replicasets: [replicaSet("old", "9"), replicaSet("new", "10"), { metadata: { uid: "foreign" } }],
    pods: [
      pod({}, { name: "old-1", ...owner("old") }),
      pod({}, { name: "new-1", ...owner("new") }),
      pod({ phase: "Failed" }, { name: "evicted", ...owner("new") }),
      pod({}, { name: "leaving", ...owner("new"), deletionTimestamp: ago(1) }),
      pod({}, { name: "stranger", labels: { app: "ml-inference" }, ...owner("foreign") }),
    ],
  };
  const cluster = {
    get: async (kind: { plural: string }) => objects[kind.plural]?.[0] as never,
    list: async (kind: { plural: string }) => (objects[kind.plural] ?? []) as never,
  };
  const found = await workload(cluster, "ml-inference");
  expect(found?.newest.map((one) => one.metadata?.name)).toEqual(["new-1"]);
  expect(found?.pods.map((one) => one.metadata?.name)).toEqual(["new-1", "old-1"]);
});
