import { systemClock } from "../clock.ts";
import type { LogLine } from "../core/check.ts";
import { LookError } from "../core/errors.ts";
import { poll } from "../core/poll.ts";
import { Forbidden, NotFound } from "../kube/errors.ts";
import { statusMessage, type Transport } from "../kube/transport.ts";

export interface LogTarget {
  namespace: string;
  pod: string;
  container?: string;
  /** Default 200, at most 5,000. */
  lines?: number;
  previous?: boolean;
}

/** Bytes asked for at most: the last lines of a container that writes megabytes a second. */
const most = 4 * 1024 * 1024;

/** What the kubelet answers, as if it were the log, while it removes an ended container that the pod's status still names. */
const gone = /^unable to retrieve container logs for \S+$/;
/** Milliseconds until the status has followed. */
const goneLimit = 8_000;

/**
 * A container's latest lines, oldest first. None where it has not started yet, and none of a run before where there was none.
 * Rejects when there is no such pod or container.
 */
export async function logs(transport: Transport, target: LogTarget, signal: AbortSignal): Promise<LogLine[]> {
  const { namespace, pod, container, lines = 200, previous } = target;
  const query = new URLSearchParams({ tailLines: String(Math.min(Math.max(1, Math.trunc(lines)), 5_000)) });
  query.set("limitBytes", String(most));
  if (container) query.set("container", container);
  if (previous) query.set("previous", "true");
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log?${query}`;
  const { value } = await poll(() => transport.raw(path, { signal }), {
    clock: systemClock,
    within: goneLimit,
    done: (answer) => !gone.test(answer.body),
    signal,
    pauses: [200, 300, 500],
  });
  const { status } = value;
  const body = gone.test(value.body) ? "" : value.body;
  if (status < 400) return linesOf(body);
  const message = statusMessage(body) ?? `HTTP ${status}`;
  if (/previous terminated container .* not found|is waiting to start|ContainerCreating|PodInitializing/.test(message))
    return [];
  if (status === 404) throw new NotFound(`${message}.`);
  if (status === 401 || status === 403) throw new Forbidden(`The API server forbids it: ${message}.`);
  throw new LookError(`The log of pod/${pod} cannot be read: ${message}.`);
}

/** Lines of a log, those that are a JSON object parsed. */
export const linesOf = (text: string): LogLine[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const json = objectOf(line);
      return json ? { text: line, json } : { text: line };
    });

function objectOf(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.trimStart().startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
