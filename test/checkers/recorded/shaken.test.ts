import { describe, expect, it } from "vitest";
import type { RecordedState } from "../../../checkers/contract/record.ts";
import { reordered, shaken, shuffled } from "../shake.ts";
import { seeded } from "../unit/grading-kit.ts";
import { verdicts } from "../verdicts.ts";
import { atItsMoment, gradeRecorded, states } from "./states.ts";

/** Labs whose tasks leave it to the learner what a container is called. */
const free = ["01-cluster-and-kubectl", "02-deploy-ml-inference"];

/** The same state: objects and their fields in another order, labels and annotations nobody asked for, containers under another name. */
function other(state: RecordedState, seed: number): RecordedState {
  const random = seeded(seed);
  const tag = free.includes(state.lab) ? `s${seed}` : undefined;
  const objects = Object.fromEntries(
    shuffled(Object.entries(state.snapshot.objects), random).map(([key, list]) => [
      key,
      shuffled(list, random).map((one) => reordered(shaken(one as never, random, tag), random)),
    ]),
  );
  return { ...state, snapshot: { ...state.snapshot, objects } };
}

describe("what a task leaves free changes no verdict", { timeout: 120_000 }, () => {
  it.each(states)("in recorded objects: $title", async ({ state }) => {
    atItsMoment(state);
    const expected = verdicts(await gradeRecorded(state));
    for (let seed = 1; seed <= 20; seed++) {
      expect(verdicts(await gradeRecorded(other(state, seed))), `seed ${seed}`).toEqual(expected);
    }
  });
});
