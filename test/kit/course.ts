import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import type { ClusterView } from "../../checkers/core/report.ts";

export const root = new URL("../..", import.meta.url).pathname;

/** What a test that needs the cluster gets from `./workbook test`. Throws when it was started by itself. */
export const need = (name: string): string => {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set: run this through ./workbook test, which brings the cluster up first.`);
};

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });

type Event =
  | { type: "pages" }
  | { type: "open"; url: string; already: boolean }
  | { type: "cluster"; cluster: ClusterView }
  | { type: "up"; cluster: ClusterView }
  | { type: "failed"; error: { what: string; kept: string; todo: string } };

/** A running `./workbook up --json`, as a person's terminal would run it. */
export class Course {
  readonly events: Event[] = [];
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  stderr = "";
  #waiting = new Set<() => void>();

  constructor(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(join(root, "workbook"), ["up", "--no-open", "--json", ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let rest = "";
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("{")) this.events.push(JSON.parse(line) as Event);
      }
      for (const look of this.#waiting) look();
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => this.child.on("exit", (code) => resolve(code)));
    this.child.on("exit", () => {
      for (const look of this.#waiting) look();
    });
  }

  /** The first event of a type. Rejects when the process ends without it, or after `within` milliseconds. */
  event<T extends Event["type"]>(type: T, within = 240_000): Promise<Extract<Event, { type: T }>> {
    return new Promise((resolve, reject) => {
      const done = (act: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        act();
      };
      const look = () => {
        const found = this.events.find((event) => event.type === type);
        if (found) return done(() => resolve(found as Extract<Event, { type: T }>));
        if (this.child.exitCode !== null) {
          done(() => reject(new Error(`./workbook up ended with ${this.child.exitCode}: ${this.stderr}`)));
        }
      };
      const timer = setTimeout(
        () => done(() => reject(new Error(`no event "${type}" within ${within / 1000} s; ${this.stderr}`))),
        within,
      );
      this.#waiting.add(look);
      look();
    });
  }

  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<number | null> {
    if (this.child.exitCode === null) this.child.kill(signal);
    return this.ended;
  }
}

/** Runs a command of the workbook to its end. */
export const workbook = (
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const child = spawn(join(root, "workbook"), args, { cwd: root, env: { ...process.env, ...env } });
    let stdout = "";
    let stderr = "";
    child.stdin.end();
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
