import type { V1EndpointSlice, V1Pod, V1Service } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { quietFor, within } from "../../../checkers/core/behind.ts";

const now = Date.parse("2026-03-01T12:01:00Z");
const at = (seconds: number): Date => new Date(now - seconds * 1000);
const pod = (since: number): V1Pod => ({
  status: { conditions: [{ type: "Ready", status: "True", lastTransitionTime: at(since) }] },
});
const service = (made: number, ...changed: number[]): V1Service => ({
  metadata: { creationTimestamp: at(made), managedFields: changed.map((one) => ({ time: at(one) })) },
});

describe("quietFor", () => {
  it("counts from the youngest of what kube-proxy must follow", () => {
    expect(quietFor(now, [pod(20), pod(9)], [service(40)])).toBe(9_000);
    expect(quietFor(now, [pod(20)], [service(7)])).toBe(7_000);
  });
  it("knows when a Service or a slice was changed, not only when it was made", () => {
    expect(quietFor(now, [pod(20)], [service(600, 600, 4), service(500)])).toBe(4_000);
  });
  it("takes what has no time on it for old", () => {
    const slice: V1EndpointSlice = { addressType: "IPv4", endpoints: [], metadata: {} };
    expect(within(15_000, quietFor(now, [{}], [slice]))).toBe(false);
  });
});

describe("within", () => {
  it("is over after the patience, and where a time lies ahead", () => {
    expect([0, 14_999, 15_000, -1].map((quiet) => within(15_000, quiet))).toEqual([true, true, false, false]);
  });
});
