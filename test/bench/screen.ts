import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { spawn } from "node-pty";
import { WebSocket } from "ws";
import type { TerminalView } from "../../site/protocol.ts";
import { statusOfRunning } from "../../site/server/control.ts";
import { type AttachOptions, opened, TerminalClient } from "../server/kit.ts";
import { figure, median } from "./figures.ts";
import { type Bench, type Measured, type Part, pause, within } from "./part.ts";
import { type Stage, slug } from "./stage.ts";
import { measureEcho, measureMemory, measureThroughput, serve } from "./terminal.ts";

const bytes = 50e6;
const rounds = 3;
const keys = 400;

/** A file like a log, of the wanted size and no two lines alike. */
async function logFile(folder: string): Promise<string> {
  const file = join(folder, "log.txt");
  if (existsSync(file)) return file;
  const out = createWriteStream(file);
  const words = "request answered by ml-inference in 12 ms, status 200, as ever; ".repeat(2);
  for (let line = 0, written = 0; written < bytes; line++) {
    const text = `${`${String(line).padStart(9, "0")} ${words}`.slice(0, 78)}\n`;
    written += text.length;
    if (!out.write(text)) await once(out, "drain");
  }
  out.end();
  await once(out, "close");
  return file;
}

/** MB/s of what a pty gives to a reader that does nothing with it. */
async function ptyAlone(file: string, signal: AbortSignal): Promise<number> {
  const began = performance.now();
  const pty = spawn("cat", [file], { cols: 120, rows: 30, encoding: null });
  let got = 0;
  pty.onData((data: string | Buffer) => {
    got += data.length;
  });
  const ended = new Promise<void>((resolve) => pty.onExit(() => resolve()));
  try {
    await within(120_000, "the pty alone", ended, signal);
  } finally {
    if (signal.aborted) pty.kill();
  }
  return got / 1e6 / ((performance.now() - began) / 1000);
}

/** Milliseconds from each of so many keys to its echo by a shell on a pty, nothing in between. */
async function echoAlone(keys: number, signal: AbortSignal): Promise<number[]> {
  const pty = spawn("bash", ["--norc"], { cols: 120, rows: 30 });
  let heard = (_text: string): void => {};
  pty.onData((text) => heard(text));
  const times: number[] = [];
  try {
    await pause(500, signal);
    for (let key = 0; key < keys; key++) {
      const letter = "abcdefghij"[key % 10] as string;
      const echoed = new Promise<void>((resolve) => {
        heard = (text) => {
          if (text.includes(letter)) resolve();
        };
      });
      const began = performance.now();
      pty.write(letter);
      await within(10_000, "an echo", echoed, signal);
      times.push(performance.now() - began);
      heard = () => {};
      // Ctrl-U before the line is full.
      if (key % 60 === 59) pty.write("\x15");
      await pause(key % 60 === 59 ? 50 : 8, signal);
    }
    return times;
  } finally {
    pty.kill();
  }
}

interface Opened {
  client: TerminalClient;
  close(): Promise<void>;
}

async function openTerminal(stage: Stage, options: AttachOptions): Promise<Opened> {
  const { course, cookie } = stage;
  const ask = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`${course.url}/api/terminals${path}`, {
      method,
      headers: { "content-type": "application/json", cookie },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
  const answer = await ask("POST", "", { lab: slug });
  if (!answer.ok) throw new Error(`no terminal: ${await answer.text()}`);
  const { id } = (await answer.json()) as TerminalView;
  const address = `${course.url.replace("http", "ws")}/ws/terminal/${id}`;
  const socket = await opened(new WebSocket(address, { headers: { cookie, origin: course.url } }));
  const close = async (): Promise<void> => {
    await ask("DELETE", `/${id}`);
    socket.close();
  };
  return { client: new TerminalClient(socket, options), close };
}

/** How many bytes arrived that differ from what the program wrote: 0, or everything from the first difference on. */
async function differing(bench: Bench, stage: Stage, file: string): Promise<number> {
  const chunks: Buffer[] = [];
  const end = Buffer.from("the-end-of-it");
  let done = (): void => {};
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const { client, close } = await openTerminal(stage, {
    keep: false,
    onBytes: (data) => {
      chunks.push(data);
      if (Buffer.concat(chunks.slice(-2)).subarray(-20_000).includes(end)) done();
    },
  });
  client.input(`cat ${file}; printf 'the-end-%s\\n' of-it\r`);
  try {
    await within(120_000, "50 MB through a terminal", finished, bench.signal);
  } finally {
    await close();
  }
  // A terminal line ends in CR LF.
  const expected = Buffer.from((await readFile(file, "latin1")).replaceAll("\n", "\r\n"), "latin1");
  const got = Buffer.concat(chunks);
  const start = got.indexOf(expected.subarray(0, 1_000));
  if (start < 0) return expected.length;
  if (expected.equals(got.subarray(start, start + expected.length))) return 0;
  let same = 0;
  while (same < expected.length && expected[same] === got[start + same]) same++;
  return expected.length - same;
}

/** Resident memory of the course's server in MB: the lab and its watches open, then with four terminals as well. */
async function resident(bench: Bench, stage: Stage): Promise<{ watching: number; four: number }> {
  const rss = async (): Promise<number> =>
    ((await statusOfRunning(String(stage.env.WORKBOOK_HOME)))?.rss ?? Number.NaN) / 1e6;
  const watching = await rss();
  const terminals = await Promise.all([0, 1, 2, 3].map(() => openTerminal(stage, { keep: false })));
  for (const { client } of terminals) client.input("kubectl get pods; seq 1 20000\r");
  await pause(4_000, bench.signal);
  const four = await rss();
  await Promise.all(terminals.map(({ close }) => close()));
  return { watching, four };
}

async function run(bench: Bench): Promise<Measured> {
  const { signal, scratch } = bench;
  const stage = await bench.stage();
  bench.says("resident memory of the running course");
  const { watching, four } = await resident(bench, stage);
  const file = await logFile(scratch);
  bench.says("50 MB byte for byte");
  const wrong = await differing(bench, stage, file);

  const served = await serve();
  bench.after(() =>
    within(5_000, "the end of the terminals' server", served.stop(), new AbortController().signal).catch(() => {}),
  );
  const bounded = <T>(what: string, work: Promise<T>): Promise<T> => within(180_000, what, work, signal);
  bench.says("a page that does not read");
  const memory = await bounded("memory", measureMemory(served));
  bench.says(`the echo of ${keys} keys`);
  const echo = await bounded("echo", measureEcho(served, keys));
  const bare = await echoAlone(keys / 2, signal);
  const alone: number[] = [];
  const through: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bench.says(`50 MB, round ${round + 1} of ${rounds}`);
    alone.push(await ptyAlone(file, signal));
    through.push(await bounded("throughput", measureThroughput(served, scratch, bytes)));
  }
  const most = { limit: 200, sense: "at most", of: "max" } as const;
  return {
    figures: [
      figure("50 MB through a terminal: bytes that differ", "", [wrong], { limit: 0, sense: "at most", of: "max" }),
      figure("through to the page's parser", "MB/s", through, { limit: 9, sense: "at least", of: "median" }),
      figure("the pty alone, read and dropped", "MB/s", alone),
      figure("through / the pty alone, of medians", "ratio", [median(through) / median(alone)]),
      figure("echo of a key, median", "ms", [echo.p50]),
      figure("echo of a key, p95", "ms", [echo.p95], { limit: 5, sense: "at most", of: "max" }),
      figure("echo of a key by a shell on a pty alone", "ms", bare),
      figure("server resident, a lab and its watches open", "MB", [watching]),
      figure("the same with four terminals in use", "MB", [four], most),
      figure("terminals' server after a flood in each of four", "MB", [memory.flooded / 1e6], most),
      figure("gained in 5 s by a page that reads nothing", "MB", [memory.stalled / 1e6], {
        limit: 20,
        sense: "at most",
        of: "max",
      }),
    ],
    notes: [
      `Echo: ${keys} keys, each after the echo of the one before, to the parser of a headless xterm.`,
      "Goal for the gain: flat is read as 20 MB, which garbage collection moves it by on its own.",
    ],
  };
}

export const screen: Part = { name: "terminal", says: "the terminal: bytes, speed, echo, memory", run };
