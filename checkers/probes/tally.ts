import type { TrafficSample } from "../core/check.ts";

/** Characters of the first body that are kept. */
export const bodyLimit = 2_000;

/** What became of one request. Without a status: no answer, and why. */
export interface Answer {
  status?: string;
  pod?: string | undefined;
  version?: string | undefined;
  error?: string | undefined;
}

/** Adds answers up. Times in a message would make each error a different one, so they are left out. */
export class Tally {
  readonly sample: TrafficSample;
  answered = 0;
  constructor(sent: number) {
    this.sample = { sent, statuses: {}, pods: {}, versions: {} };
  }

  add({ status, pod, version, error }: Answer, times = 1): void {
    this.answered += times;
    const count = (into: Record<string, number>, key: string): void => {
      into[key] = (into[key] ?? 0) + times;
    };
    if (status === undefined) {
      count(this.sample.statuses, "0");
      this.sample.firstError ??= error || "no answer";
      return;
    }
    count(this.sample.statuses, status);
    count(this.sample.pods, pod || "unknown");
    count(this.sample.versions, version || "unknown");
  }

  /** Requests that nothing is known about got no answer in time. */
  end(body: string): TrafficSample {
    const missing = this.sample.sent - this.answered;
    if (missing > 0) this.add({ error: "out of time" }, missing);
    if (body !== "") this.sample.body = body.slice(0, bodyLimit);
    return this.sample;
  }
}
