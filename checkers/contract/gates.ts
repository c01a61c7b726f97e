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

/** How many runs may stand aside for their turn to measure, the one that measures among them: their pods take memory and a little time meanwhile. */
const aside = 2;

/** The places of a proof: n runs at a time, of which one at a time measures or disturbs. */
export class Places {
  readonly #stands: Slots;
  readonly #measure = new Slots(1);
  #aside = 0;
  constructor(n: number) {
    this.#stands = new Slots(n);
  }
  stand<T>(run: () => Promise<T>, place: "first" | "last"): Promise<T> {
    return this.#stands.use(run, place);
  }
  /** Measures in its turn. A run that waits for it has nothing else to do: one that does lends its place, besides the one that measures. */
  async measure<T>(run: () => Promise<T>): Promise<T> {
    if (this.#aside >= aside) return this.#measure.use(run);
    this.#aside++;
    try {
      return await this.#stands.lend(() => this.#measure.use(run));
    } finally {
      this.#aside--;
    }
  }
}
