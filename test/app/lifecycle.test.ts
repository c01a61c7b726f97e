import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { json, post, start, until, useApp } from "./running.ts";

useApp();

/** Whether a TCP connection comes about. */
function connects(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

const answers = (url: string, ms: number) =>
  fetch(url, { signal: AbortSignal.timeout(ms) }).then(
    () => true,
    () => false,
  );

describe("the start", () => {
  test("takes as long as it is told, and until then neither startup, health nor ready say yes", async () => {
    const app = await start({ env: { STARTUP_SECONDS: "1" } });
    const paths = ["/startup", "/health", "/ready", "/predict", "/"];
    for (const path of paths) {
      const response = await fetch(app.url + path);
      expect([path, response.status]).toEqual([path, 503]);
      expect(await response.text()).toContain("loading");
    }
    expect((await fetch(`${app.url}/status`)).status).toBe(200);
    await app.line("started");
    for (const path of paths) expect([path, (await fetch(app.url + path)).status]).toEqual([path, 200]);
  });

  test("does without a place to write", async () => {
    const app = await start({ env: { TMPDIR: "/proc/nowhere" } });
    expect((await fetch(`${app.url}/ready`)).status).toBe(200);
  });

  test("leaves the inside code in the temporary folder, the same after a restart", async () => {
    const read = (tmp: string) => readFileSync(join(tmp, "inside-code"), "utf8");
    const first = await start();
    const code = read(first.tmp);
    expect(code).toMatch(/^[2-9A-Z]{4}-[2-9A-Z]{4}\n$/);
    first.child.kill("SIGTERM");
    await first.ended;
    expect(read((await start()).tmp)).toBe(code);
  });
});

describe("SIGTERM", () => {
  test("lets the request in flight finish, takes no new connection, and ends with 0", async () => {
    const app = await start({ env: { LATENCY_MS: "700", LATENCY_SIGMA: "0", CONCURRENCY: "1" } });
    // The second one is still in the queue when the signal comes.
    const work = Promise.all([1, 2].map(() => fetch(`${app.url}/predict`)));
    await until(async () => (await json(`${app.url}/status`)).slots.waiting === 1);
    app.child.kill("SIGTERM");
    await app.line("shutting down");
    await until(async () => !(await connects(app.url)));
    const responses = await work;
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    // Told to those in flight, so that no proxy sends the next request down this connection.
    expect(responses.map(({ headers }) => headers.get("connection"))).toEqual(["close", "close"]);
    expect(await app.ended).toMatchObject({ code: 0, signal: null });
    expect(app.lines().at(-1)).toMatchObject({ msg: "stopped" });
  });

  test("with DRAIN_SECONDS: unready at once, still serving, then gone", async () => {
    const app = await start({ env: { DRAIN_SECONDS: "2" } });
    expect((await fetch(`${app.url}/ready`)).status).toBe(200);
    app.child.kill("SIGTERM");
    await app.line("shutting down");
    const ready = await fetch(`${app.url}/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ status: "not_ready", reason: "shutting down" });
    expect((await fetch(`${app.url}/health`)).status).toBe(200);
    expect((await fetch(`${app.url}/predict`)).status).toBe(200);
    expect(await app.ended).toMatchObject({ code: 0 });
  });

  test("doesn't wait longer than SHUTDOWN_SECONDS, and then says what it cut", async () => {
    const app = await start({ env: { LATENCY_MS: "60000", SHUTDOWN_SECONDS: "0.2" } });
    const cut = fetch(`${app.url}/predict`).catch(() => "cut");
    await until(async () => (await json(`${app.url}/status`)).slots.busy === 1);
    app.child.kill("SIGTERM");
    expect(await app.ended).toMatchObject({ code: 1 });
    expect(await cut).toBe("cut");
    expect(app.lines().at(-1)).toMatchObject({ level: "error", requests_in_flight: 1 });
  });

  test("during a slow start ends it", async () => {
    const app = await start({ env: { STARTUP_SECONDS: "60" } });
    app.child.kill("SIGTERM");
    expect(await app.ended).toMatchObject({ code: 0 });
  });

  test("a second signal ends it at once", async () => {
    const app = await start({ env: { DRAIN_SECONDS: "60" } });
    app.child.kill("SIGTERM");
    await app.line("shutting down");
    app.child.kill("SIGINT");
    expect(await app.ended).toMatchObject({ code: 1 });
  });
});

describe("a hang", () => {
  test("stops every answer while the process lives and its port accepts; SIGTERM doesn't reach it", async () => {
    const app = await start();
    expect((await post(`${app.admin}/hang`)).status).toBe(202);
    await until(async () => !(await answers(`${app.url}/health`, 300)));
    expect(await answers(`${app.admin}/code`, 300)).toBe(false);
    expect(await connects(app.url)).toBe(true);
    app.child.kill("SIGTERM");
    await sleep(300);
    expect(app.child.exitCode).toBeNull();
    app.child.kill("SIGKILL");
    expect(await app.ended).toMatchObject({ signal: "SIGKILL" });
  });

  test("that refuses is seen by a TCP probe as well", async () => {
    const app = await start();
    await post(`${app.admin}/hang?refuse=true`);
    await until(async () => !(await connects(app.url)));
    expect(app.child.exitCode).toBeNull();
  });

  test("for a while ends by itself", async () => {
    const app = await start();
    await post(`${app.admin}/hang?seconds=1`);
    await until(async () => !(await answers(`${app.url}/health`, 100)));
    await until(() => answers(`${app.url}/health`, 200));
  });
});
