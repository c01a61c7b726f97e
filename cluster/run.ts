import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

export interface RunOptions {
  cwd?: string;
  /** Added to this process's environment; undefined removes. */
  env?: Record<string, string | undefined>;
  signal?: AbortSignal;
  /** Milliseconds; the process group is killed afterwards. */
  timeout?: number;
  /** Text or bytes for standard input; a path with `inputFile` is streamed. */
  input?: string | Buffer;
  inputFile?: string;
  /** Everything the command prints is appended here. */
  log?: string;
  onLine?: (line: string) => void;
  /** Don't throw on a status other than zero. */
  allowFailure?: boolean;
}

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A command ended with a status other than zero, was not there, or ran out of time. */
export class CommandError extends Error {
  readonly code: number;
  readonly output: string;
  constructor(message: string, code: number, output: string) {
    super(message);
    this.name = "CommandError";
    this.code = code;
    this.output = output;
  }
}

const KILL_AFTER = 8_000;
const KEEP = 4 * 1024 * 1024;

/** Kills a child's whole process group: TERM, then KILL after eight seconds. */
export function killGroup(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  const send = (signal: NodeJS.Signals) => {
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is gone already.
    }
  };
  send("SIGTERM");
  const timer = setTimeout(() => send("SIGKILL"), KILL_AFTER);
  child.once("close", () => {
    clearTimeout(timer);
    // A grandchild may have outlived its parent.
    send("SIGKILL");
  });
}

/**
 * Runs one command in its own process group, so that Ctrl-C reaches it through `signal` alone and takes its children along.
 * Returns what it printed (the last 4 MiB of each stream). Throws CommandError on failure and the signal's reason when aborted.
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { signal, timeout, log, onLine } = options;
  signal?.throwIfAborted();
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const [name, value] of Object.entries(options.env ?? {})) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  const hasInput = options.input !== undefined || options.inputFile !== undefined;
  const child = spawn(command, args, {
    cwd: options.cwd,
    env,
    detached: true,
    stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe"],
  });
  const file = log ? createWriteStream(log, { flags: "a" }) : undefined;
  file?.on("error", () => {});
  file?.write(`$ ${[command, ...args].join(" ")}\n`);
  let stdout = "";
  let stderr = "";
  let partial = "";
  const lines = (chunk: string) => {
    partial += chunk;
    const all = partial.split(/\r?\n|\r/);
    partial = all.pop() ?? "";
    for (const line of all) if (line.trim()) onLine?.(line);
  };
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    stdout = (stdout + chunk).slice(-KEEP);
    file?.write(chunk);
    if (onLine) lines(chunk);
  });
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    stderr = (stderr + chunk).slice(-KEEP);
    file?.write(chunk);
    if (onLine) lines(chunk);
  });
  if (child.stdin) {
    // A command that ends early closes its input: its status says why.
    child.stdin.on("error", () => {});
    if (options.inputFile) {
      const { createReadStream } = await import("node:fs");
      createReadStream(options.inputFile)
        .on("error", () => child.stdin?.end())
        .pipe(child.stdin);
    } else child.stdin.end(options.input);
  }
  let timedOut = false;
  const abort = () => killGroup(child);
  signal?.addEventListener("abort", abort, { once: true });
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          killGroup(child);
        }, timeout);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) => {
        reject(
          error.code === "ENOENT"
            ? new CommandError(`${command}: not found`, 127, "")
            : new CommandError(`${command}: ${error.message}`, 126, ""),
        );
      });
      child.once("close", (status, killedBy) => resolve(status ?? (killedBy ? 128 : 1)));
    });
    signal?.throwIfAborted();
    if (timedOut) throw new CommandError(`${command} took longer than ${Math.round(timeout! / 1000)} s`, 124, stderr);
    if (code !== 0 && !options.allowFailure) {
      const tail = (stderr.trim() || stdout.trim()).split("\n").slice(-12).join("\n");
      throw new CommandError(
        `${command} ${args.slice(0, 3).join(" ")} failed (${code}):\n${tail}`,
        code,
        stderr + stdout,
      );
    }
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    file?.end();
  }
}

/** Full path of a command on PATH, or undefined. */
export async function which(command: string, path: string = process.env.PATH ?? ""): Promise<string | undefined> {
  for (const dir of [...path.split(delimiter), "/usr/sbin", "/sbin", "/usr/local/sbin"]) {
    if (!dir) continue;
    const full = join(dir, command);
    try {
      await access(full, constants.X_OK);
      return full;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/** Runs as root: directly when we are root, else through sudo (which may ask on the terminal, so only `sudo -n` unless `ask`). */
export function asRoot(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  if (process.getuid?.() === 0) return run(command, args, options);
  return run("sudo", ["-n", command, ...args], options);
}
