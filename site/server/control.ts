import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { runs } from "../../cluster/lock.ts";
import { ServerError } from "./fault.ts";
import { writePrivate } from "./private-file.ts";

/** How a second command reaches the running workbook: a file only its owner can read, and a token in it. */
const shape = z.object({ pid: z.int().positive(), port: z.int().min(1).max(65_535), token: z.string().min(20) });
export type Running = z.infer<typeof shape>;

export interface RunningStatus {
  url: string;
  pid: number;
  /** ISO time of the server's start. */
  startedAt: string;
  /** Open pages and terminals. */
  pages: number;
  terminals: number;
  cluster: string;
  /** Resident memory in bytes. */
  rss: number;
}

export const controlFile = (state: string): string => join(state, "server.json");
export const sessionsFile = (state: string): string => join(state, "sessions.json");

export const announceRunning = (state: string, running: Running): void =>
  writePrivate(controlFile(state), `${JSON.stringify(running)}\n`);

/** Forgets this server's announcement, unless another one has replaced it. */
export function withdrawRunning(state: string, token: string): void {
  if (read(state)?.token === token) rmSync(controlFile(state), { force: true });
}

function read(state: string): Running | undefined {
  try {
    return shape.parse(JSON.parse(readFileSync(controlFile(state), "utf8")));
  } catch {
    return undefined;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function ask(running: Running, what: "open" | "status" | "stop", within = 5_000): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${running.port}/control/${what}`, {
    method: "POST",
    headers: { authorization: `Bearer ${running.token}` },
    signal: AbortSignal.timeout(within),
  });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  return response.json();
}

/** The workbook that runs with this state folder, or undefined. Throws ServerError when there is one that does not answer. */
export async function statusOfRunning(state: string): Promise<RunningStatus | undefined> {
  const running = read(state);
  if (!running || !runs(running.pid)) return undefined;
  try {
    return (await ask(running, "status")) as RunningStatus;
  } catch (error) {
    // Refused: the process with this number is another one by now, the workbook ended without a word (kill -9).
    const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;
    if (code === "ECONNREFUSED" || /answered 40/.test((error as Error).message)) return undefined;
    throw new ServerError(
      `The workbook runs (process ${running.pid}) and does not answer.`,
      "Your progress is kept.",
      `Wait a moment and try again; if it stays so, end it with: kill ${running.pid}`,
      { cause: error },
    );
  }
}

/** A fresh one-time address of the running workbook, or undefined when none runs. */
export async function openRunning(state: string): Promise<string | undefined> {
  if (!(await statusOfRunning(state))) return undefined;
  const running = read(state);
  if (!running) return undefined;
  return ((await ask(running, "open")) as { url: string }).url;
}

/**
 * Stops the running workbook and ends all its sessions; also those of one that runs no more. Returns whether one ran. Resolves when its
 * process is gone.
 */
export async function stopRunning(state: string): Promise<boolean> {
  if (!(await statusOfRunning(state))) {
    rmSync(controlFile(state), { force: true });
    rmSync(sessionsFile(state), { force: true });
    return false;
  }
  const running = read(state);
  if (!running) return false;
  await ask(running, "stop");
  if (running.pid === process.pid) return true;
  for (let waited = 0; runs(running.pid); waited += 50) {
    // It was us it answered, so the number is its own.
    if (waited === 15_000) process.kill(running.pid, "SIGTERM");
    if (waited === 20_000) process.kill(running.pid, "SIGKILL");
    if (waited > 22_000) break;
    await pause(50);
  }
  return true;
}
