import { describe, expect, it } from "vitest";
import { figure, median, quantile, shown, table } from "./figures.ts";

const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);

describe("figures", () => {
  it("takes quantiles by nearest rank, whatever the order", () => {
    expect(quantile(hundred, 0.95)).toBe(95);
    expect(median(hundred)).toBe(50);
    expect(median([7])).toBe(7);
    expect(quantile([3, 1, 2], 1)).toBe(3);
  });

  it("has no figure of nothing", () => {
    expect(() => figure("nothing", "ms", [])).toThrow("nothing was measured");
  });

  it.each([
    ["at most", 95, true],
    ["at most", 94, false],
    ["at least", 95, true],
    ["at least", 96, false],
  ] as const)("holds a p95 of 95 against a goal of %s %i", (sense, limit, met) => {
    expect(figure("one", "ms", hundred, { limit, sense, of: "p95" }).met).toBe(met);
  });

  it("judges nothing that has no goal", () => {
    expect(figure("one", "ms", [1]).met).toBeUndefined();
  });

  it.each([
    [1 / 63, "ratio", "1/63"],
    [0.25, "ratio", "1/4"],
    [1.5, "ratio", "1.5"],
    [12_345.6, "ms", "12346"],
    [0.12345, "ms", "0.123"],
    [-0.5, "ms", "-0.5"],
  ] as const)("shows %d as %s like %s", (value, unit, text) => {
    expect(shown(value, unit)).toBe(text);
  });

  it("prints a table that says whether a goal is met", () => {
    const rows = table([
      figure("fast", "ms", [1, 2, 3], { limit: 2, sense: "at most", of: "max" }),
      figure("small", "ratio", [0.01], { limit: 1 / 50, sense: "at most", of: "median" }),
    ]);
    expect(rows[1]).toMatch(/^fast +ms +2 +3 +1–3 +3 +max ≤ 2 ms +goal not met$/);
    expect(rows[2]).toMatch(/^small +ratio +1\/100 +1 +median ≤ 1\/50 +goal met$/);
  });
});
