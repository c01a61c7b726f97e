import { type Agent, type IncomingMessage, request } from "node:http";
import type { TrafficSample } from "../core/check.ts";
import { type Answer, bodyLimit, Tally } from "./tally.ts";

export interface OutsideRequest {
  url: string;
  method: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** Milliseconds for the whole request. */
  timeout: number;
  /** Default: a connection of its own. */
  agent?: Agent;
}

/** One request from this machine, on a connection of its own unless an agent says otherwise. Never rejects. Keeps at most `bodyLimit` characters of the body. */
export function askOnce(one: OutsideRequest, signal: AbortSignal): Promise<Answer & { body: string }> {
  return new Promise((resolve) => {
    const late = AbortSignal.timeout(one.timeout);
    const failed = (error: NodeJS.ErrnoException): void =>
      resolve({
        body: "",
        error: late.aborted ? `no answer within ${one.timeout / 1000} s` : (error.code ?? error.message),
      });
    const taken = (response: IncomingMessage): void => {
      const { headers, statusCode } = response;
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        if (body.length < bodyLimit) body += chunk;
      });
      response.on("error", failed);
      response.on("end", () =>
        resolve({
          status: String(statusCode),
          pod: header(headers["x-served-by"]),
          version: header(headers["x-version"]),
          body: body.slice(0, bodyLimit),
        }),
      );
    };
    // agent: false is an agent for this request alone, which closes its connection afterwards.
    const sending = request(
      one.url,
      {
        agent: one.agent ?? false,
        method: one.method,
        headers: {
          ...one.headers,
          ...(!one.agent && { connection: "close" }),
          ...(one.body !== undefined && { "content-length": Buffer.byteLength(one.body) }),
        },
        signal: AbortSignal.any([signal, late]),
      },
      taken,
    );
    sending.on("error", failed);
    sending.end(one.body);
  });
}

const header = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** n requests from this machine, `parallel` at a time, each on a connection of its own. Rejects with the signal's reason. */
export async function outsideTraffic(
  one: OutsideRequest,
  n: number,
  parallel: number,
  signal: AbortSignal,
): Promise<TrafficSample> {
  const tally = new Tally(n);
  let left = n;
  let body = "";
  const ask = async (): Promise<void> => {
    while (left-- > 0) {
      signal.throwIfAborted();
      const answer = await askOnce(one, signal);
      signal.throwIfAborted();
      tally.add(answer);
      body ||= answer.body;
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, n) }, ask));
  return tally.end(body);
}
