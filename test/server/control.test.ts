import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { announceRunning, openRunning, statusOfRunning, stopRunning } from "../../site/server/control.ts";
import { ServerError } from "../../site/server/fault.ts";
import { startServer } from "../../site/server/server.ts";
import { login, until, type Workbench, workbench } from "./kit.ts";

let bench: Workbench;
beforeEach(async () => {
  bench = await workbench();
});
afterEach(() => bench.close());

const file = (): string => join(bench.state, "server.json");

describe("a second command", () => {
  it("finds the running workbook and gets a fresh address from it", async () => {
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    const status = await statusOfRunning(bench.state);
    expect(status).toMatchObject({ url: bench.server.url, pid: process.pid, terminals: 0, pages: 0, cluster: "Ready" });
    const url = await openRunning(bench.state);
    if (!url) throw new Error("no address");
    const cookie = await login({ openUrl: () => url });
    expect((await bench.fetch("/", { as: cookie })).status).toBe(200);
  });

  it("gets nothing without the token", async () => {
    for (const what of ["open", "status", "stop"]) {
      const bare = await fetch(`${bench.server.url}/control/${what}`, { method: "POST" });
      expect(bare.status, what).toBe(401);
      const headers = { authorization: "Bearer wrong", cookie: bench.cookie };
      expect((await fetch(`${bench.server.url}/control/${what}`, { method: "POST", headers })).status, what).toBe(401);
    }
    expect(bench.stops).toBe(0);
  });

  it("stops it: pages are cut off and every session is over", async () => {
    const page = await bench.page("01-first");
    const closed = new Promise((resolve) => page.socket.once("close", resolve));
    expect(await stopRunning(bench.state)).toBe(true);
    expect(await closed).toBe(4401);
    expect((await bench.fetch("/")).status).toBe(401);
    const { port } = bench.server;
    await bench.server.close();
    await until("it is asked to stop", () => bench.stops === 1);
    expect(existsSync(file())).toBe(false);
    const again = await startServer({ ...bench.options, port });
    expect((await fetch(`${again.url}/`, { headers: { cookie: bench.cookie } })).status).toBe(401);
    await again.close();
  });

  it("is not misled by what a killed workbook left behind", async () => {
    await bench.server.close();
    expect(await statusOfRunning(bench.state)).toBeUndefined();
    // The number belongs to another process by now, which listens nowhere.
    announceRunning(bench.state, { pid: process.pid, port: bench.server.port, token: "x".repeat(43) });
    expect(await openRunning(bench.state)).toBeUndefined();
    writeFileSync(file(), "{ not json");
    expect(await statusOfRunning(bench.state)).toBeUndefined();
    expect(await stopRunning(bench.state)).toBe(false);
    expect(existsSync(join(bench.state, "sessions.json"))).toBe(false);
  });
});

describe("a port that is taken", () => {
  it("is said so, with what to do, and the running workbook's announcement stays", async () => {
    const before = readFileSync(file(), "utf8");
    const refused = startServer({ ...bench.options, port: bench.server.port });
    await expect(refused).rejects.toThrow(ServerError);
    await expect(refused).rejects.toMatchObject({
      message: `Port ${bench.server.port} is taken by another program.`,
      todo: expect.stringContaining("--port"),
    });
    expect(readFileSync(file(), "utf8")).toBe(before);
  });
});

describe("closing", () => {
  it("ends what is open and can be asked for twice", async () => {
    const page = await bench.page("01-first");
    await page.next("lab", (message) => message.state === "ready");
    const client = await bench.attach((await bench.terminal()).id);
    await client.sees("$ ");
    const ended = Promise.all(
      [page, client].map(({ socket }) => new Promise((resolve) => socket.once("close", resolve))),
    );
    await Promise.all([bench.server.close(), bench.server.close()]);
    await ended;
    expect(bench.sessions[0]?.stopped).toBe(true);
    await expect(fetch(bench.server.url)).rejects.toThrow();
  });
});
