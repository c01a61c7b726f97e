/**
 * The model and its latency: a fixed number of slots, a queue in front of them and a random service time.
 * Below saturation a request takes its service time; near it the wait grows and the tail with it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "./config.ts";
import type { Cpu } from "./cpu.ts";
import type { Switches } from "./switches.ts";

/** What `GET /predict` asks the model when the caller brings no instances. */
export const sampleInstances: readonly number[] = [1, 2, 5];

/** The model. */
export function halfPlusTwo(x: number): number {
  return x / 2 + 2;
}

/** A standard normal draw (Box-Muller). `random` gives numbers in [0, 1). */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A lognormal service time in milliseconds whose mean is `meanMs` for every `sigma`. */
export function serviceTime(meanMs: number, sigma: number, random: () => number): number {
  if (meanMs === 0) return 0;
  return meanMs * Math.exp(sigma * normal(random) - (sigma * sigma) / 2);
}

/** The queue had no room. */
export class QueueFull extends Error {}

interface Waiting {
  enter: () => void;
}

/** Lets `limit` requests in at once; up to `queueLimit` others wait, first come first served. */
export class Slots {
  readonly limit: number;
  readonly #queueLimit: number;
  #busy = 0;
  #queue: Waiting[] = [];

  constructor(limit: number, queueLimit: number) {
    this.limit = limit;
    this.#queueLimit = queueLimit;
  }

  get busy(): number {
    return this.#busy;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Waits for a slot; give it back with `release`. Throws QueueFull, or the signal's reason if that ends the wait. */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#busy < this.limit) {
      this.#busy++;
      return;
    }
    if (this.#queue.length >= this.#queueLimit) throw new QueueFull();
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#queue = this.#queue.filter((other) => other !== waiting);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        enter: () => {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#queue.push(waiting);
    });
  }

  /** Hands the slot to the next in line. */
  release(): void {
    const next = this.#queue.shift();
    if (next) next.enter();
    else this.#busy--;
  }
}

/** Where the time of one inference went, in milliseconds. */
export interface Spent {
  queueMs: number;
  modelMs: number;
}

export interface ModelParts {
  config: Config;
  switches: Switches;
  cpu: Cpu;
}

export class Model {
  readonly slots: Slots;
  readonly #parts: ModelParts;

  constructor(parts: ModelParts) {
    this.#parts = parts;
    this.slots = new Slots(parts.config.concurrency, parts.config.queueLimit);
  }

  /**
   * Spends the time and the CPU of one inference. `within` runs in the slot, before the model, as the fetching
   * of features would. Throws QueueFull, or the signal's reason.
   */
  async run(signal: AbortSignal, within: () => Promise<void>): Promise<Spent> {
    const { config, switches, cpu } = this.#parts;
    const asked = performance.now();
    await this.slots.enter(signal);
    const entered = performance.now();
    try {
      await within();
      const started = performance.now();
      const ms = serviceTime(config.latencyMs, config.latencySigma, Math.random) + switches.slowMs;
      if (ms >= 0.5) await sleep(Math.round(ms), undefined, { signal });
      await cpu.burn(config.cpuMs);
      signal.throwIfAborted();
      return { queueMs: entered - asked, modelMs: performance.now() - started };
    } finally {
      this.slots.release();
    }
  }
}

/** The status an injected error answers with, or undefined for none. One draw decides among all classes. */
export function drawError(rates: ReadonlyMap<number, number>, random: () => number): number | undefined {
  if (rates.size === 0) return undefined;
  let left = random();
  for (const [status, rate] of rates) {
    left -= rate;
    if (left < 0) return status;
  }
  return undefined;
}
