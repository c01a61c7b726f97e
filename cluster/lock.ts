import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { ClusterError } from "./types.ts";

/** A process, told from later ones that get the same id. */
export interface Process {
  pid: number;
  /** Its start time in clock ticks since boot; "" where the machine does not tell. */
  start: string;
}

interface Holder extends Process {
  what: string;
  since: string;
}

/** Start time of a process as the kernel tells it, "" where there is no /proc, undefined when it doesn't run. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name may hold spaces and parentheses: count from the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    try {
      process.kill(pid, 0);
      return "";
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EPERM" ? "" : undefined;
    }
  }
}

/** Whether there is a process with this id, whoever started it. */
export const runs = (pid: number): boolean => startTime(pid) !== undefined;

/** This process. */
export const thisProcess = (): Process => ({ pid: process.pid, start: startTime(process.pid) ?? "" });

/** Whether this very process still runs. */
export function alive({ pid, start }: Process): boolean {
  const now = startTime(pid);
  return now !== undefined && (now === "" || start === "" || now === start);
}

/** Whether a process that runs has the lock. */
export function held(file: string): boolean {
  const holder = read(file);
  return holder !== undefined && alive(holder);
}

function read(file: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as Holder;
    return Number.isInteger(holder.pid) ? holder : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Takes the lock file or throws a ClusterError naming who has it. A lock left by a process that no longer runs is taken over.
 * Returns the function that gives it back.
 */
export function lock(file: string, what: string): () => void {
  mkdirSync(dirname(file), { recursive: true });
  const mine: Holder = { ...thisProcess(), what, since: new Date().toISOString() };
  const own = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(own, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        // link() fails when the name exists: the lock appears with its contents, or not at all.
        linkSync(own, file);
        return () => {
          const holder = read(file);
          if (holder?.pid === mine.pid && holder.start === mine.start) rmSync(file, { force: true });
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        const holder = read(file);
        if (holder && alive(holder)) {
          throw new ClusterError(
            `Another workbook process (${holder.pid}) is busy: ${holder.what}, since ${holder.since}.`,
            "Nothing was changed.",
            `Wait until it is through, or stop it with: kill ${holder.pid}`,
          );
        }
        rmSync(file, { force: true });
      }
    }
    throw new ClusterError(`Could not take the lock ${file}.`, "Nothing was changed.", "Try again.");
  } finally {
    rmSync(own, { force: true });
  }
}
