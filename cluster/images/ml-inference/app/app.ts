/** The application's server: its routes, and what every answer gets: headers, a count, a log line. */
import type http from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./health.ts";
import { answer, createServer, type Reply, type Routes, requestUrl, send } from "./http.ts";
import { type AppCall, echo, predict, toMs } from "./inference.ts";
import type { Service } from "./service.ts";
import { continueTrace, traceHeaders } from "./trace.ts";

const get = ["GET"] as const;
const getOrPost = ["GET", "POST"] as const;
/** Asked every few seconds by machines: logged at debug only. */
const quiet = new Set(["/startup", "/health", "/ready", "/metrics"]);

function routes(service: Service): Routes<AppCall> {
  const { config, health, metrics, features } = service;
  const { text } = config;
  return {
    "/": {
      methods: getOrPost,
      handle: (call) => (text === undefined ? predict(service, call) : echo(service, call, text)),
    },
    "/predict": { methods: getOrPost, handle: (call) => predict(service, call) },
    "/startup": { methods: get, handle: () => probe(health.startup()) },
    "/health": { methods: get, handle: () => probe(health.live()) },
    "/ready": { methods: get, handle: async (call) => probe(await health.ready(call.trace)) },
    "/status": { methods: get, handle: () => ({ status: 200, body: status(service) }) },
    "/config": {
      methods: get,
      handle: () => ({ status: 200, body: { pod: service.pod, ...service.settings.report() } }),
    },
    "/features": { methods: get, handle: () => ({ status: 200, body: features.summary() }) },
    "/metrics": {
      methods: get,
      handle: async () => ({
        status: 200,
        body: await metrics.registry.metrics(),
        headers: { "content-type": metrics.registry.contentType },
      }),
    },
  };
}

function probe({ ok, ...body }: Answer): Reply {
  return { status: ok ? 200 : 503, body };
}

/** What `/status` tells: who serves, in which state, with which settings. Of API_KEY only whether it is there. */
function status({ config, settings, pod, health, model, metrics, switches, memory }: Service) {
  return {
    service: "ml-inference",
    pod,
    version: config.version,
    model: config.modelName,
    environment: config.environment,
    phase: health.phase,
    uptime_seconds: Math.round(process.uptime()),
    requests_in_flight: metrics.inFlight,
    slots: { busy: model.slots.busy, limit: model.slots.limit, waiting: model.slots.waiting },
    memory: {
      rss_mb: Math.round(process.memoryUsage.rss() / 2 ** 20),
      held_mb: memory.heldMb,
      leaked_mb: memory.leakedMb,
    },
    settings: {
      log_level: settings.live.logLevel,
      batch_size: settings.live.batchSize,
      request_timeout_seconds: settings.live.requestTimeoutSeconds,
      latency_ms: config.latencyMs,
      latency_sigma: config.latencySigma,
      cpu_ms: config.cpuMs,
      startup_seconds: config.startupSeconds,
      api_key: config.apiKeySet ? "set" : "not set",
    },
    switches: { ...switches, errorRates: Object.fromEntries(switches.errorRates) },
  };
}

/** The server of the pod's own port. */
export function createApp(service: Service): http.Server {
  const table = routes(service);
  return createServer((request, response) => {
    serve(service, table, request, response).catch((error: Error) => {
      service.log.error("request failed unexpectedly", { error: error.stack ?? error.message });
      response.destroy();
    });
  });
}

async function serve(
  service: Service,
  table: Routes<AppCall>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { config, pod, metrics, health, log } = service;
  const started = performance.now();
  const trace = continueTrace(single(request.headers.traceparent), single(request.headers.tracestate));
  const requestId = /^[\w.-]{1,128}$/.exec(single(request.headers["x-request-id"]) ?? "")?.[0] ?? trace.traceId;
  const notes: AppCall["notes"] = {};
  const gone = new AbortController();
  let errorType: string | undefined;
  let route = "other";

  metrics.inFlight++;
  let counted = false;
  const account = (code: number) => {
    if (counted) return;
    counted = true;
    metrics.inFlight--;
    const took = performance.now() - started;
    const method = request.method ?? "GET";
    metrics.request({ method, route, status: code, seconds: took / 1000 });
    const level = code >= 500 ? "error" : code >= 400 ? "warn" : "info";
    log[quiet.has(route) ? "debug" : level]("request", {
      trace_id: trace.traceId,
      span_id: trace.spanId,
      parent_id: trace.parentId,
      request_id: requestId,
      method,
      route,
      status: code,
      latency_ms: toMs(took),
      error_type: code === 499 ? "client_closed" : errorType,
      ...notes,
    });
  };
  response.on("finish", () => account(response.statusCode));
  response.on("close", () => {
    gone.abort();
    account(499);
  });

  const method = request.method === "HEAD" ? "GET" : (request.method ?? "GET");
  const read = (): AppCall => {
    const url = requestUrl(request);
    if (Object.hasOwn(table, url.pathname)) route = url.pathname;
    return { request, method, url, signal: gone.signal, trace, started, notes };
  };
  const reply = await answer(table, read).catch((error: Error): Reply & { errorType: string } => {
    log.error("request failed unexpectedly", { trace_id: trace.traceId, error: error.stack ?? error.message });
    return { status: 500, body: { error: "internal error", error_type: "internal" }, errorType: "internal" };
  });
  errorType = reply.errorType;
  // The client is gone: there is nobody to answer.
  if (response.destroyed) return;
  const headers = {
    "x-served-by": pod,
    "x-version": config.version,
    "x-request-id": requestId,
    traceresponse: traceHeaders(trace).traceparent,
    // So that a proxy's kept connection isn't used again while this pod goes away.
    ...(health.phase === "draining" && { connection: "close" }),
    ...reply.headers,
  };
  send(response, { ...reply, headers });
}

/** One value of a header; a repeated one counts as its first. */
function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
