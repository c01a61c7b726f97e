import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import type { Cluster } from "../../../checkers/core/port.ts";
import { comeToRest, underLoad } from "../../../checkers/submissions/rest.ts";
import { fakeClock } from "../fake-clock.ts";

const biggest = { cpu: 2, memory: 4 * 2 ** 30 };
const signal = new AbortController().signal;

/** A cluster whose objects are asked for anew with each look. */
const cluster = (of: (plural: string) => object[]): Cluster => ({
  get: async () => undefined,
  list: async (kind) => of(kind.plural) as never,
});
const pod = (status: object, cpu = "50m", more: object = {}): V1Pod => ({
  metadata: { name: "p", namespace: "n", labels: { app: "x" }, ...more },
  spec: { containers: [{ name: "a", resources: { requests: { cpu } } }] },
  status,
});
const ready = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
const unplaced = (message: string) => ({
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
});
const crashing = (exitCode: number) => ({
  phase: "Running",
  containerStatuses: [
    {
      name: "a",
      ready: false,
      restartCount: 2,
      image: "i",
      imageID: "",
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated: { exitCode, reason: "Error" } },
    },
  ],
});
const notReady = {
  phase: "Running",
  containerStatuses: [{ name: "a", ready: false, restartCount: 0, image: "i", imageID: "", state: { running: {} } }],
};
const pods = (status: object, cpu?: string) => cluster((plural) => (plural === "pods" ? [pod(status, cpu)] : []));

describe("what an overloaded cluster may have brought about", () => {
  it.each([
    [
      "a pod that would fit on an empty node",
      pods(unplaced("0/3 nodes are available: 2 Insufficient cpu.")),
      "no room",
    ],
    [
      "a pod that is bigger than any node",
      pods(unplaced("0/3 nodes are available: 2 Insufficient cpu."), "64"),
      undefined,
    ],
    [
      "a pod whose selector fits no node",
      pods(unplaced("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.")),
      undefined,
    ],
    ["a container that was killed", pods(crashing(137)), "shaky"],
    ["a container that ended by itself", pods(crashing(1)), undefined],
    ["a pod that runs and is not ready", pods(notReady), "shaky"],
    ["a pod that is ready", pods(ready), undefined],
    [
      "another namespace's pod",
      cluster((plural) => (plural === "pods" ? [pod(notReady, "1", { namespace: "other" })] : [])),
      undefined,
    ],
  ])("is told for %s", async (_what, at, says) => expect(await underLoad(at, "n", biggest)).toBe(says));
});

describe("coming to rest", () => {
  const rest = async (at: Cluster) => {
    const clock = fakeClock();
    const done = await comeToRest(at, "n", biggest, clock, signal);
    return { done, after: clock.now() };
  };

  it("is soon where all is ready, and not before endpoints follow", async () => {
    expect(await rest(pods(ready))).toMatchObject({ done: true });
    expect((await rest(pods(ready))).after).toBeLessThan(1_000);
    let looks = 0;
    const service = { metadata: { name: "web", namespace: "n" }, spec: { selector: { app: "x" } } };
    const slice = {
      metadata: { name: "s", namespace: "n", labels: { "kubernetes.io/service-name": "web" } },
      endpoints: [{ targetRef: { name: "p" }, conditions: { ready: true } }],
    };
    const following = cluster((plural) => {
      if (plural === "pods") return [pod(ready)];
      if (plural === "services") return [service];
      if (plural === "endpointslices") return ++looks > 20 ? [slice] : [];
      return [];
    });
    const { done, after } = await rest(following);
    expect(done).toBe(true);
    expect(after).toBeGreaterThan(2_000);
  });

  it("gives trouble time to pass, and a pod that found no room more of it", async () => {
    const crash = await rest(pods(crashing(1)));
    expect(crash.done).toBe(true);
    expect(crash.after).toBeGreaterThanOrEqual(20_000);
    expect(await rest(pods(unplaced("0/3 nodes are available: 3 node(s) didn't match")))).toMatchObject({ done: true });
    expect(await rest(pods(unplaced("2 Insufficient cpu.")))).toMatchObject({ done: false });
  });

  it("is over at once where nothing was created", async () =>
    expect(await rest(cluster(() => []))).toMatchObject({ done: true }));
});
