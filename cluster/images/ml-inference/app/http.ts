/** A small router over node:http: JSON answers, bodies with a limit, one place where every answer passes. */
import http, { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from "node:http";
import type { Listen } from "./config.ts";

/** Bytes a request's body may have. */
const bodyLimit = 2 ** 20;
/** Bytes of a body that are read and thrown away, so that the client gets to see the refusal. */
const discardLimit = 16 * 2 ** 20;

export interface Reply {
  status: number;
  /** A string goes out as it is (as plain text unless headers say otherwise), anything else as JSON. */
  body: unknown;
  headers?: OutgoingHttpHeaders;
}

/** A failure with an answer of its own. */
export class HttpError extends Error {
  readonly status: number;
  /** A short stable word for logs and clients, such as "bad_json". */
  readonly type: string;
  readonly headers: OutgoingHttpHeaders;

  constructor(status: number, type: string, message: string, headers: OutgoingHttpHeaders = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.headers = headers;
  }
}

export interface Call {
  request: IncomingMessage;
  /** GET for HEAD as well: the body is left out on the way. */
  method: string;
  url: URL;
  /** Ends when the client goes away. */
  signal: AbortSignal;
}

interface Route<C extends Call = Call> {
  methods: readonly string[];
  handle: (call: C) => Reply | Promise<Reply>;
}

export type Routes<C extends Call = Call> = Readonly<Record<string, Route<C>>>;

/** Finds the route and runs it; an HttpError, also one of reading the call, becomes its reply. */
export async function answer<C extends Call>(
  routes: Routes<C>,
  read: () => C,
): Promise<Reply & { errorType?: string }> {
  try {
    const call = read();
    const route = Object.hasOwn(routes, call.url.pathname) ? routes[call.url.pathname] : undefined;
    if (!route) {
      throw new HttpError(404, "not_found", `no such path: ${call.url.pathname.slice(0, 200)}`);
    }
    if (!route.methods.includes(call.method)) {
      const allow = route.methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
      const message = `${call.request.method} is not allowed on ${call.url.pathname}: use ${allow}`;
      throw new HttpError(405, "method_not_allowed", message, { allow });
    }
    return await route.handle(call);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const body = { error: error.message, error_type: error.type };
    return { status: error.status, body, headers: error.headers, errorType: error.type };
  }
}

/** The URL of a request; a target that is no path (as in `GET //[ HTTP/1.1`) is a 400. */
export function requestUrl(request: IncomingMessage): URL {
  const target = request.url ?? "/";
  const url = URL.parse(target.startsWith("/") ? `http://pod${target}` : target);
  if (!url) throw new HttpError(400, "bad_target", "the request target is not a path");
  return url;
}

/** Writes a reply. */
export function send(response: ServerResponse, { status, body, headers = {} }: Reply): void {
  const text = typeof body === "string";
  const bytes = Buffer.from(text ? body : `${JSON.stringify(body)}\n`);
  response.writeHead(status, {
    "content-type": text ? "text/plain; charset=utf-8" : "application/json",
    "content-length": bytes.length,
    ...headers,
  });
  response.end(bytes);
}

/** Reads the whole body as text. Throws a 413 past `bodyLimit` bytes. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const tooLarge = (headers?: OutgoingHttpHeaders) =>
    new HttpError(413, "body_too_large", `the body is larger than ${bodyLimit} bytes`, headers);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // This client waits for a yes before it sends the body: it gets its no.
  if (isTooLong(request) && request.headers.expect) throw tooLarge({ connection: "close" });
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= bodyLimit) chunks.push(chunk);
    else chunks.length = 0;
    if (size > discardLimit) reject(tooLarge({ connection: "close" }));
  });
  // A refusal comes after the body was read past: sent earlier, the connection's reset could overtake it.
  request.on("end", () => (size > bodyLimit ? reject(tooLarge()) : resolve(Buffer.concat(chunks).toString("utf8"))));
  request.on("error", reject);
  request.on("close", () => reject(new HttpError(400, "body_cut", "the body ended early")));
  return promise;
}

function isTooLong({ headers }: IncomingMessage): boolean {
  return Number(headers["content-length"] ?? 0) > bodyLimit;
}

/** A server that hands each request to `handle`. */
export function createServer(handle: (request: IncomingMessage, response: ServerResponse) => void): http.Server {
  const server = http.createServer(handle);
  // Longer than a proxy in front keeps its connections, so that it is never us who close one it is about to use.
  server.keepAliveTimeout = 75_000;
  // A client that asks first is told no before it sends what would be refused.
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    if (!isTooLong(request)) response.writeContinue();
    handle(request, response);
  });
  return server;
}

/** Starts listening; answers the port. Rejects with a message for people. */
export async function listenOn(server: http.Server, where: Listen, name: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error: NodeJS.ErrnoException) => reject(new Error(cannotListen(where, name, error.code))));
  server.listen({ port: where.port, ...(where.host && { host: where.host }) }, () => resolve());
  await promise;
  const address = server.address();
  return typeof address === "object" && address ? address.port : where.port;
}

/** Says why a port can't be had and what to do. */
export function cannotListen(where: Listen, name: string, code: string | undefined): string {
  const place = `${where.host ?? ""}:${where.port}`;
  if (code === "EADDRINUSE") {
    return `port ${where.port} is already in use (${name}=${place}): stop what uses it or set ${name} to another port`;
  }
  if (code === "EACCES") {
    return `not allowed to listen on ${place} (${name}): ports below 1024 need a privilege; choose a higher one`;
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    return `${place} is not an address of this machine (${name}): leave the address out to listen on all`;
  }
  return `cannot listen on ${place} (${name}): ${code ?? "unknown error"}`;
}
