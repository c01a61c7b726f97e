/** Runs the sample application as its image does: the bundle, in a process of its own, on ports the system chooses. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";
import { build, nodeFlags } from "../../cluster/images/ml-inference/build.ts";

const node = join(import.meta.dirname, "../../node_modules/.bin/node");
let folder = "";
let bundle = "";
const running = new Set<ChildProcess>();

/** Builds the bundle for this test file and ends whatever a test left running. Call once at the top of a file. */
export function useApp(): void {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ml-inference-"));
    bundle = join(folder, "main.js");
    await build(bundle);
  });
  afterEach(async () => {
    for (const child of running) {
      child.kill("SIGKILL");
      await once(child, "close");
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
}

export type Line = Record<string, unknown> & { level: string; msg: string };

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface App {
  /** Such as http://127.0.0.1:41234 */
  url: string;
  admin: string;
  /** host:port, for a gRPC client. */
  grpc: string;
  /** Where the application finds its temporary files. */
  tmp: string;
  child: ChildProcess;
  ended: Promise<Ended>;
  /** What it logged up to now, each line parsed: throws if one isn't JSON. */
  lines(): Line[];
  output(): string;
  /** Waits until a line has this msg. */
  line(msg: string): Promise<Line>;
}

interface Options {
  args?: string[];
  env?: Record<string, string>;
}

/** Starts the bundle with exactly this environment, nothing inherited. */
function launch({ args = [], env = {} }: Options) {
  const child = spawn(node, [...nodeFlags, bundle, ...args], {
    env: { PATH: process.env.PATH, TMPDIR: folder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const seen = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    seen.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    seen.stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code, signal) => {
      running.delete(child);
      resolve({ code, signal, ...seen });
    });
  });
  return { child, seen, ended };
}

/** Runs the bundle to its end. */
export function run(options: Options): Promise<Ended> {
  return launch(options).ended;
}

/** Starts the service and waits until it listens. */
export async function start({ args = [], env = {} }: Options = {}): Promise<App> {
  const { child, seen, ended } = launch({
    args: ["-listen=127.0.0.1:0", ...args],
    env: { ADMIN_LISTEN: "127.0.0.1:0", GRPC_LISTEN: "127.0.0.1:0", LATENCY_MS: "1", ...env },
  });
  const lines = () => {
    // The last line may still be on its way.
    const complete = seen.stdout.slice(0, seen.stdout.lastIndexOf("\n") + 1);
    return complete.split("\n").flatMap((text) => (text === "" ? [] : [JSON.parse(text) as Line]));
  };
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const line = async (msg: string) => {
    await until(() => over || lines().some((found) => found.msg === msg));
    const found = lines().find((line) => line.msg === msg);
    if (!found) throw new Error(`the application ended without "${msg}": ${seen.stdout}${seen.stderr}`);
    return found;
  };
  // A log level above info leaves no line to read the ports from, so a test of levels asks for its own way.
  const listening = await line("listening");
  const at = (port: unknown) => `127.0.0.1:${port}`;
  return {
    url: `http://${at(listening.port)}`,
    admin: `http://${at(listening.admin_port)}`,
    grpc: at(listening.grpc_port),
    tmp: env.TMPDIR ?? folder,
    child,
    ended,
    lines,
    output: () => seen.stdout + seen.stderr,
    line,
  };
}

/** Waits until a condition holds; fails after 10 s. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`never became true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function post(url: string, body?: unknown): Promise<Response> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  return fetch(url, { method: "POST", ...json });
}

// biome-ignore lint/suspicious/noExplicitAny: what the service answers is what the tests are about
export async function json(url: string): Promise<Record<string, any>> {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  return (await fetch(url)).json() as Promise<Record<string, any>>;
}

/** The value of one sample on /metrics, labels written as the exposition does; undefined if it isn't there. */
export async function metric(app: App, sample: string): Promise<number | undefined> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const line = text.split("\n").find((found) => found.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}
