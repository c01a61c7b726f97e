import type { Clock } from "./poll.ts";

/** How long somebody has stood in line, so that it can be left out of the time they were given. */
export class Waited {
  readonly #clock: Clock;
  #before = 0;
  #since: number | undefined;
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds up to now; they go on counting for who stands there still. */
  get ms(): number {
    return this.#before + (this.#since === undefined ? 0 : this.#clock.now() - this.#since);
  }

  /** Acts when the line lets it, and counts what passes until then. */
  async in<Given, T>(
    line: (act: (given: Given) => Promise<T>) => Promise<T>,
    act: (given: Given) => Promise<T>,
  ): Promise<T> {
    this.#since = this.#clock.now();
    const over = (): void => {
      this.#before = this.ms;
      this.#since = undefined;
    };
    try {
      return await line((given) => {
        over();
        return act(given);
      });
    } finally {
      over();
    }
  }
}
