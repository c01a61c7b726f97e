/** What the service is told when it starts: flags and environment, read once and checked as a whole. What may change later: settings.ts. */

/** A place to listen. No host means every address of the pod. */
export interface Listen {
  host: string | undefined;
  port: number;
}

/** HTTP status -> probability. The probabilities add up to at most 1. */
export type ErrorRates = ReadonlyMap<number, number>;

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface Config {
  listen: Listen;
  /** undefined: no admin server. */
  adminListen: Listen | undefined;
  /** undefined: no gRPC health server. */
  grpcListen: Listen | undefined;
  /** What `/` answers; undefined: `/` answers a prediction. */
  text: string | undefined;
  version: string;
  modelName: string;
  environment: string;
  errorRates: ErrorRates;
  startupSeconds: number;
  /** Mean of the service time, in milliseconds. */
  latencyMs: number;
  /** Spread of the service time: sigma of the lognormal distribution; 0 makes it constant. */
  latencySigma: number;
  /** Requests served at once; the others wait. */
  concurrency: number;
  /** Requests that may wait; the next one is refused with 503. */
  queueLimit: number;
  /** Milliseconds of real CPU per request. */
  cpuMs: number;
  /** Threads that share this CPU work. */
  cpuThreads: number;
  /** Megabytes (2^20 bytes) held from start to end. */
  memoryMb: number;
  dependencyUrl: URL | undefined;
  dependencyTimeoutMs: number;
  readyChecksDependency: boolean;
  /** Shift of the observed feature, in standard deviations. */
  drift: number;
  /** Seconds to go on accepting connections after SIGTERM, unready. */
  drainSeconds: number;
  /** Seconds in-flight requests have to finish after that. */
  shutdownSeconds: number;
  /** The key itself is not kept: nothing can print what isn't there. */
  apiKeySet: boolean;
  /** What these settings are at the start; settings.ts has the present ones. */
  live: Live;
}

/** The variables that a file of the same name in CONFIG_DIR overrules, also while the service runs. */
export const liveNames = ["LOG_LEVEL", "BATCH_SIZE", "REQUEST_TIMEOUT"] as const;
export type LiveName = (typeof liveNames)[number];
export interface Live {
  logLevel: LogLevel;
  /** Instances one request may carry. */
  batchSize: number;
  /** Seconds a request may take, waiting included; then 504. */
  requestTimeoutSeconds: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;
export type Parsed = { config: Config; problems?: never } | { config?: never; problems: string[] };

export const usage = `usage: main.js [-listen=ADDRESS:PORT] [-text=TEXT]
       main.js inside-code
  -listen   where to serve, ":8080" unless told
  -text     what / answers; without it / answers a prediction
Everything else is set by environment variables: see the README.`;

/** Reads ":5000", "127.0.0.1:5000" or "[::1]:5000"; undefined if it is none of these. Port 0 lets the system choose. */
export function parseListen(value: string): Listen | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]*)):(\d{1,5})$/.exec(value);
  if (!match) return undefined;
  const port = Number(match[3]);
  if (port > 65535) return undefined;
  return { host: match[1] || match[2] || undefined, port };
}

/**
 * Reads "500=0.05,503=0.01"; a bare "0.1" means 500=0.1 and "0" or "" none.
 * Answers a string that says what is wrong otherwise.
 */
export function parseErrorRates(value: string): ErrorRates | string {
  const rates = new Map<number, number>();
  let sum = 0;
  for (const part of value.split(",")) {
    const item = part.trim();
    if (item === "") continue;
    const match = /^(?:(\d{3})\s*=\s*)?(\d*\.?\d+)$/.exec(item);
    if (!match) return `"${item}" is not STATUS=RATE such as 500=0.05`;
    const status = Number(match[1] ?? 500);
    const rate = Number(match[2]);
    if (status < 400 || status > 599) return `status ${status} is not an error (400 to 599)`;
    if (rates.has(status)) return `status ${status} is given twice`;
    sum += rate;
    if (rate > 0) rates.set(status, rate);
  }
  if (sum > 1 + 1e-9) return `the rates add up to ${Number(sum.toFixed(6))}, more than 1`;
  return rates;
}

/** Reads the flags (as hashicorp/http-echo takes them: one dash or two, "=" or a space) into a map. */
function readFlags(args: readonly string[], problems: string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    const match = /^--?(listen|text)(?:=([\s\S]*))?$/.exec(arg);
    if (!match) {
      problems.push(`unknown argument ${JSON.stringify(arg)}: -listen and -text are the ones there are`);
      continue;
    }
    const value = match[2] ?? args[++at];
    if (value === undefined) problems.push(`-${match[1]} needs a value`);
    else flags.set(match[1]!, value);
  }
  return flags;
}

interface Bounds {
  unit: string;
  min?: number;
  max?: number;
  whole?: boolean;
}

/** Reads typed values out of the environment and collects every complaint, so that one start shows them all. */
class Reader {
  readonly #env: Environment;
  readonly problems: string[];

  constructor(env: Environment, problems: string[]) {
    this.#env = env;
    this.problems = problems;
  }

  /** An empty variable counts as unset, as it does in most manifests. */
  raw(name: string): string | undefined {
    const value = this.#env[name];
    return value === undefined || value.trim() === "" ? undefined : value.trim();
  }

  number(name: string, fallback: number, { unit, min = 0, max = 1e9, whole = false }: Bounds): number {
    const raw = this.raw(name);
    if (raw === undefined) return fallback;
    const value = Number(raw);
    if (Number.isFinite(value) && value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
    const range = max === 1e9 ? `${min} or more` : `${min} to ${max}`;
    this.problems.push(`${name}=${quote(raw)}: expected a ${whole ? "whole " : ""}number of ${unit}, ${range}`);
    return fallback;
  }

  /** A short name that is safe in a header and as a label's value. */
  name(name: string, fallback: string): string {
    const raw = this.raw(name);
    if (raw === undefined) return fallback;
    if (/^[\w.+-]{1,63}$/.test(raw)) return raw;
    this.problems.push(`${name}=${quote(raw)}: expected up to 63 letters, digits, dots, dashes or underscores`);
    return fallback;
  }

  choice<T extends string>(name: string, fallback: T, choices: readonly T[]): T {
    const raw = this.raw(name)?.toLowerCase();
    if (raw === undefined) return fallback;
    const found = choices.find((choice) => choice === raw);
    if (found === undefined) this.problems.push(`${name}=${quote(raw)}: expected one of ${choices.join(", ")}`);
    return found ?? fallback;
  }

  listen(name: string, fallback: string): Listen | undefined {
    const raw = this.raw(name) ?? fallback;
    return raw === "off" ? undefined : this.address(name, raw, " or off");
  }

  address(name: string, raw: string, also = ""): Listen {
    const listen = parseListen(raw);
    if (!listen) this.problems.push(`${name}=${quote(raw)}: expected ADDRESS:PORT such as :5000${also}`);
    return listen ?? { host: undefined, port: 0 };
  }

  url(name: string): URL | undefined {
    const raw = this.raw(name);
    if (raw === undefined) return undefined;
    const url = URL.parse(raw);
    if (url && (url.protocol === "http:" || url.protocol === "https:")) return url;
    this.problems.push(`${name}=${quote(raw)}: expected a URL such as http://features:8080/`);
    return undefined;
  }

  errorRates(name: string): ErrorRates {
    const rates = parseErrorRates(this.raw(name) ?? "");
    if (typeof rates !== "string") return rates;
    this.problems.push(`${name}: ${rates}`);
    return new Map();
  }
}

/** Quotes a bad value for a message; cut, since a value may be anything. */
function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
}

/** Reads flags and environment. Either a complete configuration or every problem there is, never both. */
export function parseConfig(args: readonly string[], env: Environment): Parsed {
  const problems: string[] = [];
  const flags = readFlags(args, problems);
  const read = new Reader(env, problems);
  const config: Config = {
    listen: read.address("-listen", flags.get("listen") ?? ":8080"),
    adminListen: read.listen("ADMIN_LISTEN", ":9000"),
    grpcListen: read.listen("GRPC_LISTEN", ":50051"),
    text: flags.get("text"),
    version: read.name("VERSION", "dev"),
    modelName: read.name("MODEL_NAME", "half_plus_two"),
    environment: read.name("ENVIRONMENT", "development"),
    errorRates: read.errorRates("ERROR_RATE"),
    startupSeconds: read.number("STARTUP_SECONDS", 0, { unit: "seconds", max: 3600 }),
    latencyMs: read.number("LATENCY_MS", 20, { unit: "milliseconds", max: 600_000 }),
    latencySigma: read.number("LATENCY_SIGMA", 0.25, { unit: "lognormal sigma", max: 3 }),
    concurrency: read.number("CONCURRENCY", 8, { unit: "requests", min: 1, max: 10_000, whole: true }),
    queueLimit: read.number("QUEUE_LIMIT", 512, { unit: "requests", max: 100_000, whole: true }),
    cpuMs: read.number("CPU_MS", 0, { unit: "milliseconds", max: 60_000 }),
    cpuThreads: read.number("CPU_THREADS", 4, { unit: "threads", min: 1, max: 128, whole: true }),
    memoryMb: read.number("MEMORY_MB", 0, { unit: "megabytes", max: 1_000_000 }),
    dependencyUrl: read.url("DEPENDENCY_URL"),
    dependencyTimeoutMs: read.number("DEPENDENCY_TIMEOUT_MS", 800, { unit: "milliseconds", min: 1, max: 600_000 }),
    readyChecksDependency: read.choice("READY_CHECKS_DEPENDENCY", "false", ["true", "false"]) === "true",
    drift: read.number("DRIFT", 0, { unit: "standard deviations", min: -1000, max: 1000 }),
    drainSeconds: read.number("DRAIN_SECONDS", 0, { unit: "seconds", max: 3600 }),
    shutdownSeconds: read.number("SHUTDOWN_SECONDS", 25, { unit: "seconds", max: 3600 }),
    apiKeySet: read.raw("API_KEY") !== undefined,
    live: readLive(read),
  };
  problems.push(...samePorts(config));
  return problems.length > 0 ? { problems } : { config };
}

function readLive(read: Reader): Live {
  return {
    logLevel: read.choice("LOG_LEVEL", "info", logLevels),
    batchSize: read.number("BATCH_SIZE", 1024, { unit: "instances", min: 1, max: 1_000_000, whole: true }),
    requestTimeoutSeconds: read.number("REQUEST_TIMEOUT", 30, { unit: "seconds", min: 0.001, max: 3600 }),
  };
}

/** Reads the settings that may change, or every problem there is. */
export function parseLive(env: Environment): { live: Live; problems?: never } | { live?: never; problems: string[] } {
  const problems: string[] = [];
  const live = readLive(new Reader(env, problems));
  return problems.length > 0 ? { problems } : { live };
}

/** Two of our own servers on one port would show as "address in use", which misleads: say it plainly. */
function samePorts({ listen, adminListen, grpcListen }: Config): string[] {
  const all = [
    ["-listen", listen],
    ["ADMIN_LISTEN", adminListen],
    ["GRPC_LISTEN", grpcListen],
  ] as const;
  const problems: string[] = [];
  const taken = new Map<number, string>();
  for (const [name, where] of all) {
    if (!where || where.port === 0) continue;
    const other = taken.get(where.port);
    if (other) problems.push(`${other} and ${name} both ask for port ${where.port}: change one of them`);
    else taken.set(where.port, name);
  }
  return problems;
}
