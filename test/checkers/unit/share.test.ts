import { describe, expect, it } from "vitest";
import { atLeast, judgeShare, planShare, risksOf, tenPercent } from "../../../checkers/probes/share.ts";

/** A fixed sequence of numbers in [0, 1): mulberry32, so that a run that fails fails again. */
const sequence = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

/** The same chance in exact arithmetic, p as a fraction: nothing is rounded before the last division. */
function exactly(hits: number, n: number, [over, under]: readonly [bigint, bigint]): number {
  let choose = 1n;
  let sum = 0n;
  for (let k = 0; k <= n; k++) {
    if (k >= hits) sum += choose * over ** BigInt(k) * (under - over) ** BigInt(n - k);
    choose = (choose * BigInt(n - k)) / BigInt(k + 1);
  }
  return Number((sum * 10n ** 18n) / under ** BigInt(n)) / 1e18;
}

describe("atLeast", () => {
  it("is the binomial distribution's tail", () => {
    expect(atLeast(3, 0.5)[2]).toBeCloseTo(0.5, 12);
    for (const [hits, p, fraction] of [
      [86, 0.05, [1n, 20n]],
      [86, 0.1, [1n, 10n]],
      [158, 0.1, [1n, 10n]],
      [158, 0.2, [1n, 5n]],
    ] as const) {
      expect(atLeast(1_200, p)[hits]).toBeCloseTo(exactly(hits, 1_200, fraction), 10);
    }
  });
});

describe("about ten percent", () => {
  it("is wrong less than once in 1,000, by exact sums", () => {
    const { wrongFail, wrongPassBelow, wrongPassAbove } = risksOf(tenPercent, 0.05, 0.2);
    expect(wrongFail).toBeLessThan(0.001);
    expect(wrongPassBelow).toBeLessThan(0.001);
    expect(wrongPassAbove).toBeLessThan(0.001);
    // As the docstring has them.
    expect(wrongFail.toExponential(1)).toBe("5.2e-4");
    expect(wrongPassBelow.toExponential(1)).toBe("6.8e-4");
    expect(wrongPassAbove.toExponential(1)).toBe("2.0e-10");
  });
  it("is the plan that planShare makes, and fewer requests would not do", () => {
    expect(planShare(0.1, 0.05, 0.2)).toEqual(tenPercent);
    const risks = (n: number): number => {
      const [five, ten] = [atLeast(n, 0.05), atLeast(n, 0.1)];
      return Math.min(...five.map((chance, least) => Math.max(chance, 1 - (ten[least] ?? 0))));
    };
    expect(risks(1_000)).toBeGreaterThan(0.001);
  });
  it("is wrong less than once in 1,000, simulated", () => {
    const random = sequence(7);
    const rounds = 10_000;
    const verdicts = (p: number): Record<string, number> => {
      const seen: Record<string, number> = { about: 0, "too-little": 0, "too-much": 0 };
      for (let round = 0; round < rounds; round++) {
        let hits = 0;
        for (let i = 0; i < tenPercent.n; i++) if (random() < p) hits++;
        const verdict = judgeShare(tenPercent, hits, tenPercent.n);
        seen[verdict] = (seen[verdict] ?? 0) + 1;
      }
      return seen;
    };
    // 10,000 rounds of a chance of 6.8e-4 give 6.8 ± 2.6: above 20 something is wrong.
    expect(rounds - (verdicts(0.1).about ?? 0)).toBeLessThan(20);
    expect(verdicts(0.05).about).toBeLessThan(20);
    expect(verdicts(0.04).about).toBe(0);
    expect(verdicts(0.2)).toEqual({ about: 0, "too-little": 0, "too-much": rounds });
  }, 60_000);
  it("decides at its bounds, and on its own n only", () => {
    expect([85, 86, 157, 158].map((hits) => judgeShare(tenPercent, hits, 1_200))).toEqual([
      "too-little",
      "about",
      "about",
      "too-much",
    ]);
    expect(() => judgeShare(tenPercent, 120, 1_199)).toThrow("1200 answers");
  });
});

describe("planShare", () => {
  it.each([
    [0.25, 0.15, 0.4],
    [0.5, 0.4, 0.6],
    [0.05, 0.01, 0.15],
  ])("plans %d between %d and %d", (target, below, above) => {
    const plan = planShare(target, below, above);
    expect(plan.n).toBeLessThanOrEqual(2_000);
    for (const risk of Object.values(risksOf(plan, below, above))) expect(risk).toBeLessThan(0.001);
  });
  it("says when it takes too many requests, or makes no sense", () => {
    expect(() => planShare(0.1, 0.09, 0.11)).toThrow("too close");
    expect(() => planShare(0.1, 0.2, 0.3)).toThrow(RangeError);
  });
});
