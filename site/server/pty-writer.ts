import { writeSync } from "node:fs";

/** Bytes that may wait for a program to read them; more is refused. */
const most = 4 * 1024 * 1024;

/**
 * Input to a pty. A program that does not read fills the kernel's buffer; node-pty's own writer then spins on it with the
 * processor at 100 %. This one waits longer and longer, and keeps a bounded amount.
 */
export class PtyWriter {
  #fd: () => number | undefined;
  #queue: Buffer[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #wait = 0;

  /** fd: the descriptor to write to, or undefined once it is closed. */
  constructor(fd: () => number | undefined) {
    this.#fd = fd;
  }

  /** Returns false, and takes nothing, when too much is waiting already. */
  write(text: string): boolean {
    // Interrupt, quit and suspend throw away what was typed ahead, as the kernel's own queue does.
    if (text === "\x03" || text === "\x1c" || text === "\x1a") this.stop();
    const bytes = Buffer.from(text, "utf8");
    if (bytes.length === 0) return true;
    if (this.#bytes + bytes.length > most) return false;
    this.#queue.push(bytes);
    this.#bytes += bytes.length;
    if (this.#timer === undefined) this.#pump();
    return true;
  }

  /** Forgets what is waiting. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wait = 0;
    this.#queue = [];
    this.#bytes = 0;
  }

  #pump(): void {
    this.#timer = undefined;
    while (this.#queue.length > 0) {
      const fd = this.#fd();
      const head = this.#queue[0] as Buffer;
      const written = fd === undefined ? -1 : writeSome(fd, head);
      if (written < 0) {
        this.stop();
        return;
      }
      if (written === 0) {
        this.#wait = Math.min(50, this.#wait === 0 ? 1 : this.#wait * 2);
        this.#timer = setTimeout(() => this.#pump(), this.#wait);
        return;
      }
      this.#wait = 0;
      this.#bytes -= written;
      if (written === head.length) this.#queue.shift();
      else this.#queue[0] = head.subarray(written);
    }
  }
}

/** Bytes taken: 0 when the kernel's buffer is full, -1 when the pty is gone. */
function writeSome(fd: number, bytes: Buffer): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EAGAIN" ? 0 : -1;
  }
}
