import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { code, ownNamespace } from "../../cluster/images/ml-inference/app/code.ts";
import { json, post, run, start, until, useApp } from "./running.ts";

useApp();

describe("codes", () => {
  const shape = /^[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}$/;

  test("differ by namespace and purpose and are the same every time", () => {
    const all = ["lab-01", "ada-lab-01", "default"].flatMap((name) => [code(name, "inside"), code(name, "port")]);
    for (const one of all) expect(one).toMatch(shape);
    expect(new Set(all).size).toBe(6);
    expect(code("lab-01", "inside")).toBe(all[0]);
  });

  test("use the mounted namespace, else POD_NAMESPACE, else default", () => {
    expect(ownNamespace({ POD_NAMESPACE: "ada-lab-01" }, "/proc/self/none")).toBe("ada-lab-01");
    expect(ownNamespace({}, "/proc/self/none")).toBe("default");
    const file = join(import.meta.dirname, "admin.test.ts");
    expect(ownNamespace({ POD_NAMESPACE: "other" }, file)).toBe(readFileSync(file, "utf8").trim());
  });

  test("are told where they belong and nowhere else", async () => {
    const app = await start({ env: { POD_NAMESPACE: "lab-01", LOG_LEVEL: "debug" } });
    const response = await fetch(`${app.admin}/code`);
    expect(response.headers.get("content-type")).toContain("text/plain");
    expect(await response.text()).toBe(`${code("lab-01", "port")}\n`);
    expect(readFileSync(join(app.tmp, "inside-code"), "utf8")).toBe(`${code("lab-01", "inside")}\n`);
    const inside = await run({ args: ["inside-code"], env: { POD_NAMESPACE: "lab-01" } });
    expect(inside).toMatchObject({ code: 0, stdout: `${code("lab-01", "inside")}\n` });

    let elsewhere = app.output();
    for (const path of ["/", "/predict", "/status", "/metrics", "/features", "/code"]) {
      elsewhere += await (await fetch(app.url + path)).text();
    }
    elsewhere += await (await fetch(app.admin)).text();
    for (const purpose of ["inside", "port"] as const) expect(elsewhere).not.toContain(code("lab-01", purpose));
  });
});

describe("switches", () => {
  test("show in /status and go back with a reset to what the environment says", async () => {
    const app = await start({ env: { ERROR_RATE: "503=0.25", DRIFT: "1" } });
    const switches = async () => (await json(`${app.url}/status`)).switches;
    const before = await switches();
    expect(before).toMatchObject({ errorRates: { 503: 0.25 }, drift: 1, slowMs: 0, ready: true });
    for (const path of ["/slow?ms=5", "/errors?rate=500=0.5,503=0.1", "/ready?ok=false", "/drift?by=2"]) {
      expect((await post(app.admin + path)).status).toBe(200);
    }
    await post(`${app.admin}/fail-dependency`);
    expect(await switches()).toMatchObject({
      errorRates: { 500: 0.5, 503: 0.1 },
      drift: 2,
      slowMs: 5,
      ready: false,
      dependencyFails: true,
    });
    expect((await fetch(`${app.url}/ready`)).status).toBe(503);
    await post(`${app.admin}/reset`);
    expect(await switches()).toEqual(before);
    expect((await fetch(`${app.url}/ready`)).status).toBe(200);
  });

  test("with a value that is none are a 400 that says what is expected, and change nothing", async () => {
    const app = await start();
    const wrong = [
      "/slow",
      "/slow?ms=soon",
      "/errors?rate=700=1",
      "/ready",
      "/drift?by=",
      "/leak?mb=-1",
      "/hang?seconds=x",
    ];
    for (const path of wrong) {
      const response = await post(app.admin + path);
      expect([path, response.status]).toEqual([path, 400]);
      expect(((await response.json()) as { error: string }).error).toMatch(/^\?\w+=: ./);
    }
    expect((await json(`${app.url}/status`)).switches).toMatchObject({ slowMs: 0, ready: true, errorRates: {} });
  });

  test("are not pulled by a GET", async () => {
    const app = await start();
    for (const path of ["/hang", "/leak", "/reset"]) {
      const response = await fetch(app.admin + path);
      expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    }
    expect((await fetch(`${app.url}/health`)).status).toBe(200);
  });

  test("are not on the application's port", async () => {
    const app = await start();
    for (const path of ["/hang", "/reset", "/errors?rate=1"]) expect((await post(app.url + path)).status).toBe(404);
  });

  test("a leak grows real memory until it is reset", async () => {
    const app = await start();
    const memory = async () => (await json(`${app.url}/status`)).memory;
    const before = await memory();
    await post(`${app.admin}/leak?mb=100`);
    await until(async () => (await memory()).leaked_mb >= 40);
    expect((await memory()).rss_mb - before.rss_mb).toBeGreaterThan(30);
    await post(`${app.admin}/reset`);
    expect((await memory()).leaked_mb).toBe(0);
  });
});
