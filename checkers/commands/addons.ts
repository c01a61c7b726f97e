import { type AddonPlace, addonPlace, ensureAddons, keepAddons, sweepAddons } from "../../cluster/index.ts";
import type { AddonName } from "../core/lab.ts";

type Says = (step: string) => void;

/** What enterLab() brings a lab's add-ons with where no course runs: kept for a quarter of an hour. */
export const bringAddons =
  (kubeconfig: string, namespace: string, signal: AbortSignal) =>
  async (names: readonly AddonName[], says: Says): Promise<void> =>
    ensureAddons(await addonPlace(kubeconfig, signal), names, { user: namespace, signal, says });

/** Milliseconds between two looks at what is still needed: well below what a user is recorded for. */
const every = 5 * 60_000;

/**
 * The add-ons of the labs a learner has open: brought on entering, kept while the lab is open, removed some minutes after the last lab
 * that uses them was left. Who uses what is kept in the cluster, with an end: a course that was killed holds nothing for long.
 */
export class LabAddons {
  readonly #place: () => AddonPlace | undefined;
  readonly #problem: (error: unknown) => void;
  readonly #closing = new AbortController();
  readonly #open = new Map<string, readonly AddonName[]>();
  readonly #timer: NodeJS.Timeout;

  constructor(place: () => AddonPlace | undefined, problem: (error: unknown) => void = () => {}) {
    this.#place = place;
    this.#problem = problem;
    this.#timer = setInterval(() => void this.#look(), every);
    this.#timer.unref();
  }

  /** Makes sure they are there, working, and stay as long as the lab of this namespace is open. */
  async bring(namespace: string, names: readonly AddonName[], says: Says, signal: AbortSignal): Promise<void> {
    const place = this.#place();
    if (!place) throw new Error("The cluster is not ready yet.");
    this.#open.set(namespace, names);
    await ensureAddons(place, names, { user: namespace, signal, says });
  }

  /** The lab of this namespace is not open any more. */
  left(namespace: string): void {
    this.#open.delete(namespace);
  }

  async #look(): Promise<void> {
    const place = this.#place();
    if (!place) return;
    const { signal } = this.#closing;
    try {
      for (const [user, names] of this.#open) await keepAddons(place, names, { user, signal });
      await sweepAddons(place, { signal });
    } catch (error) {
      if (!signal.aborted) this.#problem(error);
    }
  }

  close(): void {
    this.#closing.abort(new Error("The course is stopping."));
    clearInterval(this.#timer);
  }
}
