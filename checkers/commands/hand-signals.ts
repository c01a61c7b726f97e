import type { ChildProcess } from "node:child_process";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Hands signals on to a process in a group of its own: a Ctrl-C comes to us alone, and reaches it once; a terminal that is closed asks it to end, too.
 * Gives what ends that.
 */
export function handSignals(child: ChildProcess): () => void {
  const hand = (signal: NodeJS.Signals): void => void child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
  for (const signal of signals) process.on(signal, hand);
  return () => {
    for (const signal of signals) process.off(signal, hand);
  };
}
