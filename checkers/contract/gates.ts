import { cpus } from "node:os";

/** Things of which each run has one for itself: at most as many run at a time as there are. */
export class Pool<Thing extends NonNullable<unknown>> {
  readonly #all: number;
  readonly #free: Thing[];
  readonly #waiting: ((thing: Thing) => void)[] = [];
  constructor(things: readonly Thing[]) {
    this.#all = things.length;
    this.#free = [...things];
  }
  /** How many have one, or wait for one. */
  get asked(): number {
    return this.#all - this.#free.length + this.#waiting.length;
  }
  /** Runs when one is free, and gives it back however it ends. */
  async use<T>(run: (thing: Thing) => Promise<T>): Promise<T> {
    const thing = this.#free.shift() ?? (await new Promise<Thing>((resolve) => this.#waiting.push(resolve)));
    try {
      return await run(thing);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(thing);
      else this.#free.push(thing);
    }
  }
}

/** At most n at a time. */
export class Slots extends Pool<number> {
  constructor(n: number) {
    super(Array.from({ length: n }, (_, slot) => slot));
  }
}

/**
 * What a run does most of its time, which says how many of its kind fit on a machine: it looks at objects and its own pods; it measures with nothing
 * beside it that measures too; or it waits for minutes, as for an autoscaler, and hardly needs a processor.
 */
export type Pace = "looks" | "measures" | "waits";

/** One measures, the next makes its start, others look at what needs no turn, all right answers to a lab among them: more would only stand in line. */
const measuring = 6;
/** The same where latencies of single requests are judged: what a third one starts would be seen in them. */
const measuringQuietly = 2;
/** A run that waits takes memory, and now and then a little time. */
const waits = 3;
/** Milliseconds between two looks at the processors, long enough for the run let in last to show what it needs. */
const pause = 2_000;
/** Share of the processors' time that must have been free for one more run: starting its pods takes about that much. */
const room = 0.15;
/** The same where latencies of single requests are judged. */
const quietRoom = 0.25;

/** Gives the share of all processors' time since it was last asked in which they had nothing to do, 0 to 1. */
export function idleMeter(read: typeof cpus = cpus): () => number {
  const now = () => {
    const times = read().map((one) => one.times);
    return {
      idle: times.reduce((sum, one) => sum + one.idle, 0),
      all: times.reduce((sum, one) => sum + one.user + one.nice + one.sys + one.idle + one.irq, 0),
    };
  };
  let before = now();
  return () => {
    const after = now();
    const all = after.all - before.all;
    const idle = all > 0 ? (after.idle - before.idle) / all : 0;
    before = after;
    return idle;
  };
}

/**
 * The places of a proof: `least` runs at a time, and up to `most` as long as the processors have room; runs that wait are not counted. Where both
 * are the same, somebody asked for that number, and gets it.
 */
export class Places {
  readonly #least: number;
  readonly #most: number;
  readonly #idle: () => number;
  readonly #room: number;
  readonly #measuring: Slots;
  readonly #waits = new Slots(waits);
  readonly #measure = new Slots(1);
  readonly #line: (() => void)[] = [];
  #running = 0;
  #looking: NodeJS.Timeout | undefined;

  constructor(least: number, most = least, idle = idleMeter(), atOnce = measuring, share = room) {
    this.#least = least;
    this.#room = share;
    this.#most = most;
    this.#idle = idle;
    this.#measuring = new Slots(atOnce);
  }

  /** Places on so many processors; `quiet`: for what a neighbor's start would disturb. */
  static on(processors: number, quiet: boolean): Places {
    const least = processors + 1;
    if (quiet) return new Places(least, 4 * processors, idleMeter(), measuringQuietly, quietRoom);
    return new Places(least, 5 * processors);
  }

  /** Runs when there is a place. What stood in another line before, as for its turn to measure, is "next": there it has waited long enough. */
  stand<T>(run: () => Promise<T>, pace: Pace = "looks", at: "next" | "last" = "last"): Promise<T> {
    if (pace === "waits" && this.#most > this.#least) return this.#waits.use(run);
    if (pace === "measures") return this.#measuring.use(() => this.#place(run, "next"));
    return this.#place(run, at);
  }

  /** How many measure, or wait for that. */
  get ahead(): number {
    return this.#measure.asked;
  }
  /** Measures or disturbs in its turn: one at a time. */
  measure<T>(run: () => Promise<T>): Promise<T> {
    return this.#measure.use(run);
  }

  async #place<T>(run: () => Promise<T>, at: "next" | "last"): Promise<T> {
    await new Promise<void>((resolve) => {
      if (at === "next") this.#line.unshift(resolve);
      else this.#line.push(resolve);
      this.#admit();
    });
    try {
      return await run();
    } finally {
      this.#running--;
      this.#admit();
    }
  }

  #next(): void {
    const next = this.#line.shift();
    if (!next) return;
    this.#running++;
    next();
  }

  #admit(): void {
    while (this.#running < this.#least && this.#line.length > 0) this.#next();
    if (this.#line.length === 0 || this.#most === this.#least) {
      clearInterval(this.#looking);
      this.#looking = undefined;
    } else if (!this.#looking) {
      this.#idle();
      this.#looking = setInterval(() => {
        if (this.#idle() >= this.#room && this.#running < this.#most) this.#next();
        this.#admit();
      }, pause);
    }
  }
}

/** Where a run has to wait for its place: "door": for a node port of its own, too. */
export interface Lane {
  door: boolean;
  pace: Pace;
}

/**
 * Runs in its lane. Those that need a node port stand in line for one of a few: were they to queue behind all others each time, they would be the last
 * for long.
 */
export const inLane = <T>(
  { places, doors }: { places: Places; doors: Pool<number> },
  { door, pace }: Lane,
  run: (nodePort?: number) => Promise<T>,
): Promise<T> =>
  door ? doors.use((nodePort) => places.stand(() => run(nodePort), pace, "next")) : places.stand(run, pace);
