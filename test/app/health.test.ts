import { type Client, credentials, makeGenericClientConstructor, type ServiceError } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import {
  decodeRequest,
  encodeRequest,
  encodeResponse,
  healthService,
} from "../../cluster/images/ml-inference/app/grpc.ts";
import { type App, post, start, until, useApp } from "./running.ts";

useApp();

const Health = makeGenericClientConstructor(healthService, "grpc.health.v1.Health");
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function connectTo(app: App) {
  const client = new Health(app.grpc, credentials.createInsecure());
  clients.push(client);
  return client;
}

/** Asks as a grpc probe does: true for SERVING, else false, or the error's code. */
function check(app: App, service = ""): Promise<boolean | number> {
  const client = connectTo(app);
  return new Promise((resolve) => {
    client.Check!({ service }, (error: ServiceError | null, response: { serving: boolean }) => {
      resolve(error ? error.code : response.serving);
    });
  });
}

describe("gRPC health", () => {
  test("answers for readiness, liveness and startup, and NOT_FOUND for others", async () => {
    const app = await start();
    for (const service of ["", "readiness", "liveness", "startup"]) expect(await check(app, service)).toBe(true);
    expect(await check(app, "nobody")).toBe(5);
  });

  test("says NOT_SERVING while starting and after readiness is taken away", async () => {
    const app = await start({ env: { STARTUP_SECONDS: "1" } });
    for (const service of ["", "liveness", "startup"]) expect(await check(app, service)).toBe(false);
    await app.line("started");
    expect(await check(app)).toBe(true);
    await post(`${app.admin}/ready?ok=false`);
    expect(await check(app)).toBe(false);
    expect(await check(app, "liveness")).toBe(true);
  });

  test("tells a watcher of every change", async () => {
    const app = await start();
    const seen: boolean[] = [];
    const call = connectTo(app).Watch!({ service: "" });
    call.on("data", ({ serving }: { serving: boolean }) => seen.push(serving));
    call.on("error", () => {});
    await until(() => seen.length === 1);
    await post(`${app.admin}/ready?ok=false`);
    await until(() => seen.length === 2);
    await post(`${app.admin}/ready?ok=true`);
    await until(() => seen.length === 3);
    expect(seen).toEqual([true, false, true]);
    call.cancel();
  });

  test("writes the bytes the protocol defines", () => {
    expect(encodeRequest({ service: "" })).toEqual(Buffer.alloc(0));
    expect(encodeRequest({ service: "ab" })).toEqual(Buffer.from([0x0a, 2, 0x61, 0x62]));
    expect(encodeResponse({ serving: true })).toEqual(Buffer.from([0x08, 1]));
    expect(encodeResponse({ serving: false })).toEqual(Buffer.from([0x08, 2]));
    const long = "x".repeat(300);
    expect(decodeRequest(encodeRequest({ service: long }))).toEqual({ service: long });
    // An unknown varint field and an unknown string field, then ours.
    expect(decodeRequest(Buffer.from([0x10, 0x96, 0x01, 0x1a, 1, 0x78, 0x0a, 1, 0x61]))).toEqual({ service: "a" });
    expect(() => decodeRequest(Buffer.from([0x0a, 9, 0x61]))).toThrow("malformed");
    expect(() => decodeRequest(Buffer.from([0x0a]))).toThrow("malformed");
  });
});

describe("readiness and the dependency", () => {
  const ready = async (app: App) => (await fetch(`${app.url}/ready`)).status;
  const alive = async (app: App) => (await fetch(`${app.url}/health`)).status;

  test("are apart unless told otherwise, but predictions need it", async () => {
    const app = await start();
    await post(`${app.admin}/fail-dependency`);
    expect(await ready(app)).toBe(200);
    expect((await fetch(`${app.url}/predict`)).status).toBe(502);
    await post(`${app.admin}/fail-dependency?fail=false`);
    expect((await fetch(`${app.url}/predict`)).status).toBe(200);
  });

  test("are one with READY_CHECKS_DEPENDENCY: unready, over HTTP and gRPC, and alive all the while", async () => {
    const app = await start({ env: { READY_CHECKS_DEPENDENCY: "true" } });
    expect([await ready(app), await check(app)]).toEqual([200, true]);
    await post(`${app.admin}/fail-dependency`);
    expect([await ready(app), await check(app)]).toEqual([503, false]);
    expect([await alive(app), await check(app, "liveness")]).toEqual([200, true]);
    await post(`${app.admin}/reset`);
    expect([await ready(app), await check(app)]).toEqual([200, true]);
  });

  test("follow a real dependency as it turns unready, hangs and dies", async () => {
    const other = await start();
    const env = { DEPENDENCY_URL: `${other.url}/ready`, READY_CHECKS_DEPENDENCY: "true", DEPENDENCY_TIMEOUT_MS: "300" };
    const app = await start({ env });
    const why = async () => ((await (await fetch(`${app.url}/ready`)).json()) as { reason?: string }).reason ?? "";
    expect(await ready(app)).toBe(200);
    await post(`${other.admin}/ready?ok=false`);
    expect(await why()).toContain("HTTP 503");
    await post(`${other.admin}/hang`);
    await until(async () => (await why()).includes("no answer within 300 ms"));
    other.child.kill("SIGKILL");
    await other.ended;
    await until(async () => (await why()).includes("ECONNREFUSED"));
    expect(await alive(app)).toBe(200);
  });
});
