import { describe, expect, it } from "vitest";
import { said } from "../verdicts.ts";
import { atItsMoment, gradeRecorded, labs, shown, states } from "./states.ts";

describe("the same state gives the same grade", { timeout: 120_000 }, () => {
  it.each([...labs.keys()])("of %s, whose solution was recorded, and mutants with it", (slug) => {
    const own = states.filter(({ state }) => state.lab === slug);
    // A lab whose checks all ask more than objects has nothing to record.
    if (own.length === 0) expect(["13-tail-latency"]).toContain(slug);
    else expect(own.map(({ state }) => state.name)).toContain("solution");
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
