/** Real CPU work of a known size, done in the thread pool so that the service goes on answering probes. */
import { pbkdf2, pbkdf2Sync } from "node:crypto";
import { promisify } from "node:util";

const hash = promisify(pbkdf2);
const sample = 20_000;

export class Cpu {
  /** Iterations of the hash that take one millisecond of CPU. */
  #perMs = 0;

  /**
   * Measures this machine. It counts CPU time, not wall time: a container that is being throttled would
   * otherwise come out slow and then be given too little work.
   */
  calibrate(): void {
    pbkdf2Sync("", "", 1000, 32, "sha512");
    const before = process.threadCpuUsage();
    pbkdf2Sync("", "", sample, 32, "sha512");
    const { user, system } = process.threadCpuUsage(before);
    this.#perMs = sample / Math.max((user + system) / 1000, 0.1);
  }

  /** Uses about `ms` milliseconds of CPU. */
  async burn(ms: number): Promise<void> {
    if (ms <= 0) return;
    if (this.#perMs === 0) this.calibrate();
    await hash("", "", Math.max(1, Math.round(this.#perMs * ms)), 32, "sha512");
  }
}

/** Sets how many threads the pool has. Must come before the first use of the pool. */
export function setThreads(count: number): void {
  process.env.UV_THREADPOOL_SIZE = String(count);
}
