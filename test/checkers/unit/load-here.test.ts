import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Ended } from "../../../checkers/probes/flow.ts";
import type { LoadRequest } from "../../../checkers/probes/load.ts";
import { loadHere } from "../../../checkers/probes/load-here.ts";
import { outsideTraffic } from "../../../checkers/probes/outside.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that answers after some milliseconds, and counts. */
async function serve(delay: (request: number) => number = () => 0) {
  const seen = { connections: 0, requests: 0, bodies: [] as string[] };
  const server = createServer((request, response) => {
    const wait = delay(seen.requests++);
    request.setEncoding("utf8").on("data", (chunk: string) => seen.bodies.push(chunk));
    response.setHeader("X-Served-By", "me").setHeader("X-Version", "3");
    setTimeout(() => response.end("hello"), wait);
  });
  server.on("connection", () => seen.connections++);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

const load = (url: string, more: Partial<LoadRequest> = {}): LoadRequest => ({
  url,
  method: "GET",
  headers: {},
  rate: 50,
  seconds: 1,
  timeout: 2_000,
  keepAlive: false,
  ...more,
});
const forever = new AbortController().signal;

async function run(request: LoadRequest, signal = forever): Promise<Ended[]> {
  const all: Ended[] = [];
  await loadHere(request, signal).run({ started: () => {}, ended: (one) => all.push(one) });
  return all;
}

describe("requests from this machine", () => {
  it("take a connection each", async () => {
    const { seen, url } = await serve();
    const sample = await outsideTraffic(
      { url, method: "POST", headers: {}, body: "ü", timeout: 2_000 },
      20,
      4,
      forever,
    );
    expect(sample).toEqual({ sent: 20, statuses: { 200: 20 }, pods: { me: 20 }, versions: { 3: 20 }, body: "hello" });
    expect(seen.connections).toBe(20);
    expect(seen.bodies[0]).toBe("ü");
  });
  it("count what gets no answer in time, or none at all", async () => {
    const { url } = await serve((request) => (request === 0 ? 5_000 : 0));
    const sample = await outsideTraffic({ url, method: "GET", headers: {}, timeout: 300 }, 5, 1, forever);
    expect(sample).toMatchObject({ statuses: { 0: 1, 200: 4 }, firstError: "no answer within 0.3 s" });
    const closed = await outsideTraffic(
      { url: "http://127.0.0.1:1/", method: "GET", headers: {}, timeout: 300 },
      2,
      1,
      forever,
    );
    expect(closed).toMatchObject({ statuses: { 0: 2 }, firstError: "ECONNREFUSED" });
  });
});

describe("a steady rate from this machine", () => {
  it("takes a connection each, or keeps them", async () => {
    const fresh = await serve();
    expect(await run(load(fresh.url))).toHaveLength(50);
    expect(fresh.seen.connections).toBe(50);
    const kept = await serve();
    expect(await run(load(kept.url, { keepAlive: true }))).toHaveLength(50);
    expect(kept.seen.connections).toBeLessThan(10);
  });
  it("does not wait for answers: what comes during a pause is begun, and counted, from when it was due", async () => {
    const began = performance.now();
    // From the tenth on nothing is answered until a second has passed.
    const { url } = await serve((request) => (request < 10 ? 0 : Math.max(0, 1_000 - (performance.now() - began))));
    const ended = await run(load(url));
    expect(ended).toHaveLength(50);
    for (const { index, at } of ended) expect(at - index * 20).toBeLessThan(600);
    // A closed loop would have one slow request here.
    expect(ended.filter(({ took }) => took > 200).length).toBeGreaterThan(25);
  });
  it("ends when it is stopped", async () => {
    const { url, seen } = await serve();
    const stop = new AbortController();
    const running = run(load(url, { seconds: 60 }), stop.signal);
    setTimeout(() => stop.abort(new Error("enough")), 200);
    await expect(running).rejects.toThrow("enough");
    // Those under way when it was stopped may still arrive.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { requests } = seen;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(seen.requests).toBe(requests);
  });

  it("come all at once in a burst, each late by those before it, among the steady ones", async () => {
    let free = 0;
    // One at a time, 10 ms each.
    const { url } = await serve(() => {
      free = Math.max(free, performance.now()) + 10;
      return free - performance.now();
    });
    const all = await run(load(url, { rate: 10, burst: { at: 0.5, n: 20 } }));
    const herd = all.filter(({ due }) => due === 500);
    // One of the steady ones is due at that moment too.
    expect(herd).toHaveLength(21);
    expect(all).toHaveLength(30);
    expect(Math.max(...herd.map(({ took }) => took))).toBeGreaterThan(190);
  });
});
