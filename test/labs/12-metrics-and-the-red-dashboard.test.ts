import { describe, expect, test } from "vitest";
import type { JudgedQuery, PrometheusSeries } from "../../checkers/core/metrics.ts";
import { duration } from "../../labs/12-metrics-and-the-red-dashboard/checks/baseline.ts";
import { meantFor } from "../../labs/12-metrics-and-the-red-dashboard/checks/red-reasons.ts";
import { quantity, type Reading, reads, shows } from "../../labs/12-metrics-and-the-red-dashboard/checks/use-truth.ts";

describe("the baseline as somebody writes it", () => {
  test.each([
    ["420", 0.42, true],
    ["420 ms", 0.42, false],
    ["0.42 s", 0.42, false],
    ["p95 = 0,42 s", 0.42, false],
    ["0.42", 0.00042, true],
    ["1.2 seconds.", 1.2, false],
    ["1,234 ms", 1.234, false],
    ["1,234 s", 1.234, false],
  ])("%s", (text, seconds, bare) => {
    const read = duration(text);
    expect(read?.seconds).toBeCloseTo(seconds, 9);
    expect(read?.bare).toBe(bare);
  });
  test.each(["pretty fast", "", "420 bananas", "ms"])("%s is none", (text) => expect(duration(text)).toBeUndefined());
});

describe("what a query shows of the pods", () => {
  const node = { node: "one", namespace: "lab", container: "ml-model" };
  const reading: Reading = {
    says: "cores",
    pods: [
      { pod: "a", labels: { ...node, pod: "a" }, value: 0.1 },
      { pod: "b", labels: { ...node, node: "two", pod: "b" }, value: 0.2 },
    ],
    gone: [{ pod: "old", labels: { ...node, pod: "old" }, value: 0.3 }],
  };
  const series = (...all: [Record<string, string>, number][]): PrometheusSeries[] =>
    all.map(([labels, value]) => ({ labels, points: [[0, value]] }));
  test.each([
    ["each pod", series([{ pod: "a" }, 0.1], [{ pod: "b" }, 0.2])],
    [
      "each pod, in another order and with others",
      series([{ pod: "visitors" }, 9], [{ pod: "b" }, 0.2], [{ pod: "a" }, 0.1]),
    ],
    ["the sum", series([{}, 0.3])],
    ["the mean, in thousandths", series([{}, 150])],
    ["the highest, in percent", series([{ container: "ml-model" }, 20])],
    ["by node", series([{ node: "one" }, 0.1], [{ node: "two" }, 0.2])],
    ["the sum with a pod that is gone", series([{}, 0.6])],
    ["within the tolerance", series([{}, 0.325])],
  ])("%s: is shown", (_name, all) => expect(shows(all, reading)).toBe(true));
  test.each([
    ["nothing", series()],
    ["one pod of two", series([{ pod: "a" }, 0.1])],
    ["the visitors in the sum", series([{}, 0.9])],
    ["two pods mixed up", series([{ pod: "a" }, 0.2], [{ pod: "b" }, 0.1])],
    ["different scales", series([{ pod: "a" }, 0.1], [{ pod: "b" }, 200])],
    ["no number", series([{}, Number.NaN])],
    ["zero", series([{}, 0])],
  ])("%s: is not", (_name, all) => expect(shows(all, reading)).toBe(false));
});

test("quantities", () => {
  expect(["200m", "1", "128Mi", "1500k", "nonsense", undefined].map(quantity)).toEqual([
    0.2,
    1,
    128 * 2 ** 20,
    1_500_000,
    undefined,
    undefined,
  ]);
});

test("throttling isn't taken for CPU use", () => {
  const throttled = "rate(container_cpu_cfs_throttled_seconds_total[1m])";
  expect(reads.throttling.test(throttled)).toBe(true);
  expect(reads.cpu.test(throttled)).toBe(false);
});

describe("where the message about a query that shows nothing belongs", () => {
  const query = (panel: string, asked: string): JudgedQuery => ({
    panel,
    asked,
    written: asked,
    refId: "A",
    unit: "",
    shows: [],
    values: [],
  });
  test.each([
    ["x", "histogram_quantile(0.95, sum(rate(a_bucket[1m])))", ["p95"]],
    ["x", "histogram_quantile(.99, sum(rate(a_bucket[1m]))", ["p99"]],
    ["Latency p50", "sum(rate(a_sum[1m]))", ["p50"]],
    ["x", "sum(rate(http_request_duration_seconds_sum[1m]))", ["p50", "p95", "p99"]],
    ["x", 'sum(rate(http_requests_total{code=~"5.."}[1m]))', ["errors"]],
    ["x", "sum(http_requests_total)", ["rate"]],
    ["CPU usage rate", "rate(container_cpu_usage_seconds_total[1m])", []],
    ["z", "vector(1)", []],
  ])("%s: %s", (panel, asked, kinds) => expect(meantFor(query(panel, asked))).toEqual(kinds));
});
