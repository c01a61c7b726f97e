import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { systemClock } from "../../../../checkers/clock.ts";
import { type Mutant, overlay } from "../../../../checkers/contract/files.ts";
import { gradeAnswer, inWords } from "../../../../checkers/contract/grade.ts";
import type { Stand } from "../../../../checkers/contract/stand.ts";
import { poll } from "../../../../checkers/core/poll.ts";
import type { LoadedLab } from "../../../../checkers/labs.ts";
import { seeded } from "../../unit/grading-kit.ts";
import { ground } from "../ground.ts";
import { gradeRecorded, type Recorded, recordState, said, verdicts } from "../recording.ts";
import { reordered, shaken, shuffled } from "../shake.ts";
import { graded, stands } from "../stands.ts";

const at = await ground();
const { placed, solution, mutants, caught, places } = stands(at);

/** Every solution, and every mutant of a check that grades from objects alone. */
const wanted = graded.flatMap((lab): { name: string; lab: LoadedLab; mutant?: Mutant }[] => [
  { name: `${lab.number} solution`, lab },
  ...mutants(lab, "observe").map((mutant) => ({ name: `${lab.number} ${mutant.check}/${mutant.code}`, lab, mutant })),
]);
const states = new Map<string, Recorded>();
const stateOf = (name: string): Recorded => {
  const state = states.get(name);
  if (!state) throw new Error(`${name} was not recorded.`);
  return state;
};

/** Whether a state shows what its answer is about: its failure, or none. */
const shows = (state: Recorded, seen: string[]): boolean =>
  state.fails
    ? ["fail", "untouched"].some((word) => seen.includes(`${state.fails?.check} ${word}(${state.fails?.code})`))
    : seen.every((one) => one.endsWith(" pass"));

/** Records a state once it has come to what its answer is about; what comes and goes (a crash loop) is caught at the right moment. */
async function settled(name: string, lab: LoadedLab, stand: Stand, mutant?: Mutant): Promise<Recorded> {
  if (mutant) await caught(stand, mutant);
  const { value } = await poll(
    async () => {
      const state = await recordState(name, lab, stand.namespace, stand.scene(), systemClock, mutant);
      return { state, seen: verdicts(await gradeRecorded(state)) };
    },
    { clock: systemClock, within: 180_000, done: ({ state, seen }) => shows(state, seen), pauses: [500, 1_000] },
  );
  if (!shows(value.state, value.seen))
    throw new Error(`${name} never showed what it is about: ${value.seen.join(", ")}`);
  return value.state;
}

beforeAll(async () => {
  const all = wanted.map(({ name, lab, mutant }) =>
    placed(lab, solution(lab), async (stand) => states.set(name, await settled(name, lab, stand, mutant)), mutant),
  );
  const failed = (await Promise.allSettled(all)).flatMap((one) =>
    one.status === "rejected" ? [one.reason as Error] : [],
  );
  if (failed.length > 0) throw new Error(failed.map(({ message }) => message).join("\n"));
}, 1_500_000);
afterEach(() => {
  vi.useRealTimers();
});
/** A recorded state is of its moment: what is patient with a slow start asks how long ago that was. */
const then = (state: Recorded): void => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date(state.snapshot.recordedAt) });
};

describe("the same state gives the same grade", { timeout: 120_000, retry: 0 }, () => {
  it("of labs with a solution and mutants to record at all", () => expect(wanted.length).toBeGreaterThan(25));

  it.each(wanted.map(({ name }) => name))("50 times: %s", async (name) => {
    const state = stateOf(name);
    then(state);
    const first = await gradeRecorded(state);
    expect(verdicts(first).join(), "what the answer is about").toSatisfy(() => shows(state, verdicts(first)));
    for (let time = 2; time <= 50; time++) {
      expect(said(await gradeRecorded(state)), `the ${time}th time`).toBe(said(first));
    }
  });
});

describe("what a task leaves free changes no verdict", { timeout: 120_000, retry: 0 }, () => {
  it.each(wanted.map(({ name }) => name))("in recorded objects: %s", async (name) => {
    const state = stateOf(name);
    then(state);
    const expected = verdicts(await gradeRecorded(state));
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed);
      const objects = Object.fromEntries(
        shuffled(Object.entries(state.snapshot.objects), random).map(([key, list]) => [
          key,
          shuffled(list, random).map((one) => reordered(shaken(one as never, random, `s${seed}`), random)),
        ]),
      );
      const other = { ...state, snapshot: { ...state.snapshot, objects } };
      expect(verdicts(await gradeRecorded(other)), `seed ${seed}`).toEqual(expected);
    }
  });

  /** The manifests of a folder, shaken, and dealt out anew to files of other names. */
  function dealt(from: string, seed: number): string {
    const random = seeded(seed);
    const into = mkdtempSync(join(at.home, "dealt-"));
    const documents = readdirSync(from)
      .filter((name) => /\.ya?ml$/.test(name))
      .flatMap((name) => parseAllDocuments(readFileSync(join(from, name), "utf8")))
      .map((document) => document.toJS())
      .filter((one) => one !== null)
      .map((one) => reordered(shaken(one, random, `s${seed}`), random));
    const files = 1 + Math.floor(random() * documents.length);
    const piles = new Map<number, string[]>();
    for (const one of shuffled(documents, random)) {
      const file = Math.floor(random() * files);
      piles.set(file, [...(piles.get(file) ?? []), stringify(one)]);
    }
    for (const [file, pile] of piles) {
      writeFileSync(join(into, `${Math.floor(random() * 90) + 10}-part-${file}.yaml`), pile.join("---\n"));
    }
    return into;
  }
  const deploying = graded.find(({ number }) => number === "02") as LoadedLab;

  it.each([1, 2, 3])(
    "in the manifests of a right answer, on the cluster: seed %i",
    { timeout: 400_000 },
    async (seed) => {
      const told = await placed(deploying, dealt(solution(deploying), seed), async (stand) => {
        const { verdicts } = await gradeAnswer(stand, places);
        const checks = deploying.checks(stand.namespace);
        return [...verdicts]
          .filter(([, { state }]) => state !== "pass")
          .map(([id, one]) => `${id}: ${inWords(checks[id], one)}`);
      });
      expect(told).toEqual([]);
    },
  );

  it.each(["service/selects-nothing", "endpoints-ready/wrong-target-port", "image-pinned/floating"])(
    "in the manifests of a wrong answer, on the cluster: %s",
    { timeout: 400_000 },
    async (name) => {
      const mutant = mutants(deploying, "observe").find(({ check, code }) => `${check}/${code}` === name) as Mutant;
      const laid = mkdtempSync(join(at.home, "laid-"));
      mkdirSync(laid, { recursive: true });
      overlay(solution(deploying), mutant.dir, laid);
      const verdict = await placed(deploying, dealt(laid, 7), (stand) => caught(stand, mutant));
      expect(verdict).toMatchObject({ state: "fail", code: mutant.code });
    },
  );
});
