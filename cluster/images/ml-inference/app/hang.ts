/** Stops the process from answering while it goes on living. */

/**
 * Blocks the only thread of the program, without using CPU, as a deadlock would: no request, no probe, no signal
 * handler runs any more. The kernel still accepts connections to open ports, so a tcpSocket probe notices nothing.
 * `seconds` ends it; without, only SIGKILL does.
 */
export function hang(seconds: number | undefined): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(never, 0, 0, seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000);
}
