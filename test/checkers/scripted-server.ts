import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverPair } from "./certificates.ts";

const pair = serverPair();

export type Answer = (stream: ServerHttp2Stream, url: URL, method: string) => void;

/**
 * A server that speaks an API server's protocol and can be made to misbehave: what a real one does too seldom to be tested with.
 * It keeps its port when it is stopped and started again.
 */
export class ScriptedServer {
  answer: Answer;
  readonly requests: string[] = [];
  readonly kubeconfig: string;
  readonly #dir: string;
  #server: Http2SecureServer | undefined;
  #sessions = new Set<ServerHttp2Session>();
  port = 0;

  constructor(answer: Answer) {
    this.answer = answer;
    this.#dir = mkdtempSync(join(tmpdir(), "workbook-kube-"));
    this.kubeconfig = join(this.#dir, "config");
  }

  async start(): Promise<void> {
    const server = createSecureServer({ ...pair });
    this.#server = server;
    server.on("session", (session) => {
      this.#sessions.add(session);
      session.on("close", () => this.#sessions.delete(session));
      session.on("error", () => {});
    });
    server.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      const url = new URL(String(headers[":path"]), "https://x");
      this.requests.push(`${String(headers[":method"])} ${url.pathname}${url.search}`);
      this.answer(stream, url, String(headers[":method"]));
    });
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.port = (server.address() as AddressInfo).port;
    writeFileSync(this.kubeconfig, kubeconfigFor(`https://127.0.0.1:${this.port}`, pair.cert));
  }

  /** As a crash does it: every connection breaks. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const session of this.#sessions) session.destroy();
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

export const kubeconfigFor = (server: string, ca: string, user: object = { token: "t" }): string =>
  JSON.stringify({
    clusters: [{ name: "c", cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "lab-09" } }],
    "current-context": "x",
  });

export const reply = (stream: ServerHttp2Stream, body: unknown, status = 200): void => {
  stream.respond({ ":status": status, "content-type": "application/json" });
  stream.end(typeof body === "string" ? body : JSON.stringify(body));
};
export const status = (code: number, message: string): object => ({ kind: "Status", apiVersion: "v1", code, message });
