import { readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { Auth } from "../../site/server/auth.ts";
import { startServer } from "../../site/server/server.ts";
import { login, opened, type Workbench, workbench } from "./kit.ts";

let bench: Workbench;
beforeEach(async () => {
  bench = await workbench();
});
afterEach(() => bench.close());

/** fetch() sets Host itself; this says what it is told. */
const raw = (
  path: string,
  headers: Record<string, string>,
  method = "GET",
): Promise<{ status: number; text: string; location?: string }> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port: bench.server.port, path, method, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text, location: answer.headers.location }));
    });
    asked.on("error", reject).end();
  });
const socket = (path: string, headers: Record<string, string>): Promise<WebSocket> =>
  opened(new WebSocket(`ws://127.0.0.1:${bench.server.port}${path}`, { headers }));

describe("who may come in", () => {
  it("answers to its own two names only", async () => {
    const { port } = bench.server;
    const { cookie } = bench;
    expect((await raw("/", { host: `127.0.0.1:${port}`, cookie })).status).toBe(200);
    expect((await raw("/", { host: `localhost:${port}`, cookie })).status).toBe(200);
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      "127.0.0.1",
      `127.0.0.1:${port + 1}`,
      `127.0.0.1:${port}.evil.example`,
    ]) {
      for (const path of ["/", "/api/labs/01-first", "/open"]) {
        const answer = await raw(path, { host, cookie });
        // A name that is none is refused before we see it.
        expect(host.endsWith(`${port}.evil.example`) ? 400 : 403, host).toBe(answer.status);
        expect(answer.text, host).not.toContain("lab-01");
      }
    }
  });

  it("refuses a request from another origin, session or not", async () => {
    const { cookie } = bench;
    const own = await raw("/api/labs/01-first", {
      host: `127.0.0.1:${bench.server.port}`,
      cookie,
      origin: bench.server.url,
    });
    expect(own.status).toBe(200);
    for (const origin of [
      "http://evil.example",
      "null",
      `http://localhost:${bench.server.port}`,
      `https://127.0.0.1:${bench.server.port}`,
    ]) {
      const answer = await raw("/api/labs/01-first", { host: `127.0.0.1:${bench.server.port}`, cookie, origin });
      expect(answer.status, origin).toBe(403);
    }
    const site = await raw("/api/labs/01-first", {
      host: `127.0.0.1:${bench.server.port}`,
      cookie,
      "sec-fetch-site": "cross-site",
    });
    expect(site.status).toBe(403);
  });

  it("refuses a WebSocket from another origin, with a foreign host, without a session, and to nowhere", async () => {
    const { cookie } = bench;
    const { url: origin, port } = bench.server;
    (await socket("/ws", { cookie, origin })).terminate();
    await expect(socket("/ws", { cookie, origin: "http://evil.example" })).rejects.toThrow("403");
    await expect(socket("/ws", { cookie })).rejects.toThrow("403");
    await expect(socket("/ws", { cookie, origin, host: "evil.example" })).rejects.toThrow("403");
    await expect(
      socket("/ws", { cookie, host: `evil.example:${port}`, origin: `http://evil.example:${port}` }),
    ).rejects.toThrow("403");
    await expect(socket("/ws", { origin })).rejects.toThrow("401");
    await expect(socket("/ws", { origin, cookie: `${cookie.split("=")[0]}=${"A".repeat(43)}` })).rejects.toThrow("401");
    await expect(socket("/ws/elsewhere", { cookie, origin })).rejects.toThrow("404");
    await expect(socket("/ws/terminal/00000000-0000-4000-8000-000000000000", { cookie, origin })).rejects.toThrow(
      "404",
    );
  });

  it("starts no shell before the upgrade was authenticated", async () => {
    const page = await bench.page("01-first");
    await page.next("lab", (message) => message.state === "ready");
    const { id } = await bench.terminal();
    await expect(socket(`/ws/terminal/${id}`, { origin: bench.server.url })).rejects.toThrow("401");
    await expect(socket(`/ws/terminal/${id}`, { origin: "http://evil.example", cookie: bench.cookie })).rejects.toThrow(
      "403",
    );
    expect(bench.server.terminals.get(id).pid).toBeUndefined();
    await (await bench.attach(id)).sees("$ ");
    expect(bench.server.terminals.get(id).pid).toBeGreaterThan(0);
  });

  it("shows a page without a session how to get in, and gives nothing else away", async () => {
    const landing = await bench.fetch("/", { as: "" });
    expect(landing.status).toBe(401);
    expect(await landing.text()).toContain("./workbook open");
    const asset = await bench.fetch("/_astro/app.abc.js", { as: "" });
    expect(asset.status).toBe(401);
    expect(await asset.text()).not.toContain("export const");
    const api = await bench.fetch("/api/labs/01-first", { as: "" });
    expect(api.status).toBe(401);
    expect(await api.json()).toMatchObject({ error: expect.stringContaining("no session") });
  });

  it("leads from its other name to the one that has the session", async () => {
    const host = `localhost:${bench.server.port}`;
    const led = await fetch(`http://127.0.0.1:${bench.server.port}/labs/?x=1`, { redirect: "manual" });
    expect(led.status).toBe(401);
    const other = await raw("/labs/?x=1", { host });
    expect([other.status, other.location]).toEqual([307, `${bench.server.url}/labs/?x=1`]);
    expect((await raw("//evil.example", { host })).location).toBe(`${bench.server.url}/evil.example`);
  });

  it("lets a link from elsewhere carry on by itself, and nowhere but here", async () => {
    const host = `127.0.0.1:${bench.server.port}`;
    const headers = { host, "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site" };
    const withheld = await raw("/labs/?x=1", headers);
    expect(withheld.status).toBe(200);
    expect(withheld.text).toContain('content="0;url=/labs/?x=1"');
    const away = await raw("//evil.example/x", headers);
    expect(away.text).not.toContain("url=//");
    expect((await raw('/"><script>x</script>', headers)).text).not.toContain("<script>");
    // The page it leads to comes from here: no session then means no session.
    expect((await raw("/labs/", { ...headers, "sec-fetch-site": "same-origin" })).status).toBe(401);
  });
});

describe("one-time codes and sessions", () => {
  it("exchanges a code once, for a cookie no script and no other site can use", async () => {
    const url = bench.server.openUrl();
    const first = await fetch(url);
    expect(first.status).toBe(200);
    const cookie = first.headers.getSetCookie()[0] ?? "";
    expect(cookie).toMatch(new RegExp(`^workbook_${bench.server.port}=`));
    expect(cookie).toContain("HttpOnly");
    expect(cookie).toContain("SameSite=Strict");
    expect(cookie).toContain("Path=/");
    const second = await fetch(url);
    expect(second.status).toBe(401);
    expect(second.headers.getSetCookie()).toEqual([]);
    expect(await second.text()).toContain("used already");
  });

  it("leaves a code alone that a browser only fetches ahead", async () => {
    const url = bench.server.openUrl();
    expect((await fetch(url, { headers: { "sec-purpose": "prefetch;prerender" } })).status).toBe(503);
    expect((await fetch(url, { method: "HEAD" })).status).toBe(503);
    expect((await fetch(url)).headers.getSetCookie()).toHaveLength(1);
  });

  it("takes no more codes after ten wrong ones, and takes them again a minute later", () => {
    let now = 1_000_000;
    const auth = new Auth({ file: join(bench.state, "other.json"), port: 1, now: () => now });
    const code = auth.mintCode();
    for (let n = 0; n < 10; n++) expect(auth.redeem(`wrong-${n}`)).toBe("unknown");
    expect(auth.redeem(code)).toBe("limited");
    now += 61_000;
    expect(auth.redeem(code)).toHaveProperty("token");
  });

  it("lets codes and sessions grow old", () => {
    let now = 1_000_000;
    const auth = new Auth({ file: join(bench.state, "other.json"), port: 1, now: () => now });
    const old = auth.mintCode();
    now += 61 * 60_000;
    expect(auth.redeem(old)).toBe("unknown");
    const result = auth.redeem(auth.mintCode());
    if (typeof result === "string") throw new Error(result);
    const header = `other=1; workbook_1=${result.token}`;
    expect(auth.holds(header)).toBe(true);
    expect(auth.holds(`workbook_2=${result.token}`)).toBe(false);
    now += 31 * 24 * 60 * 60_000;
    expect(auth.holds(header)).toBe(false);
  });

  it("logs nobody out when the server restarts, and keeps only hashes, in a private file", async () => {
    const { port } = bench.server;
    const file = join(bench.state, "sessions.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).not.toContain(bench.cookie.split("=")[1]);
    await bench.server.close();
    const again = await startServer({ ...bench.options, port });
    const answer = await fetch(`${again.url}/`, { headers: { cookie: bench.cookie } });
    await again.close();
    expect(answer.status).toBe(200);
  });

  it("starts with nobody logged in when the file of sessions is damaged", async () => {
    const { port } = bench.server;
    await bench.server.close();
    writeFileSync(join(bench.state, "sessions.json"), '{"sessions": [{');
    const again = await startServer({ ...bench.options, port });
    const answer = await fetch(`${again.url}/`, { headers: { cookie: bench.cookie } });
    const cookie = await login(again);
    const after = await fetch(`${again.url}/`, { headers: { cookie } });
    await again.close();
    expect(answer.status).toBe(401);
    expect(after.status).toBe(200);
  });
});
