/** The end of the process as Kubernetes wants it: unready at once, in-flight requests finished, then gone. */
import type http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Service } from "./service.ts";

export interface ShutdownParts {
  service: Service;
  app: http.Server;
  /** Ends the other servers. */
  closeOthers: () => void;
}

/** Ends the process on SIGTERM or SIGINT; a second signal ends it at once. */
export function onSignal(parts: ShutdownParts): void {
  let asked = false;
  const end = (signal: NodeJS.Signals) => {
    if (asked) process.exit(1);
    asked = true;
    shutdown(parts, signal).then((clean) => process.exit(clean ? 0 : 1));
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
}

/** Drains and closes; true if every request got its answer. */
async function shutdown({ service, app, closeOthers }: ShutdownParts, signal: string): Promise<boolean> {
  const { config, log, health, metrics } = service;
  health.draining();
  log.info("shutting down", { signal, requests_in_flight: metrics.inFlight });
  // Without DRAIN_SECONDS the port closes now, while the cluster may still send requests here: what a preStop
  // sleep is for.
  if (config.drainSeconds > 0) await sleep(config.drainSeconds * 1000);
  // Stops accepting, closes idle connections, and calls back when the busy ones are done.
  const closed = new Promise<boolean>((resolve) => app.close(() => resolve(true)));
  const clean = await Promise.race([closed, sleep(config.shutdownSeconds * 1000, false)]);
  if (clean) log.info("stopped");
  else log.error("stopped with requests unanswered", { requests_in_flight: metrics.inFlight });
  closeOthers();
  return clean;
}
