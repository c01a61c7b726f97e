import { describe, expect, it } from "vitest";
import type { PrometheusProbe } from "../../../checkers/core/metrics.ts";
import { builtIns, durationOf, rangeOf, resolveVariables } from "../../../checkers/probes/dashboard-variables.ts";
import { seconds } from "../../../checkers/probes/prometheus.ts";
import { bornWith, bucketOf, increaseOf, interpolate, windows } from "../../../checkers/probes/promql.ts";

describe("durations and windows", () => {
  it.each([
    ["5m", 300],
    ["1m30s", 90],
    ["500ms", 0.5],
    ["1h", 3600],
  ])("%s", (text, length) => expect(seconds(text)).toBe(length));
  it("refuses what is none", () => {
    expect(seconds("five")).toBeNaN();
    expect(durationOf("1M")).toBe(2_592_000);
  });
  it.each([
    ["rate(x[5m])", [300]],
    ["rate(x[ 30s ])/rate(y[2m])", [120, 30]],
    ["max_over_time(rate(x[1m])[10m:30s])", [600, 60]],
    ['x{a="[5m]"} # [3m]', []],
    ["avg(x)", []],
  ])("%s", (query, found) => expect(windows(query)).toEqual(found));
});

describe("variables", () => {
  const nobody = {
    labelValues: () => Promise.reject(new Error("asked")),
    query: () => Promise.reject(new Error("asked")),
  };
  const resolve = async (list: Parameters<typeof resolveVariables>[0]) =>
    (await resolveVariables(list, builtIns({ range: 900, end: 1000 }), nobody as unknown as PrometheusProbe)).values;

  it("writes Grafana's forms of a name", () => {
    const known = new Map([["a", { values: ["x.y"], multiple: false }]]);
    expect(interpolate(`{p="$a", q="\${a}", r="[[a]]", s="\${a:regex}", t="$b"}`, known)).toBe(
      '{p="x.y", q="x.y", r="x.y", s="x\\.y", t="$b"}',
    );
  });
  it("writes several values as a pattern", () => {
    const known = new Map([["a", { values: ["/x", "/y.z"], multiple: true }]]);
    expect(interpolate('{p=~"$a"}', known)).toBe('{p=~"(/x|/y\\\\.z)"}');
    expect(interpolate(`\${a:csv} \${a:pipe}`, known)).toBe("/x,/y.z /x|/y.z");
  });
  it("takes what was saved, else all where all may be chosen, else the first", async () => {
    const values = await resolve([
      { name: "saved", type: "custom", query: "a,b", current: { value: "b" } },
      { name: "stale", type: "custom", query: "a,b", current: { value: "gone" } },
      { name: "every", type: "custom", query: "a,b", includeAll: true, current: {} },
      { name: "pattern", type: "custom", query: "a,b", includeAll: true, allValue: ".*", current: { value: "$__all" } },
      { name: "pairs", type: "custom", query: "One : 1, Two : 2" },
      { name: "constant", type: "constant", query: "lab-12" },
      { name: "text", type: "textbox", query: "default", current: { value: "typed" } },
      { name: "step", type: "interval", query: "1m,5m" },
      { name: "auto", type: "interval", query: "1m,5m", current: { value: "$__auto_interval_auto" } },
    ]);
    const of = (name: string) => values.get(name)?.values;
    expect(of("saved")).toEqual(["b"]);
    expect(of("stale")).toEqual(["a"]);
    expect(of("every")).toEqual(["a", "b"]);
    expect(values.get("pattern")).toEqual({ values: [".*"], multiple: true, verbatim: true });
    expect(of("pairs")).toEqual(["1"]);
    expect(of("constant")).toEqual(["lab-12"]);
    expect(of("text")).toEqual(["typed"]);
    expect(of("step")).toEqual(["1m"]);
    expect(of("auto")).toEqual(["15s"]);
  });
  it("has Grafana's own intervals", () => {
    const of = (options: Parameters<typeof builtIns>[0], name: string) => builtIns(options).get(name)?.values[0];
    // Fifteen minutes on a thousand points: below the scrape interval Grafana assumes.
    expect(of({ range: 900, end: 0 }, "__interval")).toBe("15s");
    expect(of({ range: 900, end: 0 }, "__rate_interval")).toBe("60s");
    expect(of({ range: 900, end: 0, minimum: "5s" }, "__rate_interval")).toBe("20s");
    // A day on a thousand points: 86 s, rounded to one minute, and more than four scrapes.
    expect(of({ range: 86_400, end: 0 }, "__interval")).toBe("60s");
    expect(of({ range: 86_400, end: 0 }, "__rate_interval")).toBe("75s");
    expect(of({ range: 900, end: 0 }, "__range")).toBe("900s");
  });
  it("reads a dashboard's time", () => {
    expect(rangeOf({ from: "now-1h", to: "now" })).toBe(3600);
    expect(rangeOf({ from: "now-1h", to: "now-15m" })).toBe(2700);
    expect(rangeOf(undefined)).toBe(21_600);
  });
});

describe("a counter's increase, as rate() has it", () => {
  const every5 = (values: number[], from = 1005) => ({
    labels: {},
    points: values.map((value, index) => [from + index * 5, value] as const),
  });
  it("stretches to the window's edges", () => {
    // 12 samples in a minute, 10 each: 110 seen over 55 s, 120 in 60 s.
    const steady = every5(Array.from({ length: 12 }, (_, index) => 1000 + index * 10));
    expect(increaseOf(steady, 1060, 60)).toBeCloseTo(120, 6);
  });
  it("adds back what a restart took", () => {
    const restarted = every5([100, 110, 5, 15, 25]);
    const plain = every5([100, 110, 115, 125, 135]);
    expect(increaseOf(restarted, 1025, 25)).toBeCloseTo(increaseOf(plain, 1025, 25) as number, 6);
  });
  it("does not see what a series began with, which is told apart", () => {
    const born = every5([7, 17, 27], 1050);
    // Half an interval is added before the first sample, no more: it began inside.
    expect(increaseOf(born, 1060, 60)).toBeCloseTo(25, 6);
    expect(bornWith(born, 1060, 60)).toBe(7);
    expect(bornWith(every5([7, 17, 27], 995), 1060, 60)).toBe(0);
  });
  it("has none for a single sample", () => expect(increaseOf(every5([7]), 1060, 60)).toBeUndefined());
});

describe("the bucket of a quantile", () => {
  const buckets = new Map([
    [0.1, 50],
    [0.5, 90],
    [1, 99],
    [Number.POSITIVE_INFINITY, 100],
  ]);
  it.each([
    [0.5, 0, 0.1],
    [0.51, 0.1, 0.5],
    [0.95, 0.5, 1],
    [0.999, 1, Number.POSITIVE_INFINITY],
  ])("%d: %d to %d", (q, low, high) => expect(bucketOf(q, buckets)).toEqual({ low, high }));
  it("is none without counts", () => expect(bucketOf(0.5, new Map([[Number.POSITIVE_INFINITY, 0]]))).toBeUndefined());
});
