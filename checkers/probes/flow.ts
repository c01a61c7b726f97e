import { build, type Histogram } from "hdr-histogram-js";
import type { Flow, FlowSecond } from "../core/check.ts";

/** What became of one request of a load. */
export interface Ended {
  /** Its place in the order they were due, from 0. */
  index: number;
  /** Milliseconds since the start, when it was sent. */
  at: number;
  /** The same, when it was due; absent: then. */
  due?: number;
  /** Absent: no answer. */
  status?: number | undefined;
  pod?: string | undefined;
  version?: string | undefined;
  /** Milliseconds from when it was due to its last byte. */
  took: number;
  error?: string | undefined;
}

/** Failures kept. */
const failuresKept = 50;
/** Microseconds: an hour, more than any request may take. */
const highest = 3_600_000_000;

/** Three significant digits from a microsecond to an hour. */
const histogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: highest, numberOfSignificantValueDigits: 3 });
const record = (into: Histogram, milliseconds: number): void =>
  into.recordValue(Math.min(highest, Math.max(1, Math.round(milliseconds * 1_000))));
const milliseconds = (microseconds: number): number => Math.round(microseconds) / 1_000;
const at = (of: Histogram, percentile: number): number =>
  of.totalCount === 0 ? 0 : milliseconds(of.getValueAtPercentile(percentile));

const failed = ({ status }: Ended): boolean => status === undefined || status >= 500;

/** Adds a load's requests up as they end; each counts in the second in which it ended, so that a second that is told stays as told. */
export class FlowRecord {
  readonly #latency = histogram();
  readonly #flow = { sent: 0, failed: 0, statuses: {}, pods: {}, versions: {} };
  readonly #failures: { at: number; status: string; error?: string }[] = [];
  readonly #seconds: FlowSecond[] = [];
  readonly #onSecond: ((second: FlowSecond) => void) | undefined;
  #second = emptySecond(0);
  #secondLatency = histogram();

  constructor(onSecond?: (second: FlowSecond) => void) {
    this.#onSecond = onSecond;
  }

  /** Takes one in. `now`: milliseconds since the start. */
  add(ended: Ended, now: number): void {
    this.tick(now);
    const status = String(ended.status ?? 0);
    for (const into of [this.#flow, this.#second]) {
      into.sent++;
      if (failed(ended)) into.failed++;
      if (ended.status !== undefined) {
        count(into.pods, ended.pod || "unknown");
        count(into.versions, ended.version || "unknown");
      }
    }
    count(this.#flow.statuses, status);
    if (ended.status !== undefined) {
      record(this.#latency, ended.took);
      record(this.#secondLatency, ended.took);
    }
    if (failed(ended) && this.#failures.length < failuresKept) {
      this.#failures.push({ at: Math.round(ended.at), status, ...(ended.error && { error: ended.error }) });
    }
  }

  /** Closes the seconds that are over. `now`: milliseconds since the start. */
  tick(now: number): void {
    while (now >= (this.#second.at + 1) * 1_000) this.#close();
  }

  #close(): void {
    const second = { ...this.#second, p50: at(this.#secondLatency, 50), p99: at(this.#secondLatency, 99) };
    this.#seconds.push(second);
    this.#second = emptySecond(second.at + 1);
    this.#secondLatency.reset();
    try {
      this.#onSecond?.(second);
    } catch {
      // Whoever draws it must not end the measurement.
    }
  }

  end(dropped: number): Flow {
    if (this.#second.sent > 0) this.#close();
    this.#failures.sort((one, other) => one.at - other.at);
    const { totalCount, maxValue, mean } = this.#latency;
    return {
      ...this.#flow,
      dropped,
      latency: {
        p50: at(this.#latency, 50),
        p95: at(this.#latency, 95),
        p99: at(this.#latency, 99),
        max: totalCount === 0 ? 0 : milliseconds(maxValue),
        mean: totalCount === 0 ? 0 : milliseconds(mean),
      },
      failures: this.#failures,
      seconds: this.#seconds,
    };
  }
}

const emptySecond = (at: number): FlowSecond => ({ at, sent: 0, failed: 0, pods: {}, versions: {}, p50: 0, p99: 0 });

function count(into: Record<string, number>, key: string): void {
  into[key] = (into[key] ?? 0) + 1;
}
