/** What can be changed while the service runs. The admin server writes it, everything else reads it. */
import type { Config, ErrorRates } from "./config.ts";

export interface Switches {
  errorRates: ErrorRates;
  /** Milliseconds added to every request's service time. */
  slowMs: number;
  dependencyFails: boolean;
  /** false makes readiness fail whatever else is true. */
  ready: boolean;
  /** Megabytes taken per second and never given back. */
  leakMbPerSecond: number;
  drift: number;
}

/** The switches as the environment set them; also what a reset goes back to. */
export function initialSwitches(config: Config): Switches {
  return {
    errorRates: config.errorRates,
    slowMs: 0,
    dependencyFails: false,
    ready: true,
    leakMbPerSecond: 0,
    drift: config.drift,
  };
}
