/** Time, handed in from outside: core has no timers of its own, so tests run on a clock that jumps. */
export interface Clock {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Resolves after that many milliseconds, or at once when the signal aborts (never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Pauses between looks, in milliseconds; the last one repeats. */
const backOff: readonly number[] = [100, 250, 500, 1_000];

export interface PollOptions<T> {
  clock: Clock;
  /** Deadline, in milliseconds from now. The first look always happens. */
  within: number;
  /** True when this is the answer. */
  done: (seen: T) => boolean;
  signal?: AbortSignal;
  pauses?: readonly number[];
}
export interface Polled<T> {
  /** The last observation, settled or not. */
  value: T;
  /** Whether done() said yes before the deadline. */
  done: boolean;
  looks: number;
  /** Milliseconds from the first look's start to the last one's end. */
  took: number;
}

/**
 * The one loop that waits: look, judge, pause, look again, until done or out of time.
 * It never starts a look after the deadline. Rejects only when look() does, or with the signal's reason when aborted before the first look.
 */
export async function poll<T>(look: (left: number) => Promise<T>, options: PollOptions<T>): Promise<Polled<T>> {
  const { clock, within, done, signal, pauses = backOff } = options;
  signal?.throwIfAborted();
  const start = clock.now();
  for (let looks = 1; ; looks++) {
    const value = await look(Math.max(0, within - (clock.now() - start)));
    const settled = done(value);
    const took = clock.now() - start;
    if (settled || signal?.aborted || took >= within) return { value, done: settled, looks, took };
    const pause = pauses[Math.min(looks, pauses.length) - 1] ?? 1_000;
    await clock.sleep(Math.min(pause, within - took), signal);
    if (signal?.aborted || clock.now() - start >= within) {
      return { value, done: false, looks, took: clock.now() - start };
    }
  }
}
