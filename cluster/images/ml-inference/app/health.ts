/** The three questions Kubernetes asks: has it started, is it alive, may it have traffic. */
import type { Config } from "./config.ts";
import type { Dependency } from "./dependency.ts";
import type { Switches } from "./switches.ts";
import { continueTrace, type Trace } from "./trace.ts";

export interface Answer {
  ok: boolean;
  status: string;
  /** Why not, for people. */
  reason?: string;
}

type Phase = "starting" | "running" | "draining";

export class Health {
  #phase: Phase = "starting";
  readonly #config: Config;
  readonly #switches: Switches;
  readonly #dependency: Dependency;

  constructor(config: Config, switches: Switches, dependency: Dependency) {
    this.#config = config;
    this.#switches = switches;
    this.#dependency = dependency;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The model is loaded. */
  started(): void {
    if (this.#phase === "starting") this.#phase = "running";
  }

  /** The process was told to end: from here on it isn't ready. */
  draining(): void {
    this.#phase = "draining";
  }

  startup(): Answer {
    if (this.#phase === "starting") return { ok: false, status: "loading", reason: "the model is still loading" };
    return { ok: true, status: "started" };
  }

  /**
   * Alive means: it can answer. While the model loads it can't, as in most model servers: that is what makes a
   * slow start and a liveness probe without a startup probe a restart loop. Dependencies don't count.
   */
  live(): Answer {
    if (this.#phase === "starting") return { ok: false, status: "loading", reason: "the model is still loading" };
    return { ok: true, status: "healthy" };
  }

  async ready(trace: Trace = continueTrace(undefined, undefined)): Promise<Answer> {
    const no = (reason: string): Answer => ({ ok: false, status: "not_ready", reason });
    if (this.#phase === "starting") return no("the model is still loading");
    if (this.#phase === "draining") return no("shutting down");
    if (!this.#switches.ready) return no("told so by the admin server");
    if (this.#config.readyChecksDependency) {
      const called = await this.#dependency.call(trace);
      if (!called.ok) return no(`the dependency failed: ${called.why}`);
    }
    return { ok: true, status: "ready" };
  }
}
