import { AsyncLocalStorage } from "node:async_hooks";
import { Worker } from "node:worker_threads";

/** A program that stands still, as the watchdog found it. */
export interface Stall {
  /** SHA-256 of the submission it was grading, when it was grading one. */
  submission?: string;
  /** The line it stands at, "28-my-lab/lab.ts:34 (observe)". */
  where: string;
}

/** Seconds without a sign of life after which a program stands still. Reading the largest submission takes well under one. */
const silence = 10;
/** Beats a second. */
const rate = 2;
/** What the other thread asks the standing one, through its inspector. */
const asks = "workbook.submission-under-way";

/** What the other thread is told: intervals in milliseconds, `most` of them without a beat. */
export interface Watch {
  beats: Int32Array;
  asks: string;
  descriptor: number;
  every: number;
  most: number;
}

const underWay = new AsyncLocalStorage<string>();
Object.assign(globalThis, { [asks]: () => underWay.getStore() });

/** Everything `grade` does, wherever it waits meanwhile, counts as done for the submission with this SHA-256. */
export const gradingOf = <T>(sha256: string, grade: () => Promise<T>): Promise<T> => underWay.run(sha256, grade);

/**
 * Watches this thread from another one: a loop without end in a check lets nothing else run, no timer and no Ctrl-C. Writes one line of
 * JSON, a `Stall`, to the file descriptor when it comes to that; to end the program is up to whoever reads it.
 */
export function watchdog(descriptor: number): void {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  setInterval(() => Atomics.add(beats, 0, 1), 1000 / rate).unref();
  const thread = new URL("./watchdog-thread.ts", import.meta.url);
  const watch: Watch = { beats, asks, descriptor, every: 1000 / rate, most: silence * rate };
  new Worker(thread, { workerData: watch }).unref();
}
