import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type Stall, watchdog } from "../submissions/watchdog.ts";
import { handSignals } from "./hand-signals.ts";
import type { Io } from "./io.ts";

/** Set for the process that does the work: by SHA-256 what not to grade, and why. */
const variable = "WORKBOOK_STALLED";
const descriptor = 3;

/** Inside the process that does the work: begins to be watched, and says which submissions stopped it before. Undefined anywhere else. */
export function beWatched(io: Io): ReadonlyMap<string, string> | undefined {
  const stalled = process.env[variable];
  if (stalled === undefined) return undefined;
  watchdog(descriptor);
  // Whoever watches was killed: stop as on Ctrl-C, rather than go on unseen.
  const orphaned = (): void => void process.kill(process.pid, "SIGINT");
  new Socket({ fd: descriptor }).on("error", orphaned).on("end", orphaned).resume().unref();
  // A check that forgets to await fails where nobody listens: that must not end the grading of everybody else.
  const escaped = (error: unknown): void =>
    io.err(io.style("yellow", `! An error escaped from a check: ${(error as Error)?.stack ?? error}`));
  process.on("unhandledRejection", escaped).on("uncaughtException", escaped);
  return new Map(JSON.parse(stalled) as [string, string][]);
}

/**
 * Runs this same command in a process of its own. When a check there never gives the processor back, the process is ended and begun again
 * with `--resume` and without the submission it stood at. Resolves to the exit code.
 */
export async function watched(io: Io): Promise<number> {
  const stalled = new Map<string, string>();
  for (;;) {
    const { code, stall } = await once(stalled);
    if (!stall) return code;
    const { submission, where } = stall;
    if (submission === undefined || stalled.has(submission)) {
      io.err(io.style("red", `✗ The grading stands still at ${where}, most likely in a loop without end.`));
      io.err("  What was graded is kept. Mend it, then carry on with the same command and --resume.");
      return 2;
    }
    const says = `It could not be graded: a check never came back from ${where}, most likely a loop without end.`;
    stalled.set(submission, says);
    io.err(
      io.style("yellow", `! A check never came back from ${where}. Carrying on without the submission it was at.`),
    );
  }
}

function once(stalled: ReadonlyMap<string, string>): Promise<{ code: number; stall?: Stall }> {
  const args = [...process.execArgv, ...process.argv.slice(1)];
  if (stalled.size > 0 && !args.includes("--resume")) args.push("--resume");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ["inherit", "inherit", "inherit", "pipe"],
      env: { ...process.env, [variable]: JSON.stringify([...stalled]) },
      detached: true,
    });
    const end = handSignals(child);
    let stall: Stall | undefined;
    createInterface({ input: child.stdio[descriptor] as Readable }).on("line", (line) => {
      stall = JSON.parse(line) as Stall;
      child.kill("SIGKILL");
    });
    child.on("error", (error) => {
      end();
      reject(error);
    });
    child.on("close", (code) => {
      end();
      resolve({ code: code ?? 2, ...(stall && { stall }) });
    });
  });
}
