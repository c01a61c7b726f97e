/** The service this one calls for every prediction. Without a URL it is simulated: up until told to fail. */
import http from "node:http";
import type { Config } from "./config.ts";
import type { Switches } from "./switches.ts";
import { type Trace, traceHeaders } from "./trace.ts";

/** Loaded only where it is used: it is a good part of the process's start. */
const https = () => process.getBuiltinModule("node:https");

export interface Called {
  ok: boolean;
  /** What happened, for a log or a message: "HTTP 500", "ECONNREFUSED", "no answer within 800 ms". */
  why: string;
  ms: number;
}

export class Dependency {
  readonly #config: Config;
  readonly #switches: Switches;
  readonly #agent: http.Agent | undefined;

  constructor(config: Config, switches: Switches) {
    this.#config = config;
    this.#switches = switches;
    const secure = config.dependencyUrl?.protocol === "https:";
    if (config.dependencyUrl) this.#agent = new (secure ? https() : http).Agent({ keepAlive: true });
  }

  /** Whether there is one to call or to fail. */
  get used(): boolean {
    return this.#config.dependencyUrl !== undefined || this.#switches.dependencyFails;
  }

  /** Calls it once; never throws. */
  async call(trace: Trace): Promise<Called> {
    const started = performance.now();
    const done = (ok: boolean, why: string): Called => ({ ok, why, ms: performance.now() - started });
    if (this.#switches.dependencyFails) return done(false, "told to fail by the admin server");
    if (!this.#config.dependencyUrl) return done(true, "simulated");
    try {
      const status = await this.#get(this.#config.dependencyUrl, trace);
      return done(status >= 200 && status < 300, `HTTP ${status}`);
    } catch (error) {
      const { name, code, message } = error as NodeJS.ErrnoException;
      const late = name === "TimeoutError" || name === "AbortError";
      return done(false, late ? `no answer within ${this.#config.dependencyTimeoutMs} ms` : (code ?? message));
    }
  }

  #get(url: URL, trace: Trace): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const signal = AbortSignal.timeout(this.#config.dependencyTimeoutMs);
    const options = { agent: this.#agent, signal, headers: traceHeaders(trace) };
    const request = (url.protocol === "https:" ? https() : http).get(url, options, (response) => {
      // The body is of no interest, but a connection can only be used again once it was read.
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
      response.on("error", reject);
    });
    request.on("error", reject);
    return promise;
  }
}
