import { describe, expect, test } from "vitest";
import { defaultSeed } from "../../checkers/core/lab.ts";
import { askedOf } from "../../labs/13-tail-latency/checks/asked-of.ts";
import { readMilliseconds } from "../../labs/13-tail-latency/checks/calm-p99.ts";
import { type Findings, looksAtTime, looksLike } from "../../labs/13-tail-latency/checks/judged.ts";
import { readObjective } from "../../labs/13-tail-latency/checks/objective.ts";
import { mean, measured, quantile, within } from "../../labs/13-tail-latency/checks/percentiles.ts";
import {
  type Phase,
  type PhaseName,
  phases,
  type Recording,
  whyUnfit,
} from "../../labs/13-tail-latency/checks/recording.ts";
import { facts } from "../../labs/13-tail-latency/facts.ts";

const f = facts(defaultSeed, "lab-13");

/** A small generator of its own (mulberry32), so that the test is the same every time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Fleet {
  pods: number;
  slots: number;
  mean: number;
  sigma: number;
  seconds: number;
  herd?: { at: number; n: number };
}

/** Latencies of requests that come at f.rate a second and queue, first come first served, in front of a pod drawn at random. */
function simulated({ pods, slots, mean: average, sigma, seconds, herd }: Fleet, random: () => number): number[] {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const due = Array.from({ length: f.rate * seconds }, (_, index) => (index * 1_000) / f.rate);
  for (let index = 0; index < (herd?.n ?? 0); index++) due.push((herd?.at ?? 0) * 1_000);
  const free = Array.from({ length: pods }, () => new Array<number>(slots).fill(0));
  return due
    .sort((one, other) => one - other)
    .map((at) => {
      const places = free[Math.floor(random() * pods)] as number[];
      const place = places.indexOf(Math.min(...places));
      const end = Math.max(at, places[place] as number) + average * Math.exp(sigma * normal() - sigma ** 2 / 2);
      places[place] = end;
      return end - at;
    });
}

const phase = (took: number[]): Phase => ({ ...measured(took), requests: [], failed: 0, pods: [] });
const given = { pods: 1, slots: f.replicas * f.slots, mean: f.mean, sigma: f.sigma, seconds: f.rushSeconds };
function recorded(random: () => number): Record<PhaseName, Phase> {
  return {
    calm: phase(simulated(given, random)),
    bigger: phase(simulated({ ...given, slots: 64, mean: f.bigger, sigma: 0.1 }, random)),
    rush: phase(simulated({ ...given, herd: { at: f.herdAt, n: f.herd } }, random)),
  };
}

describe("percentiles", () => {
  test("are the nearest rank", () => {
    const hundred = measured(Array.from({ length: 100 }, (_, index) => 100 - index));
    expect([0.5, 0.95, 0.99, 1].map((q) => quantile(hundred, q))).toEqual([50, 95, 99, 100]);
    expect(quantile(measured([7]), 0.99)).toBe(7);
    expect(quantile(measured([]), 0.99)).toBeNaN();
  });
  test("count a failed request as slower than any, and leave it out of the mean", () => {
    const half = measured([Number.POSITIVE_INFINITY, 10]);
    expect(quantile(half, 0.99)).toBe(Number.POSITIVE_INFINITY);
    expect(mean(half)).toBe(10);
    expect(within(half, 1e9)).toBe(0.5);
  });
});

describe("the three phases", () => {
  test("are fit to judge by, in nearly every run on an idle machine", () => {
    const random = generator(13);
    const unfit = Array.from({ length: 200 }, () => whyUnfit(recorded(random), f)).filter(Boolean);
    expect(unfit).toHaveLength(0);
  });
  test("leave no bound on a mean or a median that tells them apart, and one on p99", () => {
    const random = generator(7);
    for (let run = 0; run < 50; run++) {
      const all = recorded(random);
      for (const of of [mean, (one: Phase) => quantile(one, 0.5)]) expect(of(all.rush)).toBeLessThan(of(all.bigger));
      expect(quantile(all.bigger, 0.99)).toBeLessThan(f.limit);
      expect(quantile(all.calm, 0.99)).toBeLessThan(f.limit);
      expect(quantile(all.rush, 0.99)).toBeGreaterThan(f.limit);
    }
  });
  test("are refused where the machine made them alike", () => {
    const random = generator(1);
    const all = recorded(random);
    expect(whyUnfit({ ...all, calm: all.rush }, f)).toMatch(/too busy/);
    expect(whyUnfit({ ...all, rush: all.calm }, f)).toMatch(/too busy/);
  });
});

describe("a mended service", () => {
  const odds = (pods: number, slots: number): number => {
    const random = generator(pods * 100 + slots);
    const run = (): boolean =>
      within(measured(simulated({ ...given, pods, slots, seconds: 8, herd: { at: 3, n: f.herd } }, random)), f.limit) >=
      f.share / 100;
    return Array.from({ length: 300 }, run).filter(Boolean).length / 300;
  };
  test("keeps the promise with more pods, more places, or both", () => {
    for (const [pods, slots] of [
      [12, 4],
      [2, 24],
      [4, 12],
    ] as const)
      expect(odds(pods, slots)).toBeGreaterThan(0.99);
  });
  test("does not as it was given", () => expect(odds(f.replicas, f.slots)).toBe(0));
});

describe("slo.yaml", () => {
  const read = (text: string | undefined) => {
    const found = readObjective(text);
    return found.ok ? found.objective : found.problem;
  };
  test("may name a statistic, a query or good and total", () => {
    expect(read("indicator: p99\nbelow: 0.3 s\nwindow: 28d")).toMatchObject({ below: 300, indicator: { q: 0.99 } });
    expect(read("indicator: 99th percentile\nbelow: 300ms\nwindow: 4w")).toMatchObject({ below: 300 });
    expect(read("indicator: mean\nbelow: 250ms\nwindow: 28d")).toMatchObject({ indicator: { kind: "mean" } });
    expect(read("indicator: max(a_b)\nbelow: 300ms\nwindow: 28d")).toMatchObject({
      below: 0.3,
      indicator: { kind: "query" },
    });
    for (const objective of ["99%", "99 %", "99", "0.99"])
      expect(read(`good: a\ntotal: b\nobjective: ${objective}\nwindow: 28d`)).toMatchObject({ share: 0.99 });
  });
  test("is told what is wrong with it", () => {
    const wrong: [string | undefined, string][] = [
      [undefined, "no-file"],
      ["", "incomplete"],
      ["# nothing yet", "incomplete"],
      ["- p99", "not-yaml"],
      ["p99 below 300ms", "not-yaml"],
      ["indicator: p99\n  below: 300ms", "not-yaml"],
      ["indicator: p99\nbelow: 300ms", "incomplete"],
      ["good: a\nobjective: 99%\nwindow: 28d", "incomplete"],
      ["indicator: p99\nbelow: 300\nwindow: 28d", "unreadable"],
      ["indicator: p99\nbelow: fast\nwindow: 28d", "unreadable"],
      ["indicator: p99\nbelow: -3ms\nwindow: 28d", "unreadable"],
      ["indicator: p99\nbelow: 300ms\nwindow: soon", "unreadable"],
      ["indicater: p99\nbelow: 300ms\nwindow: 28d", "unreadable"],
      ["indicator: latency\nbelow: 300ms\nwindow: 28d", "unreadable"],
      ["good: a\ntotal: b\nindicator: p99\nobjective: 99%\nwindow: 28d", "unreadable"],
      ["good: a\ntotal: b\nobjective: most\nwindow: 28d", "unreadable"],
      ["good: a\ntotal: b\nobjective: 100%\nwindow: 28d", "no-budget"],
      ["indicator: max\nbelow: 300ms\nwindow: 28d", "no-budget"],
      ["indicator: p100\nbelow: 300ms\nwindow: 28d", "no-budget"],
    ];
    for (const [text, problem] of wrong) expect([text, read(text)]).toEqual([text, problem]);
  });
});

describe("a query asked of one phase", () => {
  const part = {
    metrics: new Set(["d_bucket", "d_count"]),
    own: { namespace: "lab-13", app: "ml-inference" },
    namespace: "there",
    pods: ["a", "b"],
    window: 40,
  };
  const of = '{namespace="there",pod=~"a|b",';
  test("has its pods in every selector and its length in every range", () => {
    expect(askedOf("sum by (le) (rate(d_bucket[5m]))", part)).toBe(`sum by (le) (rate(d_bucket${of}}[40s]))`);
    expect(askedOf('d_bucket{le="0.5"} / d_count', part)).toBe(`d_bucket${of}le="0.5"} / d_count${of}}`);
    expect(askedOf('rate({__name__="d_count"}[1h:1m])', part)).toBe(`rate(${of}__name__="d_count"}[40s:1m])`);
    const braced = "$" + "{window}";
    for (const range of ["$window", braced, "{{.window}}", "{{ .window }}", "$__rate_interval", "1m30s"])
      expect(askedOf(`rate(d_count[${range}])`, part)).toBe(`rate(d_count${of}}[40s])`);
  });
  test("names the copies instead of the learner's own service", () => {
    expect(askedOf('d_count{namespace="lab-13",app="ml-inference",route="/predict"}', part)).toBe(
      `d_count${of}route="/predict"}`,
    );
  });
  test("leaves alone what is quoted, a comment, or nobody's metric", () => {
    expect(askedOf('d_count{a="d_bucket[5m]}"}', part)).toBe(`d_count${of}a="d_bucket[5m]}"}`);
    expect(askedOf("up # d_count[5m]", part)).toBe("up # d_count[5m]");
    expect(askedOf("sum by (d_count) (up)", part)).toBe(`sum by (d_count${of}}) (up)`);
  });
});

describe("a share of good requests", () => {
  const share = (good: string) =>
    ({ form: "ratio", good, total: "rate(all[5m])", share: 0.99, written: "99 %" }) as const;
  test("is one of fast requests by a bucket's bound", () => {
    expect(looksAtTime(share('rate(http_request_duration_seconds_bucket{status="200", le="0.75"}[5m])'))).toBe(true);
    expect(looksAtTime(share('rate(http_request_duration_seconds_bucket{le = "+Inf"}[5m])'))).toBe(true);
    expect(looksAtTime(share('rate(http_requests_total{status!~"5.."}[5m])'))).toBe(false);
  });
});

describe("what an indicator looks like", () => {
  const all = recorded(generator(3));
  const record = { phases: all } as unknown as Recording;
  const findings = (of: (one: Phase) => number): Findings =>
    Object.fromEntries(phases.map((name) => [name, { kept: true, says: "", value: of(all[name]) }])) as Findings;
  test("is told by its values", () => {
    expect(looksLike(findings(mean), record)).toBe("mean");
    // The service's own: without the way to it, which a herd waits for.
    const own = findings((one) => mean(one) * (one === all.rush ? 0.7 : 0.9));
    expect(looksLike(own, record)).toBe("mean");
    expect(
      looksLike(
        findings((one) => quantile(one, 0.5) * 1.1),
        record,
      ),
    ).toBe("median");
    expect(
      looksLike(
        findings((one) => quantile(one, 0.95)),
        record,
      ),
    ).toBe("tail");
    expect(
      looksLike(
        findings((one) => quantile(one, 0.99) * 1.3),
        record,
      ),
    ).toBe("tail");
    expect(
      looksLike(
        findings(() => 12),
        record,
      ),
    ).toBe("something else");
  });
});

test("an answer is read with its unit", () => {
  expect(readMilliseconds("321")).toEqual({ value: 321, unit: false });
  expect(readMilliseconds("p99 = 321.5 ms")).toEqual({ value: 321.5, unit: true });
  expect(readMilliseconds("0,32 s")).toEqual({ value: 320, unit: true });
  for (const text of ["", "fast", "-3", "1e3", "NaN"]) expect(readMilliseconds(text)).toBeUndefined();
});
