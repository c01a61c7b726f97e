import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { readDurations } from "../../cluster/steps.ts";

/** What identifies a run: its lab's slug and its name. */
type Run = { lab: string; name: string };
const keyOf = ({ lab, name }: Run): string => `${lab} ${name}`;

/**
 * How long runs took when they were last proved on this machine. Those that take longest begin first: list scheduling by longest processing time,
 * R. L. Graham, Bounds on Multiprocessing Timing Anomalies (1969), so that no long one is left over at the end, when the other places are empty.
 */
export class Durations {
  readonly #file: string;
  readonly #known: Map<string, number>;

  /** A file that is missing or makes no sense is as good as none: the order is another then, and nothing else. */
  constructor(file: string) {
    this.#file = file;
    this.#known = new Map(Object.entries(readDurations(file)));
  }

  /** Milliseconds the runs took one after the other; infinitely many where one of them has not been proved here yet. */
  of(...runs: readonly Run[]): number {
    return runs.reduce((sum, run) => sum + (this.#known.get(keyOf(run)) ?? Number.POSITIVE_INFINITY), 0);
  }

  note(run: Run, took: number): void {
    this.#known.set(keyOf(run), Math.round(took));
  }

  /** Keeps them for the next proof, which does without them where they cannot be kept. */
  write(): void {
    const temporary = `${this.#file}.${process.pid}`;
    try {
      mkdirSync(dirname(this.#file), { recursive: true });
      writeFileSync(temporary, `${JSON.stringify(Object.fromEntries(this.#known), null, 1)}\n`);
      renameSync(temporary, this.#file);
    } catch {
      // A disk that is full is told of by whatever needs it.
    }
  }
}

/**
 * What takes longest first; among equals, and where nothing is known, in the order given. But one that comes `soon` to its turn to measure begins before
 * all others: nobody else would have that turn while they, right answers to a whole lab, are on their way to it.
 */
export function longestFirst<T extends { takes: number; soon?: boolean }>(some: readonly T[]): T[] {
  const sorted = some.toSorted((one, other) => (one.takes === other.takes ? 0 : other.takes - one.takes));
  const first = sorted.find(({ soon }) => soon);
  return first ? [first, ...sorted.filter((one) => one !== first)] : sorted;
}
