import { readdirSync, readFileSync } from "node:fs";

/** Ids of the processes of a session (the shell, its jobs, what they started), by the kernel's own list. */
export function sessionMembers(session: number): number[] {
  let names: string[];
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [session];
  }
  return names.map(Number).filter((pid) => sessionOf(pid) === session);
}

/** The session a process belongs to, or undefined when it is gone. */
export function sessionOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // pid (name) state ppid pgrp session …; the name may hold anything, parentheses too.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : Number(fields[3]);
  } catch {
    return undefined;
  }
}

export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // Gone already.
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Ends every process of a session: SIGHUP as a closed terminal would, SIGKILL to whatever is left after `grace` milliseconds.
 * Resolves when none is left.
 */
export async function endSession(session: number, grace = 600): Promise<void> {
  signal(sessionMembers(session), "SIGHUP");
  // Stopped jobs act on the hang-up only when they go on.
  signal(sessionMembers(session), "SIGCONT");
  for (let waited = 0; waited < grace && sessionMembers(session).length > 0; waited += 30) await pause(30);
  for (let tries = 0; tries < 50; tries++) {
    const left = sessionMembers(session);
    if (left.length === 0) return;
    signal(left, "SIGKILL");
    await pause(20);
  }
}
