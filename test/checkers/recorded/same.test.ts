import { describe, expect, it } from "vitest";
import { said } from "../verdicts.ts";
import { atItsMoment, gradeRecorded, labs, shown, states } from "./states.ts";

/** All labs but one, whose checks all ask Prometheus. */
const recordable = [...labs.keys()].filter((slug) => slug !== "12-metrics-and-the-red-dashboard");

describe("the same state gives the same grade", { timeout: 120_000 }, () => {
  it.each(recordable)("of %s, whose solution was recorded", (slug) => {
    expect(states.filter(({ state }) => state.lab === slug).map(({ state }) => state.name)).toContain("solution");
  });
  it("of mutants of most labs", () => expect(states.filter(({ state }) => state.fails).length).toBeGreaterThan(100));

  it.each(states)("50 times: $title", async ({ state }) => {
    atItsMoment(state);
    const first = await gradeRecorded(state);
    expect(shown(state, first), said(first)).toBe(true);
    for (let time = 2; time <= 50; time++) {
      expect(said(await gradeRecorded(state)), `the ${time}th time`).toBe(said(first));
    }
  });
});
