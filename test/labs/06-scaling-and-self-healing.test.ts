import { describe, expect, test } from "vitest";
import { chiSquare, evenUpTo } from "../../labs/06-scaling-and-self-healing/checks/distribution.ts";
import { facts } from "../../labs/06-scaling-and-self-healing/facts.ts";

const { sample: n, replicas: k } = facts(1, "lab-06");

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

/** Samples of n requests over pods with these weights, out of `tries`, that are taken for uneven. */
function foundOut(weights: readonly number[], tries: number): number {
  const random = generator(1);
  const all = weights.reduce((sum, one) => sum + one, 0);
  let found = 0;
  for (let attempt = 0; attempt < tries; attempt++) {
    const seen = weights.map(() => 0);
    for (let request = 0; request < n; request++) {
      let drawn = random() * all;
      const pod = weights.findIndex((weight) => {
        drawn -= weight;
        return drawn < 0;
      });
      seen[pod] = (seen[pod] ?? 0) + 1;
    }
    if (chiSquare(seen) > evenUpTo(weights.length)) found++;
  }
  return found;
}

describe("the distribution over four pods", () => {
  test("the bound is the one of the tables, within the approximation's error", () => {
    // Quantiles passed once in 10,000: 15.14 (1 degree of freedom), 21.11 (3), 29.88 (7).
    expect(evenUpTo(4)).toBeGreaterThan(21.1);
    expect(evenUpTo(4)).toBeLessThan(22);
    expect(evenUpTo(8)).toBeGreaterThan(29.8);
    expect(evenUpTo(8)).toBeLessThan(30.5);
  });
  test("a fair draw is failed less than once in 10,000 samples", () => {
    expect(foundOut([1, 1, 1, 1], 50_000)).toBeLessThanOrEqual(5);
  });
  test.each([
    ["one pod gets everything", [1, 0, 0, 0]],
    ["two of four are used", [1, 1, 0, 0]],
    ["one is left out", [1, 1, 1, 0]],
  ])("%s: found out every time", (_name, weights) => {
    expect(foundOut(weights, 1_000)).toBe(1_000);
  });
  test("what it can't tell, as its docstring says: a pod with half of its share", () => {
    expect(foundOut([1, 1, 1, 0.5], 1_000)).toBeLessThan(300);
  });
  test("the counts of the docstring", () => {
    expect(chiSquare([n, 0, 0, 0])).toBe(360);
    expect(chiSquare([60, 60, 0, 0])).toBe(120);
    expect(chiSquare([40, 40, 40, 0])).toBe(40);
    expect(chiSquare([35, 35, 35, 15])).toBe(10);
    expect(k).toBe(4);
  });
});
