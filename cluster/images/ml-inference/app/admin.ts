/**
 * The admin server: what can be switched while the service runs, and the code that only this port tells.
 * No Service points at its port, so it is reached by port-forward or from inside the pod.
 */
import type http from "node:http";
import { code } from "./code.ts";
import { parseErrorRates } from "./config.ts";
import { hang } from "./hang.ts";
import { answer, type Call, createServer, HttpError, type Reply, type Routes, requestUrl, send } from "./http.ts";
import type { Service } from "./service.ts";
import { initialSwitches } from "./switches.ts";

/** Milliseconds between the answer to /hang and the hang, for the answer to get away. */
const hangDelay = 50;

const help = `POST /hang              stop answering for good; ?seconds=N for a while; ?refuse=true closes the ports as well
POST /fail-dependency   calls to the dependency fail; ?fail=false ends it
POST /leak              take 8 MB more each second; ?mb=N sets how many
POST /slow?ms=N         every inference takes N ms more
POST /errors?rate=R     such as 500=0.05,503=0.01; 0 ends it
POST /ready?ok=false    readiness fails; ?ok=true ends it
POST /drift?by=N        shift the feature by N standard deviations
POST /reset             all of these as they were at the start
GET  /code              the port code
`;

export interface AdminParts {
  service: Service;
  namespace: string;
  /** Closes the ports of the application. */
  refuse: () => void;
}

function routes({ service, namespace, refuse }: AdminParts): Routes {
  const { switches, memory, log, config } = service;
  const set = (change: (query: URLSearchParams) => void) => ({
    methods: ["POST"],
    handle: ({ url }: Call): Reply => {
      change(url.searchParams);
      const now = { ...switches, errorRates: Object.fromEntries(switches.errorRates) };
      log.warn("switched", { switch: url.pathname, query: url.search.slice(0, 200) || undefined });
      return { status: 200, body: { switches: now } };
    },
  });
  const leak = (mbPerSecond: number) => {
    switches.leakMbPerSecond = mbPerSecond;
    memory.leak(mbPerSecond);
  };
  return {
    "/": { methods: ["GET"], handle: () => ({ status: 200, body: help }) },
    "/code": { methods: ["GET"], handle: () => ({ status: 200, body: `${code(namespace, "port")}\n` }) },
    "/hang": {
      methods: ["POST"],
      handle: ({ url }) => {
        const seconds = url.searchParams.has("seconds") ? number(url.searchParams, "seconds", 0, 3600) : undefined;
        const closes = flag(url.searchParams, "refuse", false);
        log.warn("hanging", { seconds, refuse: closes });
        if (closes) refuse();
        setTimeout(hang, hangDelay, seconds);
        return { status: 202, body: { hangs_in_ms: hangDelay, seconds: seconds ?? null } };
      },
    },
    "/fail-dependency": set((query) => {
      switches.dependencyFails = flag(query, "fail", true);
    }),
    "/leak": set((query) => leak(query.has("mb") ? number(query, "mb", 0, 1000) : 8)),
    "/slow": set((query) => {
      switches.slowMs = number(query, "ms", 0, 600_000);
    }),
    "/errors": set((query) => {
      const rates = query.has("rate") ? parseErrorRates(query.get("rate")!) : "it is missing";
      if (typeof rates === "string") throw wrong("rate", rates);
      switches.errorRates = rates;
    }),
    "/ready": set((query) => {
      switches.ready = flag(query, "ok", undefined);
    }),
    "/drift": set((query) => {
      switches.drift = number(query, "by", -1000, 1000);
    }),
    "/reset": set(() => {
      leak(0);
      Object.assign(switches, initialSwitches(config));
    }),
  };
}

function wrong(name: string, why: string): HttpError {
  return new HttpError(400, "bad_query", `?${name}=: ${why}`);
}

function number(query: URLSearchParams, name: string, min: number, max: number): number {
  const raw = query.get(name)?.trim() ?? "";
  const value = Number(raw);
  if (raw === "" || !(value >= min && value <= max)) throw wrong(name, `expected a number from ${min} to ${max}`);
  return value;
}

function flag(query: URLSearchParams, name: string, missing: boolean | undefined): boolean {
  const raw = query.get(name) ?? missing?.toString();
  if (raw === "true" || raw === "false") return raw === "true";
  throw wrong(name, "expected true or false");
}

/** The admin server. What it is asked is logged where it changes something; requests are not counted as traffic. */
export function createAdmin(parts: AdminParts): http.Server {
  const table = routes(parts);
  return createServer((request, response) => {
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "GET");
    // Switches are in the query; a body is read past and ignored.
    request.resume();
    const read = (): Call => ({ request, method, url: requestUrl(request), signal: neverEnds });
    answer(table, read).then(
      (reply) => send(response, reply),
      (error: Error) => {
        parts.service.log.error("admin request failed", { error: error.stack ?? error.message });
        send(response, { status: 500, body: { error: "internal error" } });
      },
    );
  });
}

const neverEnds = new AbortController().signal;
