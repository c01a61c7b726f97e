/**
 * Keeps measuring apart from everything that makes noise: any number of noisy runs (at most `most`) side by side, or one measuring run alone, in
 * the order they came, so that neither waits for ever.
 */
export class Quiet {
  readonly #most: number;
  #noisy = 0;
  #measuring = false;
  readonly #waiting: { alone: boolean; go: () => void }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** How many measure, or wait for that. */
  get ahead(): number {
    return Number(this.#measuring) + this.#waiting.filter(({ alone }) => alone).length;
  }

  noisy<T>(run: () => Promise<T>): Promise<T> {
    return this.#run(false, run);
  }
  measure<T>(run: () => Promise<T>): Promise<T> {
    return this.#run(true, run);
  }

  async #run<T>(alone: boolean, run: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#may(alone)) {
      await new Promise<void>((go) => this.#waiting.push({ alone, go }));
    } else this.#begin(alone);
    try {
      return await run();
    } finally {
      if (alone) this.#measuring = false;
      else this.#noisy--;
      while (this.#waiting[0] && this.#may(this.#waiting[0].alone)) {
        const next = this.#waiting.shift() as { alone: boolean; go: () => void };
        this.#begin(next.alone);
        next.go();
      }
    }
  }

  #may(alone: boolean): boolean {
    if (this.#measuring) return false;
    return alone ? this.#noisy === 0 : this.#noisy < this.#most;
  }
  #begin(alone: boolean): void {
    if (alone) this.#measuring = true;
    else this.#noisy++;
  }
}
