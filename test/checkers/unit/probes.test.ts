import { describe, expect, it } from "vitest";
import type { FlowSecond } from "../../../checkers/core/check.ts";
import { answerOf } from "../../../checkers/probes/dns.ts";
import { FlowRecord } from "../../../checkers/probes/flow.ts";
import { linesOf } from "../../../checkers/probes/logs.ts";
import { inverse } from "../../../checkers/probes/merge-patch.ts";
import { viewOf } from "../../../checkers/probes/process.ts";
import { requestOf } from "../../../checkers/probes/target.ts";

/** RFC 7396, as it is written there. */
function apply(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === "object" && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = apply(result[key], value);
  }
  return result;
}

describe("the way back of a merge patch", () => {
  const before = { spec: { replicas: 3, template: { env: [1, 2], labels: { a: "b" } } }, data: { key: "value" } };
  it.each([
    { spec: { replicas: 0 } },
    { spec: { replicas: null } },
    { spec: { template: { env: [9], labels: { a: "c", new: "d" } } } },
    { spec: { paused: true, deep: { er: { still: 1 } } } },
    { data: null, metadata: { annotations: { x: "y" } } },
    { spec: { replicas: { odd: true } } },
  ])("leads back from %j", (patch) => {
    expect(apply(apply(before, patch), inverse(patch, before))).toEqual(before);
    expect(apply(before, patch)).not.toEqual(before);
  });
});

describe("a flow", () => {
  it("adds up what ended, and tells each second once, as it was", () => {
    const told: FlowSecond[] = [];
    const flow = new FlowRecord((second) => told.push(second));
    flow.add({ index: 0, at: 0, took: 10, status: 200, pod: "a", version: "1" }, 10);
    flow.add({ index: 1, at: 20, took: 30, status: 404, pod: "b" }, 50);
    flow.tick(999);
    expect(told).toEqual([]);
    flow.add({ index: 3, at: 60, took: 2_500, status: 503, pod: "a", version: "1" }, 2_560);
    flow.add({ index: 2, at: 40, took: 5_000, error: "request timeout" }, 5_040);
    const whole = flow.end(2);
    expect(whole).toMatchObject({
      sent: 4,
      failed: 2,
      dropped: 2,
      statuses: { 200: 1, 404: 1, 503: 1, 0: 1 },
      pods: { a: 2, b: 1 },
      versions: { 1: 2, unknown: 1 },
      failures: [
        { at: 40, status: "0", error: "request timeout" },
        { at: 60, status: "503" },
      ],
    });
    expect(told).toEqual(whole.seconds);
    expect(told.map(({ at, sent, failed }) => [at, sent, failed])).toEqual([
      [0, 2, 0],
      [1, 0, 0],
      [2, 1, 1],
      [3, 0, 0],
      [4, 0, 0],
      [5, 1, 1],
    ]);
    expect(told[0]).toMatchObject({ pods: { a: 1, b: 1 }, p99: expect.closeTo(30, 1) });
    expect(told[1]).toMatchObject({ p50: 0, p99: 0 });
  });
  it("has the percentiles of what was answered, to three digits", () => {
    const flow = new FlowRecord();
    for (let i = 1; i <= 1_000; i++) flow.add({ index: i, at: i, took: i, status: 200 }, i);
    flow.add({ index: 0, at: 0, took: 60_000, error: "no answer" }, 1_001);
    const { latency } = flow.end(0);
    expect(latency.p50).toBeCloseTo(500, -0.5);
    expect(latency.p95 / 950).toBeCloseTo(1, 2);
    expect(latency.p99 / 990).toBeCloseTo(1, 2);
    expect(latency.max / 1_000).toBeCloseTo(1, 2);
    expect(latency.mean / 500.5).toBeCloseTo(1, 2);
  });
  it("keeps fifty failures, and survives a listener that throws", () => {
    const flow = new FlowRecord(() => {
      throw new Error("mine");
    });
    for (let i = 0; i < 80; i++) flow.add({ index: i, at: i, took: 1, error: "refused" }, i * 100);
    const { failed, failures, latency } = flow.end(0);
    expect(failed).toBe(80);
    expect(failures).toHaveLength(50);
    expect(latency).toEqual({ p50: 0, p95: 0, p99: 0, max: 0, mean: 0 });
  });
});

describe("a process", () => {
  const text = (status: string) =>
    [
      "A=1\0B=x=y\0EMPTY=\0",
      "/app\0--flag\0",
      status,
      "  sl  local_address rem_address   st\n   0: 00000000:1388 00000000:0000 0A 0\n   1: 0100007F:0050 0A00000A:D2F0 01 0\n   0: 0000:0050 0000:0000 0A 0\n",
    ].join("\n--workbook--\n");
  it("is what /proc says", () => {
    expect(viewOf(text("Name:\tapp\nUid:\t10\t20\t20\t20\nGid:\t1\t2\t2\t2\n"))).toEqual({
      environment: { A: "1", B: "x=y", EMPTY: "" },
      command: ["/app", "--flag"],
      uid: 20,
      gid: 2,
      ports: [80, 5000],
    });
  });
  it("is nothing where /proc could not be read", () => {
    expect(viewOf(text(""))).toBeUndefined();
    expect(viewOf("")).toBeUndefined();
  });
});

describe("dig's answer", () => {
  it("gives the addresses and whose they are", () => {
    const text =
      ";; Got answer:\n;; status: NOERROR, id: 1\nweb.lab.svc.cluster.local. 30 IN CNAME other.example.com.\nother.example.com. 30\tIN\tA 10.0.0.1\n";
    expect(answerOf(text)).toMatchObject({ addresses: ["10.0.0.1"], canonical: "other.example.com" });
  });
  it("has none, and says why", () => {
    expect(answerOf(";; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 7\n")).toEqual({
      addresses: [],
      answer: "NXDOMAIN",
    });
  });
});

describe("log lines", () => {
  it("are parsed where they are an object, and only then", () => {
    expect(linesOf('{"a":1}\nplain\n[1]\n{"half":\n\n')).toEqual([
      { text: '{"a":1}', json: { a: 1 } },
      { text: "plain" },
      { text: "[1]" },
      { text: '{"half":' },
    ]);
  });
});

describe("a request", () => {
  it("with a body is a POST of JSON unless it says otherwise", () => {
    expect(requestOf({})).toEqual({ method: "GET", headers: {} });
    expect(requestOf({ body: "{}" })).toEqual({
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(requestOf({ body: "a=b", headers: { "Content-Type": "text/plain" } }).headers).toEqual({
      "content-type": "text/plain",
    });
  });
  it.each<Record<string, string>>([{ "a b": "c" }, { a: "b\r\nx: y" }])("refuses the headers %j", (headers) => {
    expect(() => requestOf({ headers })).toThrow("no header");
  });
});
