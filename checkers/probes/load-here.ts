import { Agent } from "node:http";
import { systemClock } from "../clock.ts";
import type { Generator, LoadRequest } from "./load.ts";
import { askOnce } from "./outside.ts";

/** Requests from this machine, begun by the clock whether earlier ones have been answered or not. */
export function loadHere(load: LoadRequest, signal: AbortSignal): Generator {
  const { rate, seconds, timeout, keepAlive } = load;
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
        for (let index = 0; index < rate * seconds && !stopped.aborted; index++) {
          const due = (index * 1_000) / rate;
          if (due > since()) await systemClock.sleep(due - since(), stopped);
          if (stopped.aborted) break;
          const at = since();
          const asking = askOnce({ ...load, ...(agent && { agent }), timeout }, stopped).then(
            ({ status, ...answer }) => {
              underWay.delete(asking);
              if (!stopped.aborted)
                ended({ index, at, took: since() - due, ...answer, ...(status && { status: Number(status) }) });
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
