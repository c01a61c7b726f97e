import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { StringDecoder } from "node:string_decoder";
import { LookError } from "../core/errors.ts";
import { type Connection, type ConnectionOptions, loadConnection } from "./config.ts";
import { Conflict, Expired, Forbidden, KubeconfigError, NotFound, Unreachable } from "./errors.ts";

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  /** Of the body; default application/json. */
  contentType?: string;
  /** Milliseconds for the whole exchange; default 10,000. */
  timeout?: number;
  signal?: AbortSignal;
}
export interface RawResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const startAgain = 'See "./workbook status"; "./workbook up" starts it again.';
const connectTimeout = 5_000;
const pingEvery = 15_000;
const pingTimeout = 5_000;
/** Pauses after failed connections, in milliseconds; the last one repeats. Requests meanwhile fail at once. */
const reconnectPauses = [0, 100, 250, 500, 1_000];
const tlsTrouble = /CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME|SSL|TLS/;

/**
 * One HTTP/2 session to an API server, shared by every read and watch, opened on first use and reopened after it broke.
 * Rejects with typed errors: Unreachable, Forbidden, NotFound, Conflict, Expired, KubeconfigError.
 */
export class Transport {
  readonly connection: Connection;
  readonly #prefix: string;
  #session: Promise<ClientHttp2Session> | undefined;
  #open: ClientHttp2Session | undefined;
  #failures = 0;
  #notBefore = 0;
  #lastError: LookError | undefined;
  #closed = false;

  constructor(connection: Connection) {
    this.connection = connection;
    this.#prefix = new URL(connection.server).pathname.replace(/\/$/, "");
  }

  /** Opens a kubeconfig's context; the connection itself comes with the first request. */
  static async open(options: ConnectionOptions = {}): Promise<Transport> {
    return new Transport(await loadConnection(options));
  }

  async #connect(): Promise<ClientHttp2Session> {
    if (this.#closed) throw new Unreachable("The connection to the API server was closed.");
    const { server } = this.connection;
    const tls = await this.connection.tls();
    return new Promise((resolve, reject) => {
      const session = connect(new URL(server).origin, {
        ...tls,
        settings: { initialWindowSize: 1 << 20, enablePush: false },
      });
      let settled = false;
      const fail = (error: Error & { code?: string }): void => {
        clearTimeout(timer);
        session.destroy();
        if (settled) return;
        settled = true;
        reject(connectError(error, server));
      };
      const timer = setTimeout(
        () => fail(Object.assign(new Error("timed out"), { code: "ETIMEDOUT" })),
        connectTimeout,
      );
      session.once("connect", () => {
        settled = true;
        clearTimeout(timer);
        session.setLocalWindowSize(1 << 22);
        this.#failures = 0;
        this.#open = session;
        keepAlive(session);
        resolve(session);
      });
      session.on("error", fail);
      const gone = (): void => {
        fail(Object.assign(new Error("closed"), { code: "ECONNRESET" }));
        if (this.#open === session) this.#open = undefined;
        if (!this.#open) this.#session = undefined;
      };
      session.once("close", gone);
      session.once("goaway", () => {
        // Streams under way may finish; whatever comes next gets a new session.
        if (this.#open === session) {
          this.#open = undefined;
          this.#session = undefined;
        }
      });
    });
  }

  async #ready(): Promise<ClientHttp2Session> {
    if (this.#session) return this.#session;
    if (this.#lastError && performance.now() < this.#notBefore) throw this.#lastError;
    const opening = this.#connect();
    this.#session = opening;
    opening.catch((error: LookError) => {
      if (this.#session === opening) this.#session = undefined;
      this.#lastError = error;
      this.#notBefore =
        performance.now() + (reconnectPauses[Math.min(this.#failures, reconnectPauses.length - 1)] ?? 0);
      this.#failures++;
    });
    return opening;
  }

  async #send(path: string, options: RequestOptions): Promise<ClientHttp2Stream> {
    const [session, credentials] = await Promise.all([this.#ready(), this.connection.headers()]);
    options.signal?.throwIfAborted();
    const body = options.body === undefined ? undefined : encode(options.body);
    try {
      const stream = session.request(
        {
          [constants.HTTP2_HEADER_METHOD]: options.method ?? "GET",
          [constants.HTTP2_HEADER_PATH]: this.#prefix + path,
          accept: "application/json",
          "user-agent": "workbook",
          ...credentials,
          ...(body && { "content-type": options.contentType ?? "application/json" }),
        },
        { endStream: !body },
      );
      if (body) stream.end(body);
      return stream;
    } catch (cause) {
      throw lost(cause);
    }
  }

  /** One exchange, whatever its status. Rejects with Unreachable, or the signal's reason. */
  async raw(path: string, options: RequestOptions = {}): Promise<RawResponse> {
    const timeout = options.timeout ?? 10_000;
    const stream = await this.#send(path, options);
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let headers: IncomingHttpHeaders & { ":status"?: number } = {};
      const end = (act: () => void): void => {
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", onAbort);
        act();
      };
      const cancel = (reason: unknown): void => {
        stream.close(constants.NGHTTP2_CANCEL);
        end(() => reject(reason));
      };
      const onAbort = (): void => cancel(options.signal?.reason);
      const timer = setTimeout(
        () => cancel(new Unreachable(`The API server did not answer within ${timeout / 1000} s.`, startAgain)),
        timeout,
      );
      options.signal?.addEventListener("abort", onAbort, { once: true });
      stream.on("response", (got) => {
        headers = got;
      });
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", (cause) => end(() => reject(lost(cause))));
      stream.on("close", () => {
        const status = Number(headers[":status"] ?? 0);
        if (status === 0 || stream.rstCode !== constants.NGHTTP2_NO_ERROR) return end(() => reject(lost(undefined)));
        end(() => resolve({ status, headers: plain(headers), body: Buffer.concat(chunks).toString("utf8") }));
      });
    });
  }

  /** One exchange of JSON. Rejects with a typed error on any status from 400 on. */
  async json<T>(path: string, options: RequestOptions = {}): Promise<T> {
    const { status, body } = await this.raw(path, options);
    if (status >= 400) throw statusError(status, body);
    return JSON.parse(body) as T;
  }

  /**
   * A watch: calls onLine with each line as it arrives, and onOpen once the server accepted it. Resolves when the server ends it
   * or the signal aborts; rejects with a typed error when it is refused or the connection breaks.
   */
  async lines(path: string, on: { line(line: string): void; open?(): void }, signal: AbortSignal): Promise<void> {
    const stream = await this.#send(path, { signal });
    return new Promise((resolve, reject) => {
      const decoder = new StringDecoder("utf8");
      let rest = "";
      let status = 0;
      const onAbort = (): void => stream.close(constants.NGHTTP2_CANCEL);
      signal.addEventListener("abort", onAbort, { once: true });
      const end = (act: () => void): void => {
        signal.removeEventListener("abort", onAbort);
        act();
      };
      stream.on("response", (headers) => {
        status = Number(headers[":status"] ?? 0);
        if (status < 400) on.open?.();
      });
      stream.on("data", (chunk: Buffer) => {
        rest += decoder.write(chunk);
        if (status >= 400) return;
        for (let at = rest.indexOf("\n"); at >= 0; at = rest.indexOf("\n")) {
          const line = rest.slice(0, at);
          rest = rest.slice(at + 1);
          if (line !== "") on.line(line);
        }
      });
      stream.on("error", (cause) => end(() => (signal.aborted ? resolve() : reject(lost(cause)))));
      stream.on("close", () => {
        if (signal.aborted) return end(resolve);
        if (status >= 400) return end(() => reject(statusError(status, rest)));
        if (status === 0 || stream.rstCode !== constants.NGHTTP2_NO_ERROR) return end(() => reject(lost(undefined)));
        end(resolve);
      });
    });
  }

  /** Ends the session and everything on it. */
  close(): void {
    this.#closed = true;
    const opening = this.#session;
    this.#session = undefined;
    this.#open = undefined;
    opening?.then(
      (session) => session.destroy(),
      () => {},
    );
  }
}

/** Notices a server that froze without closing the connection. */
function keepAlive(session: ClientHttp2Session): void {
  const beat = setInterval(() => {
    if (session.destroyed) return clearInterval(beat);
    const late = setTimeout(() => session.destroy(new Error("no answer to a ping")), pingTimeout);
    late.unref();
    try {
      session.ping(() => clearTimeout(late));
    } catch {
      clearTimeout(late);
    }
  }, pingEvery);
  beat.unref();
  session.once("close", () => clearInterval(beat));
}

const encode = (body: unknown): Buffer => Buffer.from(typeof body === "string" ? body : JSON.stringify(body));

const plain = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name, value]) => !name.startsWith(":") && value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );

const lost = (cause: unknown): LookError => {
  if (cause instanceof LookError) return cause;
  return new Unreachable("The connection to the API server broke.", startAgain, { cause });
};

function connectError(error: Error & { code?: string }, server: string): LookError {
  const code = error.code ?? "";
  if (tlsTrouble.test(code)) {
    return new KubeconfigError(
      `What answers at ${server} is not the cluster this kubeconfig was written for (${code}).`,
      'Run "./workbook up": it writes a fresh kubeconfig.',
      { cause: error },
    );
  }
  const why = code === "ETIMEDOUT" ? "does not answer" : `refuses connections (${code || error.message})`;
  return new Unreachable(`The API server at ${server} ${why}.`, startAgain, { cause: error });
}

/** The message of the Status object an API server answers errors with, or undefined. */
export function statusMessage(body: string): string | undefined {
  try {
    const status = JSON.parse(body) as { kind?: string; message?: string };
    return status.kind === "Status" ? status.message : undefined;
  } catch {
    return undefined;
  }
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function statusError(status: number, body: string): LookError {
  const message = statusMessage(body) ?? (body.trim().split("\n")[0]?.slice(0, 200) || `HTTP ${status}`);
  switch (status) {
    case 401:
      return new KubeconfigError(
        "The API server does not accept the kubeconfig's credentials: they expired or were withdrawn.",
        'Run "./workbook up": it writes a fresh kubeconfig.',
      );
    case 403:
      return new Forbidden(sentence(`The API server forbids it: ${message}`));
    case 404:
      return new NotFound(sentence(message));
    case 409:
      return new Conflict(sentence(message));
    case 410:
      return new Expired(sentence(message));
    default:
      if (status === 429 || status >= 500)
        return new Unreachable(sentence(`The API server cannot serve this now: ${message}`), startAgain);
      return new LookError(sentence(message));
  }
}
