/** The parts of the service put together, for whoever answers requests. */
import type { Config } from "./config.ts";
import type { Dependency } from "./dependency.ts";
import type { Features } from "./features.ts";
import type { Health } from "./health.ts";
import type { Log } from "./log.ts";
import type { Memory } from "./memory.ts";
import type { Metrics } from "./metrics.ts";
import type { Model } from "./predict.ts";
import type { Settings } from "./settings.ts";
import type { Switches } from "./switches.ts";

export interface Service {
  config: Config;
  settings: Settings;
  /** The pod's name. */
  pod: string;
  log: Log;
  switches: Switches;
  metrics: Metrics;
  model: Model;
  features: Features;
  dependency: Dependency;
  health: Health;
  memory: Memory;
}
