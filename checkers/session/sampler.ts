import type { Looked } from "../core/reports.ts";

/** Milliseconds without a change before measuring. */
const quiet = 1_500;
/** Milliseconds between two measurements of one check. */
const apart = 15_000;
/** The same after it answered "waiting", which is no measurement. */
const apartWaiting = 3_000;

interface Slot {
  id: string;
  due: boolean;
  last: number;
  gap: number;
}

/** Decides when measuring checks run by themselves: once things are quiet, not too often, and never two at a time. */
export class Sampler {
  readonly #slots: Slot[];
  readonly #measure: (id: string) => Promise<Looked | undefined>;
  #changedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #busy = false;
  #stopped = false;

  constructor(ids: readonly string[], measure: (id: string) => Promise<Looked | undefined>) {
    this.#slots = ids.map((id) => ({ id, due: true, last: Number.NEGATIVE_INFINITY, gap: apart }));
    this.#measure = measure;
  }

  /** Something changed, in the namespace or in what one check read. */
  disturbed(id?: string): void {
    this.#changedAt = performance.now();
    for (const slot of this.#slots) if (id === undefined || slot.id === id) slot.due = true;
    this.#arm();
  }

  /** Runs something as soon as no measurement is under way; it counts as that check's latest one. */
  async now(id: string, run: () => Promise<Looked | undefined>): Promise<void> {
    await this.#alone(async () =>
      this.#noted(
        this.#slots.find((slot) => slot.id === id),
        await run(),
      ),
    );
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #alone(run: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(async () => {
      if (this.#stopped) return;
      this.#busy = true;
      try {
        await run();
      } finally {
        this.#busy = false;
        this.#arm();
      }
    });
    this.#queue = turn.catch(() => {});
    return turn;
  }

  #noted(slot: Slot | undefined, looked: Looked | undefined): void {
    // Nothing was measured where the check's ground has not passed: it is due as soon as that has.
    if (!slot || !looked) return;
    const state = looked?.verdict.state;
    slot.last = performance.now();
    slot.gap = state === "waiting" ? apartWaiting : apart;
    // What has not been measured yet, or could not be, is tried again although nothing changed.
    if (state === "waiting" || state === "error") slot.due = true;
  }

  #arm(): void {
    if (this.#stopped || this.#busy) return;
    clearTimeout(this.#timer);
    const times = this.#slots
      .filter((slot) => slot.due)
      .map((slot) => Math.max(this.#changedAt + quiet, slot.last + slot.gap));
    if (times.length === 0) return;
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, Math.min(...times) - performance.now()));
    this.#timer.unref();
  }

  #fire(): void {
    const now = performance.now();
    const slot = this.#slots.find((one) => one.due && now >= Math.max(this.#changedAt + quiet, one.last + one.gap) - 1);
    if (!slot) {
      this.#arm();
      return;
    }
    slot.due = false;
    void this.#alone(async () => this.#noted(slot, await this.#measure(slot.id))).catch(() => {});
  }
}
