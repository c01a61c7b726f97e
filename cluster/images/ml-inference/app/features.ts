/**
 * The feature the model would get from a feature store: a standard normal value per request, shifted by the
 * drift switch. The last values are kept, so that a job outside can compare them with the baseline.
 */
import { normal } from "./predict.ts";

const baseline = { feature: "session_length", mean: 0, stddev: 1 } as const;
const kept = 1000;

export class Features {
  #window: number[] = [];
  #next = 0;

  /** Draws the feature of one request, remembers it and returns it. */
  observe(drift: number): number {
    const value = normal(Math.random) * baseline.stddev + baseline.mean + drift;
    this.#window[this.#next] = value;
    this.#next = (this.#next + 1) % kept;
    return value;
  }

  /** The last values (1000 at most) with their mean and standard deviation; both null with fewer than two. */
  summary() {
    const values = this.#window;
    const count = values.length;
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
    const known = count >= 2;
    return {
      feature: baseline.feature,
      baseline: { mean: baseline.mean, stddev: baseline.stddev },
      window: { count, mean: known ? round(mean) : null, stddev: known ? round(Math.sqrt(variance)) : null },
      values: values.map(round),
    };
  }
}

function round(value: number): number {
  return Number(value.toFixed(4));
}
