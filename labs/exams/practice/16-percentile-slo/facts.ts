export interface Facts {
  name: string;
  percentile: number;
  /** Of 1,000 requests, how many may be slower. */
  slower: number;
  requests: number;
  step: number;
  /** Milliseconds: the smallest multiple of step that the percentile stays within. */
  threshold: number;
  /** Milliseconds, one request a line, in no order. */
  latencies: string;
}

const requests = 200;
const step = 10;

export const facts = (seed: number, _namespace: string): Facts => {
  const of = <T>(list: readonly T[], each = 1): T => list[Math.floor(seed / each) % list.length] as T;
  // Any sequence that the seed decides would do: this is the MINSTD generator.
  let state = (seed % 2_147_483_645) + 1;
  const random = (least: number, most: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return least + (state % (most - least + 1));
  };
  const percentile = of([95, 99]);
  const p95 = of([120, 140, 160], 2);
  const p99 = p95 + of([90, 110], 3);
  // Around each rank the values lie close together, so that every way to reckon a percentile gives the same multiple of step.
  const values = [
    ...Array.from({ length: 180 }, () => random(25, 80)),
    ...Array.from({ length: 14 }, () => random(p95 - 8, p95 - 2)),
    ...Array.from({ length: 5 }, () => random(p99 - 8, p99 - 2)),
    random(900, 1_400),
  ];
  const lines = values
    .map((value) => ({ value, place: random(1, 1_000_000) }))
    .sort((one, other) => one.place - other.place);
  return {
    name: of(["assistant", "copilot", "reader"]),
    percentile,
    slower: (100 - percentile) * 10,
    requests,
    step,
    threshold: percentile === 95 ? p95 : p99,
    latencies: lines.map(({ value }) => value).join("\n"),
  };
};
