import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../checkers/clock.ts";
import { poll } from "../../../checkers/core/poll.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { Conflict, Expired, Forbidden, KubeconfigError, NotFound, Unreachable } from "../../../checkers/kube/errors.ts";
import { LiveCluster } from "../../../checkers/kube/live.ts";
import { Transport } from "../../../checkers/kube/transport.ts";
import { type Answer, kubeconfigFor, reply, ScriptedServer, status } from "../scripted-server.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(answer: Answer): Promise<{ server: ScriptedServer; transport: Transport }> {
  const server = new ScriptedServer(answer);
  ends.push(() => server.remove());
  await server.start();
  const transport = await Transport.open({ kubeconfig: server.kubeconfig });
  ends.push(() => transport.close());
  return { server, transport };
}
const until = (what: () => boolean | Promise<boolean>): Promise<unknown> =>
  poll(async () => what(), { clock: systemClock, within: 15_000, done: Boolean, pauses: [20] }).then(({ done }) => {
    expect(done).toBe(true);
  });
const configMap = (name: string, version: string, data: Record<string, string> = {}) => ({
  metadata: {
    name,
    namespace: "lab-09",
    resourceVersion: version,
    managedFields: [
      { manager: "x", time: "2026-03-01T12:00:00Z" },
      { manager: "y", time: "2026-03-01T12:00:09Z" },
    ],
  },
  data,
});

describe("requests", () => {
  it.each([
    [401, KubeconfigError, "does not accept"],
    [403, Forbidden, "forbids"],
    [404, NotFound, "no such thing"],
    [409, Conflict, "no such thing"],
    [410, Expired, "no such thing"],
    [429, Unreachable, "cannot serve"],
    [503, Unreachable, "cannot serve"],
  ])("of status %d reject with an error of its kind", async (code, kind, says) => {
    const { transport } = await serve((stream) => reply(stream, status(code, "no such thing"), code));
    const error = await transport.json("/x").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toContain(says);
  });

  it("share one connection", async () => {
    const { transport, server } = await serve((stream) => reply(stream, { ok: true }));
    await Promise.all(Array.from({ length: 20 }, () => transport.json("/x")));
    expect(server.requests).toHaveLength(20);
  });

  it("send the token and the body", async () => {
    let seen = "";
    const { transport } = await serve((stream) => {
      stream.setEncoding("utf8");
      stream.on("data", (chunk: string) => {
        seen += chunk;
      });
      stream.on("end", () => reply(stream, { ok: true }));
    });
    await transport.json("/x", { method: "POST", body: { a: "ü" } });
    expect(JSON.parse(seen)).toEqual({ a: "ü" });
  });

  it("end at their time", async () => {
    const { transport } = await serve(() => {});
    await expect(transport.json("/x", { timeout: 50 })).rejects.toThrow("did not answer within");
  });

  it("end on the signal", async () => {
    const { transport } = await serve(() => {});
    const stop = new AbortController();
    const running = transport.json("/x", { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 30);
    await expect(running).rejects.toThrow("enough");
  });

  it("break with the connection, and the next one opens another", async () => {
    let first = true;
    const { transport } = await serve((stream) => {
      if (first) stream.session?.destroy();
      else reply(stream, { ok: true });
      first = false;
    });
    await expect(transport.json("/x")).rejects.toBeInstanceOf(Unreachable);
    expect(await transport.json("/x")).toEqual({ ok: true });
  });

  it("to a closed port say that nothing answers there, and fail at once while it stays so", async () => {
    const { server, transport } = await serve(() => {});
    await server.stop();
    await expect(transport.json("/x")).rejects.toThrow(/refuses connections \(ECONNREFUSED\)/);
    const began = performance.now();
    await Promise.all(Array.from({ length: 50 }, () => transport.json("/x").catch(() => {})));
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it("to a port that speaks something else say so", async () => {
    const other = createServer((socket) => socket.on("error", () => {}).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    ends.push(() => other.close());
    const server = new ScriptedServer(() => {});
    ends.push(() => server.remove());
    const { port } = other.address() as { port: number };
    writeFileSync(server.kubeconfig, kubeconfigFor(`https://127.0.0.1:${port}`, "CA"));
    const transport = await Transport.open({ kubeconfig: server.kubeconfig });
    ends.push(() => transport.close());
    await expect(transport.json("/x")).rejects.toThrow(/127\.0\.0\.1/);
  });

  it("to another cluster's server say that it is another", async () => {
    const { server } = await serve(() => {});
    const stranger = new ScriptedServer(() => {});
    ends.push(() => stranger.remove());
    writeFileSync(stranger.kubeconfig, kubeconfigFor(`https://127.0.0.1:${server.port}`, ""));
    const transport = await Transport.open({ kubeconfig: stranger.kubeconfig });
    ends.push(() => transport.close());
    await expect(transport.json("/x")).rejects.toBeInstanceOf(KubeconfigError);
  });
});

describe("the live cache, when the server misbehaves", () => {
  /** A server with a list and a stream of watches that the test feeds. */
  async function watched(
    list: () => unknown = () => ({ metadata: { resourceVersion: "10" }, items: [configMap("a", "5")] }),
  ) {
    const watches: { url: URL; send(event: unknown): void; end(): void }[] = [];
    const { server, transport } = await serve((stream, url) => {
      if (url.searchParams.get("watch") !== "true") {
        const body = list();
        const code = (body as { code?: number }).code;
        return reply(stream, body, typeof code === "number" ? code : 200);
      }
      stream.respond({ ":status": 200 });
      watches.push({ url, send: (event) => stream.write(`${JSON.stringify(event)}\n`), end: () => stream.end() });
    });
    const live = new LiveCluster(transport, "lab-09");
    ends.push(() => live.close());
    const names = async (): Promise<string> =>
      (await live.list(kinds.ConfigMap)).map((one) => `${one.metadata?.name}${one.data?.v ?? ""}`).join(",");
    return { server, live, watches, names };
  }

  it("follows additions, changes and deletions, and keeps of managedFields when the object was last changed", async () => {
    const { live, watches, names } = await watched();
    expect(await names()).toBe("a");
    const { managedFields } = (await live.get(kinds.ConfigMap, "a"))?.metadata ?? {};
    expect(managedFields).toEqual([{ time: new Date("2026-03-01T12:00:09Z") }]);
    await until(() => watches.length === 1);
    watches[0]?.send({ type: "ADDED", object: configMap("b", "11") });
    await until(async () => (await names()) === "a,b");
    watches[0]?.send({ type: "MODIFIED", object: configMap("b", "12", { v: "2" }) });
    await until(async () => (await names()) === "a,b2");
    watches[0]?.send({ type: "DELETED", object: configMap("a", "13") });
    await until(async () => (await names()) === "b2");
  });

  it("reads an event that arrives in pieces", async () => {
    const { transport } = await serve((stream) => {
      stream.respond({ ":status": 200 });
      const bytes = Buffer.from(`${JSON.stringify({ type: "ü€😀" })}\n`);
      let sent = 0;
      const more = (): void => {
        if (sent < bytes.length) stream.write(bytes.subarray(sent, ++sent), () => setImmediate(more));
        else stream.end();
      };
      more();
    });
    const seen: string[] = [];
    await transport.lines("/x", { line: (line) => seen.push(line) }, new AbortController().signal);
    expect(seen).toEqual(['{"type":"ü€😀"}']);
  });

  it("goes on from the last resource version, a bookmark's too", async () => {
    const { watches, names } = await watched();
    await names();
    await until(() => watches.length === 1);
    watches[0]?.send({ type: "BOOKMARK", object: { metadata: { resourceVersion: "77" } } });
    watches[0]?.end();
    await until(() => watches.length === 2);
    expect(watches[1]?.url.searchParams.get("resourceVersion")).toBe("77");
    expect(watches[1]?.url.searchParams.get("allowWatchBookmarks")).toBe("true");
  });

  it("lists anew when its version is too old", async () => {
    let lists = 0;
    const { watches, names } = await watched(() => ({
      metadata: { resourceVersion: String(100 * ++lists) },
      items: [configMap(`list${lists}`, "1")],
    }));
    expect(await names()).toBe("list1");
    await until(() => watches.length === 1);
    watches[0]?.send({ type: "ERROR", object: { kind: "Status", code: 410, message: "too old resource version" } });
    await until(async () => (await names()) === "list2");
    await until(() => watches.length === 2);
    expect(watches[1]?.url.searchParams.get("resourceVersion")).toBe("200");
  });

  it("says that the server is away, and has everything right when it is back", async () => {
    let content = "before";
    const { server, watches, live, names } = await watched(() => ({
      metadata: { resourceVersion: "10" },
      items: [configMap(content, "5")],
    }));
    const changes: string[] = [];
    live.onChange((key) => changes.push(key));
    expect(await names()).toBe("before");
    await until(() => watches.length === 1);
    await server.stop();
    await until(() =>
      names().then(
        () => false,
        (error: unknown) => error instanceof Unreachable,
      ),
    );
    const told = changes.length;
    content = "after";
    await server.start();
    await until(() =>
      names().then(
        (seen) => seen === "after",
        () => false,
      ),
    );
    expect(changes.length).toBeGreaterThan(told);
    expect(new Set(changes)).toEqual(new Set(["v1/configmaps in lab-09"]));
  });

  it("says nothing of a break that is over at once", async () => {
    const { server, watches, live, names } = await watched();
    await names();
    await until(() => watches.length === 1);
    let failed = 0;
    const asking = setInterval(() => names().catch(() => failed++), 10);
    await server.stop();
    await server.start();
    await until(() => watches.length === 2);
    clearInterval(asking);
    live.close();
    expect(failed).toBe(0);
  });

  it("sees a kind as empty until it is there", async () => {
    let there = false;
    const { names } = await watched(() =>
      there
        ? { metadata: { resourceVersion: "1" }, items: [configMap("new", "1")] }
        : status(404, "the server could not find the requested resource"),
    );
    expect(await names()).toBe("");
    there = true;
    await until(async () => (await names()) === "new");
  });

  it("says what is forbidden, and reads it once it is allowed", async () => {
    let allowed = false;
    const { names } = await watched(() =>
      allowed
        ? { metadata: { resourceVersion: "1" }, items: [configMap("ok", "1")] }
        : status(403, "configmaps is forbidden"),
    );
    await expect(names()).rejects.toBeInstanceOf(Forbidden);
    allowed = true;
    await until(() =>
      names().then(
        (seen) => seen === "ok",
        () => false,
      ),
    );
  });

  it("opens one watch for many readers, and ends it when nobody holds it", async () => {
    const { server, live, watches, names } = await watched();
    const release = live.hold("lab-09");
    await Promise.all([names(), names(), live.get(kinds.ConfigMap, "a")]);
    await until(() => watches.length === 1);
    expect(server.requests).toHaveLength(2);
    release();
    await names();
    await until(() => watches.length === 2);
  });
});
