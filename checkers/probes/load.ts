import { systemClock } from "../clock.ts";
import type { Flow, Load } from "../core/check.ts";
import { LookError } from "../core/errors.ts";
import type { Transport } from "../kube/transport.ts";
import { type Ended, FlowRecord } from "./flow.ts";
import { loadHere } from "./load-here.ts";
import { loadInside } from "./load-inside.ts";
import { addressOf, type NodePorts, requestOf } from "./target.ts";

/** Requests a second, seconds, and milliseconds for one request: at most. */
const rateLimit = 200;
const burstLimit = 500;
const secondsLimit = 300;
const timeoutLimit = 30_000;
const defaultTimeout = 5_000;
/** Milliseconds of quiet flow before and after an event. */
const around = 2_000;
/** Milliseconds until the generator has begun. */
const startLimit = 30_000;

export interface LoadRequest {
  url: string;
  method: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
  rate: number;
  seconds: number;
  /** Milliseconds. */
  timeout: number;
  keepAlive: boolean;
  /** So many more at once, `at` seconds after the start. */
  burst?: { at: number; n: number };
}

/** What makes the requests. run() may be called once. */
export interface Generator {
  /** Resolves with how many could not be begun, once every request has ended or stop() was called. Rejects with the signal's reason. */
  run(told: { started(): void; ended(one: Ended): void }): Promise<number>;
  /** Ends it now; requests under way are cut off and not told. */
  stop(): Promise<void>;
}

export interface LoadPlace {
  namespace: string;
  nodePorts: NodePorts;
  signal: AbortSignal;
  /** Told of each generator, so that nothing of it outlives the check. */
  ending(stop: () => Promise<void>): void;
}

/**
 * Requests at a steady rate: an open loop. Each is begun when it is due, whether earlier ones have been answered or not, as independent
 * users do; and its latency counts from then. A closed loop (a few users, each waiting for its answer before asking again) sends
 * nothing while a server hangs, so a pause of 5 s is one slow request in a thousand and p99 never shows it: coordinated omission.
 * Here a pause of 5 s at 50 requests a second is 250 requests that took up to 5 s.
 * Limits: 200 requests a second, 300 s, 30 s for one request. A Service is asked from inside the cluster by k6; a NodePort that is
 * mapped to this machine, from here. A burst is due at one moment, so that the last of it has waited for all before it. Percentiles come from an HDR histogram with three significant digits, so 1,000 answers or
 * more are needed before p99 rests on ten of them. Above 0, `dropped` says that the generator could not keep up: measure again.
 */
export async function load(transport: Transport, wanted: Load, place: LoadPlace): Promise<Flow> {
  const running = await begin(transport, wanted, wanted.seconds, place);
  return running.whole();
}

/**
 * The same around an event: 2 s of requests, then `act` while requests flow, then 2 s more; requests begun by then are waited for and
 * counted. An event that takes longer than `seconds` rejects with LookError, as requests would no longer have run beside it.
 */
export async function during<T>(
  transport: Transport,
  wanted: Load,
  act: () => Promise<T>,
  place: LoadPlace,
): Promise<{ flow: Flow; result: T }> {
  const running = await begin(transport, wanted, wanted.seconds + (2 * around) / 1_000, place);
  try {
    await running.sleep(around);
    const result = await act();
    if (running.ended()) throw await running.whyEnded();
    await running.sleep(around);
    const flow = await running.upToNow();
    return { flow, result };
  } finally {
    await running.stop();
  }
}

async function begin(transport: Transport, wanted: Load, seconds: number, place: LoadPlace): Promise<Running> {
  const { signal, namespace, nodePorts } = place;
  within("seconds", wanted.seconds, secondsLimit);
  const { url, from } = await addressOf(transport, wanted, namespace, nodePorts);
  const request: LoadRequest = {
    url,
    ...requestOf(wanted),
    rate: within("rate", wanted.rate, rateLimit),
    seconds,
    timeout: within("timeout", wanted.timeout ?? defaultTimeout, timeoutLimit),
    keepAlive: wanted.keepAlive ?? false,
    ...(wanted.burst && { burst: { at: wanted.burst.at, n: within("burst", wanted.burst.n, burstLimit) } }),
  };
  signal.throwIfAborted();
  const generator = from === "here" ? loadHere(request, signal) : loadInside(transport, request, signal);
  const running = new Running(generator, request, wanted, signal);
  place.ending(() => running.stop());
  await running.started();
  return running;
}

function within(what: string, value: number, limit: number): number {
  if (value > 0 && value <= limit) return value;
  throw new LookError(`A load's ${what} must be above 0 and at most ${limit}; it is ${value}.`);
}

/** A load under way. */
class Running {
  readonly #generator: Generator;
  readonly #request: LoadRequest;
  readonly #record: FlowRecord;
  readonly #onRequest: Load["onRequest"];
  readonly #signal: AbortSignal;
  readonly #run: Promise<number>;
  readonly #started = Promise.withResolvers<void>();
  readonly #timer: NodeJS.Timeout;
  /** Indexes that ended before one due earlier did; all below #next have ended. */
  readonly #ahead = new Set<number>();
  #next = 0;
  #start = 0;
  #over = false;
  /** Milliseconds since the start: requests begun later are not counted. */
  #cutOff = Number.POSITIVE_INFINITY;
  /** Every request begun before the cut-off has ended. */
  readonly #complete = Promise.withResolvers<void>();
  #firstBeyond = Number.POSITIVE_INFINITY;

  constructor(generator: Generator, request: LoadRequest, told: Load, signal: AbortSignal) {
    this.#generator = generator;
    this.#request = request;
    this.#record = new FlowRecord(told.onSecond);
    this.#onRequest = told.onRequest;
    this.#signal = signal;
    this.#run = generator.run({
      started: () => {
        this.#start = systemClock.now();
        this.#started.resolve();
      },
      ended: (one) => this.#take(one),
    });
    const over = (): void => {
      this.#over = true;
      clearInterval(this.#timer);
      this.#complete.resolve();
    };
    this.#run.then(over, (error: unknown) => {
      over();
      this.#started.reject(error);
    });
    this.#started.promise.catch(() => {});
    this.#timer = setInterval(() => {
      if (this.#start > 0 && this.#cutOff === Number.POSITIVE_INFINITY) this.#record.tick(this.#now());
    }, 100);
    this.#timer.unref();
  }

  #now(): number {
    return systemClock.now() - this.#start;
  }

  #take(one: Ended): void {
    if (one.at < this.#cutOff) {
      this.#record.add(one, this.#now());
      const { at, due = at, took, status, pod } = one;
      this.#onRequest?.({ due, took, status: String(status ?? 0), ...(pod && { pod }) });
    } else this.#firstBeyond = Math.min(this.#firstBeyond, one.index);
    this.#ahead.add(one.index);
    while (this.#ahead.delete(this.#next)) this.#next++;
    if (this.#next >= this.#firstBeyond) this.#complete.resolve();
  }

  async started(): Promise<void> {
    if (await this.#atMost(startLimit, this.#started.promise)) return;
    throw new LookError(`The load generator did not begin within ${startLimit / 1_000} s.`);
  }

  /** Whether something happened within that many milliseconds. Rejects when it does, or with the signal's reason. */
  async #atMost(milliseconds: number, what: Promise<unknown>): Promise<boolean> {
    const done = new AbortController();
    const late = systemClock.sleep(milliseconds, AbortSignal.any([this.#signal, done.signal])).then(() => false);
    try {
      return await Promise.race([what.then(() => true), late]);
    } finally {
      done.abort();
      this.#signal.throwIfAborted();
    }
  }

  ended(): boolean {
    return this.#over;
  }
  /** Why it ended before it was to. */
  async whyEnded(): Promise<unknown> {
    const seconds = this.#request.seconds - (2 * around) / 1_000;
    return this.#run.then(
      () => new LookError(`What was to happen under load took longer than ${seconds} s.`),
      (error: unknown) => error,
    );
  }

  async sleep(milliseconds: number): Promise<void> {
    await systemClock.sleep(milliseconds, this.#signal);
    this.#signal.throwIfAborted();
  }

  /** The load as a whole, at its end. */
  async whole(): Promise<Flow> {
    return this.#record.end(await this.#run);
  }

  /** The load up to this moment, once every request begun by now has ended. */
  async upToNow(): Promise<Flow> {
    this.#cutOff = this.#now();
    await this.#atMost(this.#request.timeout + around, this.#complete.promise);
    await this.stop();
    return this.#record.end(await this.#run);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#over) return;
    await this.#generator.stop();
    await this.#run.catch(() => {});
  }
}
