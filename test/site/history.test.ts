import { describe, expect, it } from "vitest";
import type { PodView } from "../../checkers/core/report.ts";
import { $podCounts, $requests, lookBack, notePods, noteRequests } from "../../site/src/stores/history.ts";

const pod = (name: string, more: Partial<PodView> = {}): PodView => ({
  name,
  phase: "Running",
  ready: true,
  deleting: false,
  restarts: 0,
  services: ["web"],
  createdAt: "2026-01-01T00:00:00Z",
  ...more,
});
const second = (at: number) => ({ at, sent: 10, failed: 0, pods: { a: 10 }, versions: {}, p50: 1, p99: 2 });

describe("the history behind the live charts", () => {
  it("counts living pods, ready ones and endpoints", () => {
    notePods("one", [pod("a"), pod("b", { ready: false, services: [] }), pod("c", { deleting: true })], 1_000);
    expect($podCounts.get().one).toEqual([{ at: 1_000, all: 2, ready: 1, endpoints: 1 }]);
  });

  it("keeps one count from before the window, which holds at its left edge", () => {
    for (const at of [0, 10, 20, 30 + lookBack]) notePods("two", [pod("a")], at);
    expect($podCounts.get().two?.map(({ at }) => at)).toEqual([20, 30 + lookBack]);
  });

  it("begins anew with a new trickle, and keeps the last one in sight when it ends", () => {
    noteRequests("three", { running: true }, 100);
    noteRequests("three", { running: true, second: second(0) }, 101);
    noteRequests("three", { running: false, says: "no pod answers" }, 102);
    expect($requests.get().three).toMatchObject({ running: false, says: "no pod answers", seconds: [second(0)] });
    noteRequests("three", { running: true }, 110);
    expect($requests.get().three).toEqual({ running: true, since: 110, seconds: [] });
  });

  it("never keeps more seconds than the charts look back", () => {
    noteRequests("four", { running: true }, 0);
    for (let at = 0; at < lookBack + 50; at++) noteRequests("four", { running: true, second: second(at) }, at + 1);
    expect($requests.get().four?.seconds).toHaveLength(lookBack);
  });
});
