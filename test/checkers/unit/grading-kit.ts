import { type Check, check } from "../../../checkers/core/check.ts";
import type { LabDefinition } from "../../../checkers/core/lab.ts";
import type { BoundScene } from "../../../checkers/core/run.ts";
import { fail, pass } from "../../../checkers/core/verdict.ts";
import { type GradeOptions, gradeLabs } from "../../../checkers/grading/grade.ts";
import { defaultPolicy } from "../../../checkers/grading/policy.ts";
import type { Grade, LabGrade, Policy } from "../../../checkers/grading/schema.ts";
import type { LoadedLab } from "../../../checkers/labs.ts";
import { fakeClock } from "../fake-clock.ts";

/** What a check of the tests comes to. */
export type Fate = "pass" | "fail" | "untouched" | "error" | "hang";

/** A check that comes to this, and says in `asked` that it was looked at. */
export const fated = (id: string, fate: Fate, more: Partial<Check> = {}, asked: string[] = []): Check =>
  check({
    title: `The ${id} is so`,
    points: 1,
    mode: "observe",
    within: "10s",
    evidence: "state",
    why: `WHY-${id}`,
    failures: {
      wrong: { says: `WRONG-${id}`, hints: [`HINT-${id}`] },
      nothing: { says: `NOTHING-${id}`, hints: [`HINT-${id}`], untouched: true },
    },
    observe: async ({ signal }: { signal: AbortSignal }) => {
      asked.push(id);
      if (fate === "error") throw new Error("the API server is away");
      if (fate === "hang")
        return new Promise<never>((_, no) => signal.addEventListener("abort", () => no(new Error("x"))));
      const evidence = { object: `thing/${id}`, expected: "this", actual: fate === "pass" ? "this" : "that" };
      return fate === "pass" ? pass(evidence) : fail(fate === "fail" ? "wrong" : "nothing", evidence);
    },
    ...more,
  } as Parameters<typeof check>[0]);

export const labOf = (
  checks: Record<string, Check>,
  more: Partial<LabDefinition> = {},
  slug = "27-my-lab",
): LoadedLab => {
  const definition = {
    title: "My lab",
    domain: "deploy",
    minutes: 10,
    week: 1,
    summary: "x",
    ...more,
  } as LabDefinition;
  return {
    slug,
    number: slug.slice(0, 2),
    seed: 1,
    dir: "",
    definition,
    facts: () => ({}),
    checks: () => checks,
    experiments: () => ({}),
    quiz: async () => ({ items: [], predictions: [] }),
  };
};

const scene = { signal: new AbortController().signal } as BoundScene;

/** Grades labs without a cluster, on a clock that jumps. */
export const gradeOf = (
  labs: LoadedLab[],
  policy: Partial<Policy> = {},
  more: Partial<GradeOptions> = {},
): Promise<Grade> =>
  gradeLabs(
    labs.map((lab) => ({ lab, namespace: "lab-27", open: async () => ({ lab, namespace: "lab-27", scene }) })),
    { policy: { ...defaultPolicy, ...policy }, clock: fakeClock(), ...more },
  );

export const gradeOne = async (checks: Record<string, Check>, policy: Partial<Policy> = {}): Promise<LabGrade> =>
  (await gradeOf([labOf(checks)], policy)).labs[0] as LabGrade;

/** Numbers that look random and are the same each time: from 0 to below 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
