import type { Figure } from "./figures.ts";
import type { Stage } from "./stage.ts";

/** What every part is measured with. */
export interface Bench {
  /** Aborts on Ctrl-C. */
  signal: AbortSignal;
  /** A folder that goes away at the end. */
  scratch: string;
  /** Progress, on the error stream. */
  says(line: string): void;
  /** Runs at the end, last first, whatever happened. */
  after(work: () => Promise<unknown> | unknown): void;
  /** Lab 02 solved in a namespace of the benchmark's own, with a course that shows it; set up on first use. */
  stage(): Promise<Stage>;
}

export interface Measured {
  figures: Figure[];
  /** What has to be known to read the figures. */
  notes: string[];
}

export interface Part {
  name: string;
  says: string;
  run(bench: Bench): Promise<Measured>;
}

/** Resolves after so many milliseconds; rejects on the signal. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    if (signal.aborted) return reject(signal.reason as Error);
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });

/** The promise, or a rejection that names what did not come within so many milliseconds, or the signal's reason. */
export function within<T>(ms: number, what: string, promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    const timer = setTimeout(() => reject(new Error(`not within ${ms / 1000} s: ${what}`)), ms);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    });
  });
}
