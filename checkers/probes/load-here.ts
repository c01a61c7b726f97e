import { Agent } from "node:http";
import { systemClock } from "../clock.ts";
import type { Generator, LoadRequest } from "./load.ts";
import { askOnce } from "./outside.ts";

/** Requests from this machine, begun by the clock whether earlier ones have been answered or not. */
export function loadHere(load: LoadRequest, signal: AbortSignal): Generator {
  const { rate, seconds, timeout, keepAlive, burst } = load;
  const end = new AbortController();
  const stopped = AbortSignal.any([signal, end.signal]);
  return {
    async run({ ended, started }) {
      const agent = keepAlive ? new Agent({ keepAlive: true }) : undefined;
      const start = systemClock.now();
      const since = (): number => systemClock.now() - start;
      const underWay = new Set<Promise<void>>();
      started();
      try {
        const steady = Array.from({ length: Math.ceil(rate * seconds) }, (_, index) => (index * 1_000) / rate);
        const herd = Array.from({ length: burst?.n ?? 0 }, () => (burst?.at ?? 0) * 1_000);
        for (const [index, due] of [...steady, ...herd].sort((one, other) => one - other).entries()) {
          if (stopped.aborted) break;
          if (due > since()) await systemClock.sleep(due - since(), stopped);
          if (stopped.aborted) break;
          const at = since();
          const asking = askOnce({ ...load, ...(agent && { agent }), timeout }, stopped).then(
            ({ status, ...answer }) => {
              underWay.delete(asking);
              if (!stopped.aborted)
                ended({ index, at, due, took: since() - due, ...answer, ...(status && { status: Number(status) }) });
            },
          );
          underWay.add(asking);
        }
        await Promise.all(underWay);
        signal.throwIfAborted();
        // Nothing here is ever refused for want of a free user: what comes late is late, and counted so.
        return 0;
      } finally {
        agent?.destroy();
      }
    },
    async stop() {
      end.abort();
    },
  };
}
