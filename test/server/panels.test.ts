import { describe, expect, it } from "vitest";
import type { PrometheusSeries } from "../../checkers/core/metrics.ts";
import { gridOf, queryOf } from "../../site/server/panels.ts";
import { inUnit } from "../../site/src/islands/units.ts";

const over = { start: 100, end: 120, step: 5 };
const series = (labels: Record<string, string>, ...points: [number, number][]): PrometheusSeries => ({
  labels,
  points,
});
const query = (all: PrometheusSeries[], legend?: string, warnings: string[] = []) =>
  queryOf(
    { refId: "A", asked: "up", ...(legend !== undefined && { legend }), answer: { ok: true, value: all, warnings } },
    over,
  );

describe("a query's lines", () => {
  it("lie on the grid, with gaps where there is no number", () => {
    expect(gridOf(series({}, [100, 1], [110, Number.NaN], [115, 4], [200, 9]), over)).toEqual([1, null, null, 4, null]);
  });
  it("are called by the legend, or by the labels that tell them apart", () => {
    const two = [series({ pod: "a", job: "j" }, [100, 1]), series({ pod: "b", job: "j" }, [100, 2])];
    expect(query(two).lines.map(({ label }) => label)).toEqual(["a", "b"]);
    expect(query(two, "pod {{ pod }}").lines.map(({ label }) => label)).toEqual(["pod a", "pod b"]);
    expect(query([series({}, [100, 1])]).lines[0]?.label).toBe("query A");
  });
  it("are eight at most, and the rest is counted", () => {
    const many = Array.from({ length: 11 }, (_, index) => series({ pod: String(index) }, [100, 1]));
    expect(query(many)).toMatchObject({ more: 3, lines: { length: 8 } });
  });
  it("say why there are none", () => {
    expect(query([], undefined, ["a note"])).toMatchObject({
      lines: [],
      problem: expect.stringMatching(/no series matches.*a note$/),
    });
    expect(query([series({}, [100, Number.NaN])]).problem).toMatch(/only NaN/);
    const bad = { ok: false, problem: "bad-query", says: "parse error" } as const;
    expect(queryOf({ refId: "A", asked: "(", answer: bad }, over).problem).toBe(
      "Query A does not parse. Prometheus says: parse error",
    );
  });
});

it.each([
  [0.3512, "s", "351 ms"],
  [1.25, "s", "1.25 s"],
  [0, "s", "0 s"],
  [351.2, "ms", "351 ms"],
  [0.0474, "percentunit", "4.74 %"],
  [29.83, "reqps", "29.8/s"],
  [38_137_856, "bytes", "36.4 MiB"],
  [9842, "short", "9840"],
])("%s %s is %s", (value, unit, words) => expect(inUnit(value, unit)).toBe(words));
