/** Memory that is really held: every page is written, so it counts against the container's limit. */
const megabyte = 2 ** 20;

export class Memory {
  #held: Buffer[] = [];
  #leaked: Buffer[] = [];
  #timer: NodeJS.Timeout | undefined;

  get heldMb(): number {
    return this.#held.length;
  }

  get leakedMb(): number {
    return this.#leaked.length;
  }

  /** Holds `mb` megabytes until the process ends. */
  hold(mb: number): void {
    for (let count = 0; count < mb; count++) this.#held.push(Buffer.alloc(megabyte, 1));
  }

  /** Takes `mbPerSecond` more every second; 0 stops and frees what leaked. */
  leak(mbPerSecond: number): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (mbPerSecond === 0) {
      this.#leaked = [];
      return;
    }
    // In steps of one megabyte, so that the rise is smooth in a graph.
    this.#timer = setInterval(() => this.#leaked.push(Buffer.alloc(megabyte, 1)), 1000 / mbPerSecond);
    this.#timer.unref();
  }
}
