/**
 * How fast the terminal is and what it costs: `node test/bench/terminal.ts` prints a table. The server runs in a process of its own, as it does
 * for a learner; this one plays the page, with xterm's own parser.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import headless from "@xterm/headless";
import { WebSocket } from "ws";
import type { TerminalDown, TerminalView } from "../../site/protocol.ts";
import { lab, login, opened, until, wait, workbench } from "../server/kit.ts";

const self = fileURLToPath(import.meta.url);

export interface TerminalFigures {
  /** Megabytes (1e6) a second of what the pty gives, from the command to the last character parsed by the page's xterm. */
  throughput: number;
  /** Milliseconds from a key to its echo parsed. */
  echo: { p50: number; p95: number };
  /** Resident bytes of the server: when it has started, with four terminals, and with them after a flood in each. */
  rss: { start: number; four: number; flooded: number };
  /** Resident bytes gained while a page that acknowledges nothing was flooded for 5 s. */
  stalled: number;
}

interface Served {
  url: string;
  cookie: string;
  rss(): Promise<number>;
  stop(): Promise<void>;
}

/** The server in a process of its own. */
export async function serve(): Promise<Served> {
  const child = fork(self, ["serve"], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const next = <T>(): Promise<T> => new Promise((resolve) => child.once("message", (message) => resolve(message as T)));
  const { url, cookie } = await next<{ url: string; cookie: string }>();
  return {
    url,
    cookie,
    rss: () => {
      child.send("rss");
      return next<number>();
    },
    stop: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.send("stop");
      await gone;
    },
  };
}

/** A page: socket, xterm's parser, acknowledgements from its write callback. */
class Page {
  readonly id: string;
  readonly socket: WebSocket;
  readonly screen = new headless.Terminal({ cols: 120, rows: 30, scrollback: 1000, allowProposedApi: true });
  parsed = 0;
  onParsed: (text: string) => void = () => {};
  acks = true;
  #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #unacked = 0;

  constructor(id: string, socket: WebSocket) {
    this.id = id;
    this.socket = socket;
    socket.on("message", (data: Buffer, binary) => {
      if (!binary) {
        const message = JSON.parse(String(data)) as TerminalDown;
        if (message.type === "screen") this.screen.write(message.data, () => this.onParsed(message.data));
        return;
      }
      const text = this.#decoder.decode(data, { stream: true });
      if (!this.acks) return;
      this.screen.write(text, () => {
        this.parsed += data.length;
        this.#unacked += text.length;
        if (this.#unacked >= 4000) {
          this.send({ type: "ack", chars: this.#unacked });
          this.#unacked = 0;
        }
        this.onParsed(text);
      });
    });
    this.send({ type: "resize", cols: 120, rows: 30 });
  }
  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }
  sees(text: string, within = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`not within ${within} ms: ${text}`)), within);
      let tail = "";
      this.onParsed = (more) => {
        tail = (tail + more).slice(-4096);
        if (!tail.includes(text)) return;
        clearTimeout(late);
        this.onParsed = () => {};
        resolve();
      };
    });
  }
}

async function closeTerminal({ url, cookie }: Served, page: Page): Promise<void> {
  await fetch(`${url}/api/terminals/${page.id}`, { method: "DELETE", headers: { cookie } });
}

async function openTerminal({ url, cookie }: Served): Promise<Page> {
  const answer = await fetch(`${url}/api/terminals`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie },
    body: JSON.stringify({ lab: lab.slug }),
  });
  const { id } = (await answer.json()) as TerminalView;
  const socket = await opened(
    new WebSocket(`${url.replace("http", "ws")}/ws/terminal/${id}`, { headers: { cookie, origin: url } }),
  );
  const page = new Page(id, socket);
  await page.sees("$ ");
  return page;
}

/** Lines of 78 characters, as a log has them. */
function textFile(folder: string, bytes: number): string {
  const file = join(folder, "text");
  const line = (n: number): string =>
    `${String(n).padStart(9, "0")} ${"request answered by ml-inference in 12 ms, status 200; ".repeat(2)}`.slice(0, 78);
  const lines = Math.ceil(bytes / 79);
  writeFileSync(file, `${Array.from({ length: lines }, (_, n) => line(n)).join("\n")}\n`);
  return file;
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;

export async function measureThroughput(served: Served, folder: string, bytes = 50e6): Promise<number> {
  const page = await openTerminal(served);
  const file = textFile(folder, bytes);
  const before = page.parsed;
  const began = performance.now();
  const done = page.sees("the-end-of-it", 120_000);
  page.send({ type: "input", data: `cat ${file}; printf 'the-end-%s\\n' of-it\r` });
  await done;
  const took = (performance.now() - began) / 1000;
  const got = page.parsed - before;
  if (got < statSync(file).size) throw new Error(`only ${got} bytes arrived`);
  await closeTerminal(served, page);
  return got / 1e6 / took;
}

/** n keys, one after the other, each after the echo of the one before. */
export async function measureEcho(served: Served, n = 400): Promise<{ p50: number; p95: number }> {
  const page = await openTerminal(served);
  const times: number[] = [];
  for (let key = 0; key < n; key++) {
    if (key % 60 === 59) {
      const prompt = page.sees("$ ");
      page.send({ type: "input", data: "\x15\x03" });
      await prompt;
    }
    const letter = "abcdefghij"[key % 10] as string;
    const began = performance.now();
    const echoed = page.sees(letter);
    page.send({ type: "input", data: letter });
    await echoed;
    times.push(performance.now() - began);
    await wait(8);
  }
  await closeTerminal(served, page);
  const sorted = times.toSorted((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) };
}

export async function measureMemory(served: Served): Promise<TerminalFigures["rss"] & { stalled: number }> {
  const start = await served.rss();
  const pages = await Promise.all([0, 1, 2, 3].map(() => openTerminal(served)));
  const four = await served.rss();
  for (const page of pages) {
    const end = page.sees("flood-is-over", 60_000);
    page.send({ type: "input", data: "seq 1 400000; printf 'flood-is-%s\\n' over\r" });
    await end;
  }
  await wait(500);
  const flooded = await served.rss();
  const first = pages[0] as Page;
  first.acks = false;
  first.send({ type: "input", data: "yes\r" });
  await wait(5_000);
  const stalled = (await served.rss()) - flooded;
  await Promise.all(pages.map((page) => closeTerminal(served, page)));
  return { start, four, flooded, stalled };
}

export async function measureTerminal(): Promise<TerminalFigures> {
  const folder = mkdtempSync(join(tmpdir(), "workbook-bench-"));
  const served = await serve();
  try {
    const { stalled, ...rss } = await measureMemory(served);
    const echo = await measureEcho(served);
    const throughput = await measureThroughput(served, folder);
    return { throughput, echo, rss, stalled };
  } finally {
    await served.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function terminalTable({ throughput, echo, rss, stalled }: TerminalFigures): string {
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  const rows: [string, string, string][] = [
    ["what", "measured", "goal"],
    ["throughput to the page's parser", `${throughput.toFixed(1)} MB/s`, ">= 9 MB/s"],
    ["echo, median", `${echo.p50.toFixed(2)} ms`, ""],
    ["echo, 95 of 100", `${echo.p95.toFixed(2)} ms`, "<= 5 ms"],
    ["server resident, started", mb(rss.start), ""],
    ["server resident, four terminals", mb(rss.four), "<= 200 MB"],
    ["the same, each flooded", mb(rss.flooded), "<= 200 MB"],
    ["gained by a stalled page in 5 s", mb(stalled), "<= 20 MB"],
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown processor"}, ${mb(totalmem())}, Node ${process.version}`;
  return [
    machine,
    ...rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join("  ")
        .trimEnd(),
    ),
  ].join("\n");
}

if (process.argv[1] === self) {
  if (process.argv[2] === "serve") {
    const bench = await workbench();
    const page = await bench.page(lab.slug);
    await page.next("lab", (message) => message.state === "ready");
    const cookie = await login(bench.server);
    process.on("message", (message) => {
      if (message === "rss") process.send?.(process.memoryUsage.rss());
      else void bench.close().then(() => process.exit(0));
    });
    process.send?.({ url: bench.server.url, cookie });
  } else {
    await until("the machine to be at rest", () => true);
    console.log(terminalTable(await measureTerminal()));
  }
}
