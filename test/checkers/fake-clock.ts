import type { Clock } from "../../checkers/core/poll.ts";

/** A clock that jumps: sleeping takes no time, and every sleep is written down. */
export function fakeClock(): Clock & { slept: number[]; advance(ms: number): void } {
  let now = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
    // Not before other work had its turn, or a race against a sleep would always be lost.
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const wake = setTimeout(() => {
          if (!signal?.aborted) {
            now += ms;
            slept.push(ms);
          }
          resolve();
        }, 5);
        signal?.addEventListener("abort", () => {
          clearTimeout(wake);
          resolve();
        });
      }),
  };
}
