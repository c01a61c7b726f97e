import { StringDecoder } from "node:string_decoder";
import type { WebSocket as Socket } from "ws";
import { LookError } from "../core/errors.ts";
import { Forbidden, NotFound, Unreachable } from "../kube/errors.ts";
import { statusMessage, type Transport } from "../kube/transport.ts";

export interface ExecTarget {
  namespace: string;
  pod: string;
  container?: string;
}
export interface ExecResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface ExecOptions {
  /** Told each line of stdout as it comes, however long the output: none of it is kept then. What it throws ends the command's connection. */
  line?: (line: string) => void;
}

/** Output kept of each stream, in bytes. */
const cut = 64 * 1024;
const channels = { stdout: 1, stderr: 2, status: 3 } as const;
/** A server that accepts the connection and then says nothing, in milliseconds. */
const handshake = 10_000;

interface ExecStatus {
  status?: string;
  message?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

/**
 * Runs a command in a running container over the API server's exec WebSocket. Ends the connection when the signal aborts (the
 * command itself ends when it next writes: give it its own time limit where it may hang). A program that is not in the image is
 * code 127, as a shell has it. Rejects with LookError when there is no such pod or it cannot be asked.
 */
export async function exec(
  transport: Transport,
  target: ExecTarget,
  command: readonly string[],
  signal: AbortSignal,
  options: ExecOptions = {},
): Promise<ExecResult> {
  const { connection } = transport;
  const query = new URLSearchParams({ stdout: "true", stderr: "true" });
  for (const word of command) query.append("command", word);
  if (target.container) query.set("container", target.container);
  const path = `/api/v1/namespaces/${encodeURIComponent(target.namespace)}/pods/${encodeURIComponent(target.pod)}/exec`;
  const [{ WebSocket }, tls, headers] = await Promise.all([import("ws"), connection.tls(), connection.headers()]);
  signal.throwIfAborted();
  const socket: Socket = new WebSocket(
    `${connection.server.replace(/^http/, "ws")}${path}?${query}`,
    ["v5.channel.k8s.io", "v4.channel.k8s.io"],
    { ...tls, headers, handshakeTimeout: handshake, perMessageDeflate: false },
  );
  const lines = options.line && new Lines(options.line);
  const streams: Record<number, { bytes: number; chunks: Buffer[] }> = {};
  return new Promise((resolve, reject) => {
    let settled = false;
    const end = (act: () => void): void => {
      if (settled) return;
      settled = true;
      signal.removeEventListener("abort", onAbort);
      socket.terminate();
      act();
    };
    const onAbort = (): void => end(() => reject(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    const text = (channel: number): string => Buffer.concat(streams[channel]?.chunks ?? []).toString("utf8");
    socket.on("message", (data: Buffer) => {
      const channel = data[0] ?? 0;
      const payload = data.subarray(1);
      if (channel === channels.status) {
        const stdout = text(channels.stdout);
        const stderr = text(channels.stderr);
        lines?.end();
        const outcome = exitOf(payload.toString("utf8"), target.pod);
        return end(() =>
          outcome instanceof Error
            ? reject(outcome)
            : resolve({ code: outcome.code, stdout, stderr: stderr + (outcome.message ?? "") }),
        );
      }
      if (channel === channels.stdout && lines) {
        try {
          lines.write(payload);
        } catch (error) {
          end(() => reject(error as Error));
        }
        return;
      }
      streams[channel] ??= { bytes: 0, chunks: [] };
      const stream = streams[channel];
      const room = cut - stream.bytes;
      if (room <= 0) return;
      stream.chunks.push(payload.subarray(0, room));
      stream.bytes += Math.min(room, payload.length);
    });
    socket.on("unexpected-response", (_request, response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => end(() => reject(refusal(response.statusCode ?? 0, statusMessage(body) ?? body))));
    });
    socket.on("error", (cause) =>
      end(() =>
        reject(
          new Unreachable(`The API server did not open a connection into pod/${target.pod}.`, undefined, { cause }),
        ),
      ),
    );
    socket.on("close", () =>
      end(() => reject(new LookError(`The connection into pod/${target.pod} broke before the command ended.`))),
    );
  });
}

/** Cuts a stream into lines. */
class Lines {
  readonly #decoder = new StringDecoder("utf8");
  readonly #line: (line: string) => void;
  #rest = "";
  constructor(line: (line: string) => void) {
    this.#line = line;
  }
  write(chunk: Buffer): void {
    const parts = (this.#rest + this.#decoder.write(chunk)).split("\n");
    this.#rest = parts.pop() ?? "";
    for (const part of parts) this.#line(part);
  }
  end(): void {
    const last = this.#rest + this.#decoder.end();
    this.#rest = "";
    if (last !== "") this.#line(last);
  }
}

function refusal(status: number, message: string): LookError {
  const said = message.trim().split("\n")[0]?.slice(0, 300) || `HTTP ${status}`;
  if (status === 404) return new NotFound(`${said}.`);
  if (status === 401 || status === 403) return new Forbidden(`The API server forbids exec: ${said}.`);
  return new LookError(`No command can run there: ${said}.`);
}

function exitOf(json: string, pod: string): { code: number; message?: string } | LookError {
  const status = JSON.parse(json) as ExecStatus;
  if (status.status === "Success") return { code: 0 };
  const exit = status.details?.causes?.find((cause) => cause.reason === "ExitCode")?.message;
  if (exit !== undefined) return { code: Number(exit) };
  const message = status.message ?? "no reason given";
  // As runc says it ("executable file not found in $PATH") and as crun does ("executable file `x` not found in $PATH: No such file or directory").
  if (/executable file (.* )?not found|no such file or directory/i.test(message)) return { code: 127, message };
  if (/permission denied/i.test(message)) return { code: 126, message };
  return new LookError(`No command can run in pod/${pod}: ${message.split("\n")[0]?.slice(0, 300)}.`);
}
