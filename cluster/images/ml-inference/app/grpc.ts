/**
 * gRPC health, as Kubernetes' grpc probes ask it: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 * Its two messages have one field each, so they are written by hand instead of loading a schema compiler.
 */
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  logVerbosity,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  setLogVerbosity,
  status,
} from "@grpc/grpc-js";
import type { Listen } from "./config.ts";
import type { Answer, Health } from "./health.ts";
import { cannotListen } from "./http.ts";

interface CheckRequest {
  service: string;
}
interface CheckResponse {
  serving: boolean;
}

// The library writes plain text to standard error; our log is JSON, and what fails is reported there.
setLogVerbosity(logVerbosity.NONE);

/** Milliseconds between looks, for a client that watches. */
const watchInterval = 500;

/** HealthCheckRequest { string service = 1; } */
export function encodeRequest({ service }: CheckRequest): Buffer {
  const name = Buffer.from(service);
  return name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
}

/** Reads the request; fields it doesn't know are passed over, as the format asks. Throws on bytes that end early. */
export function decodeRequest(bytes: Buffer): CheckRequest {
  let at = 0;
  const read = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error("malformed health check request");
  };
  let service = "";
  while (at < bytes.length) {
    const key = read();
    const wire = key & 7;
    if (wire === 0) {
      read();
      continue;
    }
    const length = wire === 2 ? read() : wire === 1 ? 8 : wire === 5 ? 4 : Number.NaN;
    if (!(at + length <= bytes.length)) throw new Error("malformed health check request");
    if (key === 0x0a) service = bytes.toString("utf8", at, at + length);
    at += length;
  }
  return { service };
}

/** HealthCheckResponse { ServingStatus status = 1; } with SERVING = 1 and NOT_SERVING = 2. */
export function encodeResponse({ serving }: CheckResponse): Buffer {
  return Buffer.from([0x08, serving ? 1 : 2]);
}

/** Reads a response as this service writes it. */
function decodeResponse(bytes: Buffer): CheckResponse {
  return { serving: bytes[0] === 0x08 && bytes[1] === 1 };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

const messages = {
  requestSerialize: encodeRequest,
  requestDeserialize: decodeRequest,
  responseSerialize: encodeResponse,
  responseDeserialize: decodeResponse,
  requestStream: false,
} as const;

/** The service's definition, for a server and for a client. */
export const healthService = {
  Check: { path: "/grpc.health.v1.Health/Check", responseStream: false, ...messages },
  Watch: { path: "/grpc.health.v1.Health/Watch", responseStream: true, ...messages },
} satisfies ServiceDefinition;

/** "" and "readiness" ask as /ready does, "liveness" as /health, "startup" as /startup; others aren't known. */
async function ask(health: Health, service: string): Promise<Answer | undefined> {
  if (service === "" || service === "readiness") return health.ready();
  if (service === "liveness") return health.live();
  if (service === "startup") return health.startup();
  return undefined;
}

/** The gRPC server with the health service. */
export function createGrpc(health: Health): Server {
  const server = new Server();
  const Check: handleUnaryCall<CheckRequest, CheckResponse> = (call, done) => {
    const { service } = call.request;
    ask(health, service).then(
      (answer) => {
        if (answer) done(null, { serving: answer.ok });
        else done({ code: status.NOT_FOUND, details: unknown });
      },
      () => done({ code: status.INTERNAL }),
    );
  };
  const Watch: handleServerStreamingCall<CheckRequest, CheckResponse> = (call) => {
    let last: boolean | undefined;
    const look = async () => {
      const answer = await ask(health, call.request.service);
      if (call.cancelled) return;
      if (!answer) {
        clearInterval(timer);
        call.emit("error", { code: status.NOT_FOUND, details: unknown });
      } else if (answer.ok !== last) {
        last = answer.ok;
        call.write({ serving: answer.ok });
      }
    };
    const timer = setInterval(look, watchInterval);
    timer.unref();
    call.on("cancelled", () => clearInterval(timer));
    void look();
  };
  server.addService(healthService, { Check, Watch });
  return server;
}

const unknown = "no such service: ask for none, liveness, readiness or startup";

/** Starts listening; answers the port. Rejects with a message for people. */
export async function listenGrpc(server: Server, where: Listen, name: string): Promise<number> {
  const bind = (host: string) =>
    new Promise<number>((resolve, reject) => {
      const done = (error: Error | null, port: number) => (error ? reject(error) : resolve(port));
      server.bindAsync(`${host}:${where.port}`, ServerCredentials.createInsecure(), done);
    });
  const bracketed = where.host?.includes(":") ? `[${where.host}]` : where.host;
  try {
    // A node without IPv6 has no [::].
    return await (bracketed ? bind(bracketed) : bind("[::]").catch(() => bind("0.0.0.0")));
  } catch (error) {
    const code = /E[A-Z]{4,}/.exec((error as Error).message)?.[0];
    throw new Error(cannotListen(where, name, code));
  }
}
