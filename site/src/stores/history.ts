/** What has come over the socket in the last minutes, kept for charts. */
import { map } from "nanostores";
import type { FlowSecond } from "../../../checkers/core/check.ts";
import type { PodView } from "../../../checkers/core/report.ts";

/** Seconds that a chart looks back. */
export const lookBack = 180;

/** How many pods there were from a moment on. */
export interface PodCount {
  /** Seconds of the epoch. */
  at: number;
  all: number;
  ready: number;
  /** Listed behind a Service. */
  endpoints: number;
}
export interface Requests {
  running: boolean;
  /** Seconds of the epoch when the first second began. */
  since: number;
  seconds: FlowSecond[];
  /** Why it ended, or what is in its way. */
  says?: string | undefined;
}

export const $podCounts = map<Record<string, PodCount[]>>({});
export const $requests = map<Record<string, Requests>>({});

const now = (): number => Date.now() / 1000;

/** Notes how many pods there are now. One count older than the window stays: it holds at the left edge. */
export function notePods(lab: string, pods: readonly PodView[], at = now()): void {
  const before = $podCounts.get()[lab] ?? [];
  const living = pods.filter(({ deleting, phase }) => !deleting && phase !== "Succeeded" && phase !== "Failed");
  const count: PodCount = {
    at,
    all: living.length,
    ready: living.filter(({ ready }) => ready).length,
    endpoints: living.filter(({ services }) => services.length > 0).length,
  };
  const kept = before.findLastIndex((one) => one.at < at - lookBack);
  $podCounts.setKey(lab, [...before.slice(Math.max(0, kept)), count]);
}

/** Takes in one message about the trickle of requests. */
export function noteRequests(
  lab: string,
  message: { running: boolean; second?: FlowSecond | undefined; says?: string | undefined },
  at = now(),
): void {
  const before = $requests.get()[lab];
  const { running, second, says } = message;
  if (running && !before?.running) {
    $requests.setKey(lab, { running, since: at - (second ? second.at + 1 : 0), seconds: second ? [second] : [] });
    return;
  }
  const seconds = [...(before?.seconds ?? []), ...(second ? [second] : [])].slice(-lookBack);
  $requests.setKey(lab, { running, since: before?.since ?? at, seconds, says });
}
