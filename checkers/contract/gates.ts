/** At most n at a time. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  constructor(n: number) {
    this.#free = n;
  }
  /** Runs when a slot is free, and gives it back however it ends. "first": before all that wait. */
  async use<T>(run: () => Promise<T>, place: "first" | "last" = "last"): Promise<T> {
    await this.#take(place);
    try {
      return await run();
    } finally {
      this.#give();
    }
  }
  /** Runs what needs no slot, on behalf of one who has one: somebody else has it meanwhile. */
  async lend<T>(run: () => Promise<T>): Promise<T> {
    this.#give();
    try {
      return await run();
    } finally {
      await this.#take("first");
    }
  }
  async #take(place: "first" | "last"): Promise<void> {
    if (this.#free > 0) this.#free--;
    else
      await new Promise<void>((resolve) =>
        place === "first" ? this.#waiting.unshift(resolve) : this.#waiting.push(resolve),
      );
  }
  #give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

/** How many runs may stand aside for their turn to measure, the one that measures among them: their pods stay on the cluster meanwhile. */
const inLine = 8;
/** How many may stand aside while they measure beside others: each takes a share of the processors, if a small one. */
const beside = 3;

/** The places of a proof: n runs at a time, of which one at a time measures what others must not disturb. */
export class Places {
  readonly #stands: Slots;
  readonly #measure = new Slots(1);
  readonly #aside = { line: 0, beside: 0 };
  constructor(n: number) {
    this.#stands = new Slots(n);
  }
  stand<T>(run: () => Promise<T>, place: "first" | "last"): Promise<T> {
    return this.#stands.use(run, place);
  }
  /**
   * Measures in its turn; "first" goes before those that take minutes, "any" needs no turn. A run that waits for its turn, or whose check mostly
   * waits for what the cluster does, needs no place meanwhile: some lend theirs to those who have pods to start.
   */
  measure<T>(run: () => Promise<T>, turn: "first" | "last" | "any" = "last"): Promise<T> {
    return turn === "any"
      ? this.#lent("beside", beside, run)
      : this.#lent("line", inLine, () => this.#measure.use(run, turn));
  }
  async #lent<T>(where: "line" | "beside", most: number, run: () => Promise<T>): Promise<T> {
    if (this.#aside[where] >= most) return run();
    this.#aside[where]++;
    try {
      return await this.#stands.lend(run);
    } finally {
      this.#aside[where]--;
    }
  }
}
