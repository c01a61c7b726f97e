import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import type { Down, Up } from "../../site/protocol.ts";
import { within } from "./part.ts";

export const launcher = fileURLToPath(new URL("../../workbook", import.meta.url));

/** A port of the loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** One line of `./workbook up --json`. */
export interface UpEvent {
  type: "pages" | "open" | "cluster" | "up" | "failed";
  /** Milliseconds since the command was started. */
  at: number;
  url?: string;
  already?: boolean;
  cluster?: { summary: string; steps: { id: string; title: string; state: string; elapsed: number }[] };
  error?: { what: string };
}

export interface Course {
  /** http://127.0.0.1:PORT */
  url: string;
  child: ChildProcess;
  events: UpEvent[];
  /** The first event of this type, come or to come. Rejects when the command ends without, or fails. */
  event(type: UpEvent["type"], ms: number): Promise<UpEvent>;
  /** Ends it as Ctrl-C does. Resolves when it is gone. */
  stop(): Promise<void>;
}

/** `./workbook up` as a person types it, with events for output. Stop it. */
export async function startCourse(options: {
  env: NodeJS.ProcessEnv;
  args?: readonly string[];
  signal: AbortSignal;
}): Promise<Course> {
  const { env, args = [], signal } = options;
  const port = await freePort();
  const began = performance.now();
  // In a process group of its own: a Ctrl-C at the terminal reaches it through us, once.
  const child = spawn(launcher, ["up", "--json", "--no-open", "--port", String(port), ...args], {
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const events: UpEvent[] = [];
  const waiting = new Set<() => void>();
  const tell = (): void => {
    for (const look of waiting) look();
  };
  let said = "";
  let gone: string | undefined;
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + String(chunk)).slice(-2000);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    events.push({ ...(JSON.parse(line) as UpEvent), at: performance.now() - began });
    tell();
  });
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      gone = error.message;
      resolve();
    });
    child.once("exit", (code) => {
      gone = `./workbook up ended with ${code}: ${said.trim()}`;
      resolve();
    });
  });
  void ended.then(tell);
  const event = (type: UpEvent["type"], ms: number): Promise<UpEvent> => {
    let look = (): void => {};
    const found = new Promise<UpEvent>((resolve, reject) => {
      look = () => {
        const one = events.find((candidate) => candidate.type === type);
        const failed = events.find((candidate) => candidate.type === "failed");
        if (one) resolve(one);
        else if (failed) reject(new Error(failed.error?.what ?? "the cluster could not be brought up"));
        else if (gone !== undefined) reject(new Error(gone));
      };
      waiting.add(look);
      look();
    });
    return within(ms, `./workbook up: ${type}`, found, signal).finally(() => waiting.delete(look));
  };
  const stop = async (): Promise<void> => {
    if (gone === undefined) child.kill("SIGINT");
    const last = setTimeout(() => child.kill("SIGKILL"), 30_000);
    await ended;
    clearTimeout(last);
  };
  return { url: `http://127.0.0.1:${port}`, child, events, event, stop };
}

/** Opens a one-time address as a browser does; the Cookie header that comes of it. */
export async function login(address: string): Promise<string> {
  const answer = await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(10_000) });
  const cookie = answer.headers.getSetCookie()[0]?.split(";")[0];
  if (!cookie) throw new Error(`the course gave no session: HTTP ${answer.status}`);
  return cookie;
}

/** A page's connection: what the server says, with the time at which it came. */
export class PageSocket {
  readonly #socket: WebSocket;
  readonly #listeners = new Set<(message: Down, at: number) => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      const at = performance.now();
      const message = JSON.parse(String(data)) as Down;
      for (const listener of this.#listeners) listener(message, at);
    });
  }

  static async open(url: string, cookie: string, signal: AbortSignal): Promise<PageSocket> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, { headers: { cookie, origin: url } });
    await within(10_000, "the page's connection", once(socket, "open"), signal);
    return new PageSocket(socket);
  }

  send(message: Up): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Resolves to when the first message came that the predicate holds for. Ask before causing it. */
  next(what: string, wanted: (message: Down) => boolean, ms: number, signal: AbortSignal): Promise<number> {
    let listener = (_message: Down, _at: number): void => {};
    const found = new Promise<number>((resolve) => {
      listener = (message, at) => {
        if (wanted(message)) resolve(at);
      };
      this.#listeners.add(listener);
    });
    return within(ms, what, found, signal).finally(() => this.#listeners.delete(listener));
  }

  close(): void {
    this.#socket.close();
  }
}
