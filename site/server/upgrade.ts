import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Auth } from "./auth.ts";
import type { Log } from "./deps.ts";
import { Fault, sentence } from "./fault.ts";
import type { Gate } from "./gate.ts";
import type { Pages } from "./socket.ts";
import { joinTerminal } from "./terminal-socket.ts";
import type { Terminals } from "./terminals.ts";

/** How often a connection is asked whether it still lives, in milliseconds; one that has not answered by the next time is ended. */
const heartbeat = 15_000;
/** Largest message from a page: a long paste into a terminal. */
const mostPasted = 4 * 1024 * 1024;

export interface UpgradesOptions {
  gate: Gate;
  auth: Auth;
  pages: Pages;
  terminals: Terminals;
  log: Log;
}

/** Turns authenticated upgrade requests into the sockets of pages and terminals, and refuses all others. */
export class Upgrades {
  #options: UpgradesOptions;
  #forPages = new WebSocketServer({ noServer: true, maxPayload: 16 * 1024, perMessageDeflate: false });
  #forTerminals = new WebSocketServer({ noServer: true, maxPayload: mostPasted, perMessageDeflate: false });
  #answered = new WeakSet<WebSocket>();
  #timer: NodeJS.Timeout;

  constructor(options: UpgradesOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#beat(), heartbeat);
    this.#timer.unref();
    options.auth.onEnd(() => this.endAll(4401, "The session has ended."));
  }

  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pages, terminals, log } = this.#options;
    socket.on("error", () => socket.destroy());
    const refused = this.#refuses(request);
    if (refused) {
      refuse(socket, refused.status, refused.message);
      return;
    }
    const id = terminalIn(request);
    if (id === undefined) {
      this.#forPages.handleUpgrade(request, socket, head, (ws) => {
        this.#watch(ws);
        pages.join(ws);
      });
      return;
    }
    this.#forTerminals.handleUpgrade(request, socket, head, (ws) => {
      this.#watch(ws);
      ws.on("error", (error) => log.warn({ error: sentence(error) }, "a terminal's connection failed"));
      joinTerminal(ws, terminals.get(id), log);
    });
  }

  #refuses(request: IncomingMessage): Fault | undefined {
    const { gate, auth, terminals, log } = this.#options;
    const refused = gate.refuses(request.headers, true);
    if (refused) {
      log.warn(
        { host: request.headers.host, origin: request.headers.origin },
        "a connection from elsewhere was refused",
      );
      return new Fault(403, refused);
    }
    if (!auth.holds(request.headers.cookie)) return new Fault(401, "Open the workbook first.");
    const id = terminalIn(request);
    const known = id === undefined ? pathOf(request) === "/ws" : terminals.has(id);
    return known ? undefined : new Fault(404, "There is nothing to connect to at this address.");
  }

  endAll(code: number, reason: string): void {
    for (const ws of this.#all()) {
      ws.close(code, reason);
      // One that does not answer the closing is not waited for.
      setTimeout(() => ws.terminate(), 500).unref();
    }
  }

  close(): void {
    clearInterval(this.#timer);
    for (const ws of this.#all()) ws.terminate();
  }

  #all(): WebSocket[] {
    return [...this.#forPages.clients, ...this.#forTerminals.clients];
  }

  #watch(ws: WebSocket): void {
    this.#answered.add(ws);
    ws.on("pong", () => this.#answered.add(ws));
  }

  #beat(): void {
    for (const ws of this.#all()) {
      if (!this.#answered.delete(ws)) ws.terminate();
      else ws.ping();
    }
  }
}

const pathOf = (request: IncomingMessage): string => (request.url ?? "").split("?")[0] as string;
const terminalIn = (request: IncomingMessage): string | undefined =>
  /^\/ws\/terminal\/([0-9a-f-]{36})$/.exec(pathOf(request))?.[1];

function refuse(socket: Duplex, status: number, text: string): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}
