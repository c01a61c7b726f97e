import { createHash } from "node:crypto";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Workbench, workbench } from "./kit.ts";

let bench: Workbench;
beforeEach(async () => {
  bench = await workbench();
});
afterEach(() => bench.close());

/** One request line as it is, past every client's tidying up. */
const rawRequest = (line: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(bench.server.port, "127.0.0.1");
    let text = "";
    socket.on("data", (part) => {
      text += part.toString("latin1");
    });
    socket.on("error", reject).on("close", () => resolve(text));
    socket.write(
      `${line}\r\nHost: 127.0.0.1:${bench.server.port}\r\nCookie: ${bench.cookie}\r\nConnection: close\r\n\r\n`,
    );
  });

describe("pages", () => {
  it("puts the learner's namespace where the built page has its placeholder", async () => {
    const text = await (await bench.fetch("/")).text();
    expect(text).toContain("in lab-01<");
    expect(text).not.toContain("wbns");
  });

  it("does so in what the search shows, too", async () => {
    const fragment = `pagefind_dcd${JSON.stringify({ content: "your namespace is wbns01wb, theirs wbns99wb" })}`;
    writeFileSync(join(bench.options.dist, "en_1.pf_fragment"), gzipSync(fragment));
    writeFileSync(join(bench.options.dist, ".built-from"), "now");
    const sent = Buffer.from(await (await bench.fetch("/en_1.pf_fragment")).arrayBuffer());
    expect(gunzipSync(sent).toString()).toBe(fragment.replace("wbns01wb", "lab-01"));
  });

  it("shows the port of this machine that leads to a node port, once the cluster is there and it is another", async () => {
    const text = "curl http://localhost:30080/health; localhost port 30080: refused; nodePort: 30080, localhost:300801";
    writeFileSync(join(bench.options.dist, "door.html"), text);
    writeFileSync(join(bench.options.dist, ".built-from"), "the door");
    const door = async (): Promise<string> => (await bench.fetch("/door")).text();
    expect(await door()).toBe(text);
    const at = (host: number) => ({ kubeconfig: "", bin: "", nodePorts: [{ container: 30080, host }] });
    bench.cluster.known = at(30080);
    expect(await door()).toBe(text);
    bench.cluster.known = at(30090);
    expect(await door()).toBe(
      "curl http://localhost:30090/health; localhost port 30090: refused; nodePort: 30080, localhost:300801",
    );
    bench.cluster.known = undefined;
    expect(await door()).toBe(text);
  });

  it("allows its own inline scripts by hash, as they are sent, and no others", async () => {
    const answer = await bench.fetch("/");
    const policy = answer.headers.get("content-security-policy") ?? "";
    const hash = createHash("sha256").update('console.log("lab-01")').digest("base64");
    expect(policy).toContain(`script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}'`);
    expect(/script-src[^;]*unsafe-inline/.test(policy)).toBe(false);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    expect(answer.headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin");
  });

  it("compresses, answers 304 to a known ETag, and lets hashed files be kept for good", async () => {
    const plain = await bench.fetch("/_astro/app.abc.js", { headers: { "accept-encoding": "identity" } });
    const br = await bench.fetch("/_astro/app.abc.js", { headers: { "accept-encoding": "gzip, br" } });
    const gzip = await bench.fetch("/_astro/app.abc.js", { headers: { "accept-encoding": "gzip, br;q=0" } });
    expect([plain, br, gzip].map((one) => one.headers.get("content-encoding"))).toEqual([null, "br", "gzip"]);
    const text = await plain.text();
    expect(await br.text()).toBe(text);
    expect(await gzip.text()).toBe(text);
    expect(br.headers.get("cache-control")).toContain("immutable");
    expect(Number(br.headers.get("content-length"))).toBeLessThan(text.length / 10);
    const etag = br.headers.get("etag") as string;
    const known = await bench.fetch("/_astro/app.abc.js", {
      headers: { "accept-encoding": "br", "if-none-match": etag },
    });
    expect(known.status).toBe(304);
    expect((await bench.fetch("/")).headers.get("cache-control")).toBe("no-cache");
  });

  it("serves nothing but what is in the built site", async () => {
    writeFileSync(join(bench.state, "secret.txt"), "top-secret");
    symlinkSync(join(bench.state, "secret.txt"), join(bench.options.dist, "link.txt"));
    writeFileSync(join(bench.options.dist, ".hidden"), "top-secret");
    // Built anew, so that the server walks the folder again.
    writeFileSync(join(bench.options.dist, ".built-from"), "now");
    const paths = [
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/_astro/../../secret.txt",
      "/_astro/..%5c..%5csecret.txt",
      "//secret.txt",
      "/secret.txt%00.html",
      "/link.txt",
      "/.hidden",
      "/%",
    ];
    for (const path of paths) {
      const answer = await rawRequest(`GET ${path} HTTP/1.1`);
      expect(answer, path).toMatch(/^HTTP\/1\.1 (400|404) /);
      expect(answer, path).not.toContain("top-secret");
    }
  });

  it("leads a folder without its slash to the one with, and shows a page for what is not there", async () => {
    const folder = await bench.fetch("/labs");
    expect(folder.status).toBe(308);
    expect(folder.headers.get("location")).toBe("/labs/");
    const missing = await bench.fetch("/no-such-page");
    expect(missing.status).toBe(404);
    expect(await missing.text()).toContain("There is no such page");
    expect((await bench.fetch("/", { method: "PUT" })).status).toBe(405);
  });

  it("says that the pages are being made when they are not there yet, and finds them when they are", async () => {
    rmSync(bench.options.dist, { recursive: true });
    const building = await bench.fetch("/");
    expect(building.status).toBe(503);
    expect(await building.text()).toContain("being made");
    mkdirSync(bench.options.dist);
    writeFileSync(join(bench.options.dist, "index.html"), "<p>new</p>");
    expect(await (await bench.fetch("/")).text()).toBe("<p>new</p>");
  });
});

describe("what the API takes in", () => {
  const path = "/api/labs/01-first/quiz";
  const json = { "content-type": "application/json" };

  it("refuses other content types, which another site's form could send", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "application/jsonx",
    ]) {
      const answer = await bench.fetch(path, {
        method: "POST",
        headers: { "content-type": type },
        body: '{"item":"q1","choice":1}',
      });
      expect(answer.status, type).toBe(415);
    }
    expect(bench.store.quiz("01-first")).toEqual([]);
  });

  it("refuses a body over 64 KiB, announced or streamed", async () => {
    const big = JSON.stringify({ item: "q2", text: "x".repeat(65_536) });
    expect((await bench.fetch(path, { method: "POST", headers: json, body: big })).status).toBe(413);
    const streamed = (parts: string[]): RequestInit => {
      const body = new ReadableStream({
        start(controller) {
          for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
          controller.close();
        },
      });
      return { method: "POST", headers: json, body, duplex: "half" } as RequestInit;
    };
    expect((await bench.fetch(path, streamed(new Array(70).fill("x".repeat(1024))))).status).toBe(413);
    expect((await bench.fetch(path, streamed(['{"item":"q1",', '"choice":1}']))).status).toBe(200);
  });

  it("says what is wrong with a body it cannot use", async () => {
    const broken = await bench.fetch(path, { method: "POST", headers: json, body: "{" });
    expect([broken.status, await broken.json()]).toEqual([400, { error: "This is not JSON." }]);
    const wrong = await bench.post(path, { item: "q1", choice: "1" });
    expect(wrong.status).toBe(400);
    expect(wrong.body.error).toContain("choice");
    expect((await bench.post(path, { item: "q1", choice: 1, more: true })).status).toBe(400);
    expect((await bench.post("/api/nothing", {})).status).toBe(404);
  });
});
