import { describe, expect, test } from "vitest";
import { continueTrace, traceHeaders } from "../../cluster/images/ml-inference/app/trace.ts";
import { json, start, until, useApp } from "./running.ts";

useApp();

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parent = "00f067aa0ba902b7";

describe("a trace's header", () => {
  test("is continued: same trace, own span, the caller as parent", () => {
    const trace = continueTrace(`00-${traceId}-${parent}-00`, "vendor=1");
    expect(trace).toMatchObject({ traceId, parentId: parent, flags: "00" });
    expect(trace.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(trace.spanId).not.toBe(parent);
    expect(traceHeaders(trace)).toEqual({ traceparent: `00-${traceId}-${trace.spanId}-00`, tracestate: "vendor=1" });
  });

  test("of a later version is understood as far as it is known", () => {
    expect(continueTrace(`01-${traceId}-${parent}-01-more`, undefined).traceId).toBe(traceId);
  });

  test.each([
    undefined,
    "",
    "nonsense",
    `ff-${traceId}-${parent}-01`,
    `00-${traceId}-${parent}-01-more`,
    `00-${"0".repeat(32)}-${parent}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${parent}-01`,
  ])("%s starts a new trace", (header) => {
    const trace = continueTrace(header, "vendor=1");
    expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(trace.traceId).not.toBe(traceId);
    expect(trace).toMatchObject({ parentId: undefined, state: undefined });
  });
});

test("a trace runs from the caller through the service to its dependency", async () => {
  const back = await start({ env: { VERSION: "back" } });
  const front = await start({ env: { VERSION: "front", DEPENDENCY_URL: `${back.url}/predict` } });
  const response = await fetch(`${front.url}/predict`, {
    headers: { traceparent: `00-${traceId}-${parent}-01`, "x-request-id": "order-66" },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("x-request-id")).toBe("order-66");
  const [first, second] = [await front.line("request"), await back.line("request")];
  expect(first).toMatchObject({ trace_id: traceId, parent_id: parent, request_id: "order-66", version: "front" });
  expect(second).toMatchObject({ trace_id: traceId, parent_id: first.span_id, version: "back" });
  expect(response.headers.get("traceresponse")).toBe(`00-${traceId}-${first.span_id}-01`);
  // Where the time went, on the line of the request that spent it.
  expect(first).toMatchObject({
    queue_ms: expect.any(Number),
    model_ms: expect.any(Number),
    dependency_ms: expect.any(Number),
  });
});

test("every line is JSON with level and msg, requests have route, status and trace, and none has a payload", async () => {
  const app = await start({ env: { LOG_LEVEL: "debug", ERROR_RATE: "500=1", API_KEY: "s3cret-key" } });
  await fetch(`${app.url}/predict`, { method: "POST", body: '{"instances":[31337]}' });
  await fetch(`${app.url}/predict`, { method: "POST", body: '{"instances":[31337' });
  await fetch(`${app.url}/health`, { headers: { "x-request-id": 'forged","level":"error' } });
  const requests = () => app.lines().filter(({ msg }) => msg === "request");
  await until(() => requests().length === 3);
  for (const line of app.lines()) expect(line).toMatchObject({ time: expect.any(String), level: expect.any(String) });
  const [failed, bad, probe] = requests();
  expect(failed).toMatchObject({ level: "error", route: "/predict", status: 500, error_type: "injected" });
  expect(bad).toMatchObject({ level: "warn", status: 400, error_type: "bad_json" });
  expect(probe).toMatchObject({ level: "debug", route: "/health", status: 200 });
  expect(probe!.request_id).toBe(probe!.trace_id);
  expect(app.output()).not.toContain("31337");
  expect(app.output()).not.toContain("s3cret");
});

test("LOG_LEVEL decides what is written: probes at debug, requests at info", async () => {
  const app = await start({ env: { LOG_LEVEL: "info" } });
  await fetch(`${app.url}/ready`);
  await fetch(`${app.url}/predict`);
  await app.line("request");
  expect(app.lines().filter(({ msg }) => msg === "request")).toHaveLength(1);
  expect((await json(`${app.url}/status`)).settings.log_level).toBe("info");
});
