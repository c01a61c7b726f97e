import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, vi } from "vitest";
import { observing, type RecordedState, sceneOf } from "../../../checkers/contract/record.ts";
import type { Clock } from "../../../checkers/core/poll.ts";
import { gradeLabs } from "../../../checkers/grading/grade.ts";
import { defaultPolicy } from "../../../checkers/grading/policy.ts";
import type { Grade } from "../../../checkers/grading/schema.ts";
import { type LoadedLab, labFolders, loadLabAt, withNodePort } from "../../../checkers/labs.ts";
import { said, verdicts } from "../verdicts.ts";

const dir = process.env.WORKBOOK_TEST_STATES ?? "";
if (!existsSync(dir))
  throw new Error("These tests grade what the contract recorded: run ./workbook test contract, which does both.");

export const labs = new Map<string, LoadedLab>(
  await Promise.all(
    labFolders().map(async (folder) => [folder.slug, await loadLabAt(folder.dir, folder.slug)] as const),
  ),
);

/** Every state that the contract came to and could record: of right answers and of mutants. */
export const states = readdirSync(dir)
  .sort()
  .map((file) => JSON.parse(readFileSync(join(dir, file), "utf8")) as RecordedState)
  .map((state) => ({ title: `${state.lab.slice(0, 2)} ${state.name}`, state }));

/** A recorded state is of its moment: what is patient with a slow start asks how long ago that was. */
export const atItsMoment = ({ snapshot }: RecordedState): void => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date(snapshot.recordedAt) });
};
afterEach(() => {
  vi.useRealTimers();
});

/** Time that passes only when somebody waits, and at once. */
const jumping = (): Clock => {
  let now = 0;
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        setImmediate(() => {
          if (!signal?.aborted) now += ms;
          resolve();
        });
      }),
  };
};

/** Grades a recorded state by the checks it was recorded for: of a mutant its own alone, since what others say of it may still have been on its way. */
export function gradeRecorded(state: RecordedState): Promise<Grade> {
  const known = labs.get(state.lab) as LoadedLab;
  const lab = state.nodePort === undefined ? known : withNodePort(known, state.nodePort);
  const asked = state.fails ? [state.fails.check] : state.checks;
  const own: LoadedLab = {
    ...lab,
    checks: (namespace, seed) =>
      Object.fromEntries(
        Object.entries(observing(lab.checks(namespace, seed)))
          .filter(([id]) => asked.includes(id))
          .map(([id, check]) => [id, { ...check, needs: [] }]),
      ),
  };
  const { namespace } = state;
  const target = { lab: own, namespace, scene: sceneOf(state, lab.facts(namespace)) };
  return gradeLabs([{ ...target, open: async () => target }], { policy: defaultPolicy, clock: jumping() });
}

/** Whether a grade shows what its state is about: the failure, or none. */
export function shown({ fails }: RecordedState, grade: Grade): boolean {
  const seen = verdicts(grade);
  return fails
    ? seen.some((one) => new RegExp(`^${fails.check} (fail|untouched)\\(`).test(one)) &&
        said(grade).includes(`"${fails.code}"`)
    : seen.length > 0 && seen.every((one) => one.endsWith(" pass"));
}
