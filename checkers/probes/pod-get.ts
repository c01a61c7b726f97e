import { Forbidden, NotFound } from "../kube/errors.ts";
import { statusMessage, type Transport } from "../kube/transport.ts";

export interface PodAnswer {
  status: number;
  body: string;
  headers: Record<string, string>;
}

/** What the API server says, as text or in a Status object, when the port behind it gave nothing. */
const noAnswer = /error trying to reach service|proxy error|dial tcp|connection refused|EOF/;
/** Milliseconds. */
const limit = 10_000;

export interface PodPort {
  namespace: string;
  pod: string;
  port: number;
  path: string;
}

/**
 * One request to a pod's port through the API server's pod proxy. Status 0, with the reason as body: the port did not answer.
 * Rejects when there is no such pod.
 */
export async function podAsk(
  transport: Transport,
  method: "GET" | "POST",
  target: PodPort,
  signal?: AbortSignal,
): Promise<PodAnswer> {
  const { namespace, pod, port, path } = target;
  const root = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}:${port}/proxy`;
  const answer = await transport.raw(`${root}/${path.replace(/^\//, "")}`, {
    method,
    timeout: limit,
    ...(signal && { signal }),
  });
  const message = answer.status >= 400 ? (statusMessage(answer.body) ?? answer.body) : "";
  const fromServer = answer.status >= 400 && statusMessage(answer.body) !== undefined;
  if (answer.status >= 500 && noAnswer.test(message)) return { status: 0, body: message.trim(), headers: {} };
  if (fromServer && answer.status === 404) throw new NotFound(`${message}.`);
  if (fromServer && answer.status === 403) throw new Forbidden(`The API server forbids it: ${message}.`);
  if (fromServer && answer.status >= 500) return { status: 0, body: message.trim(), headers: {} };
  return answer;
}
