import { describe, expect, it } from "vitest";
import { type Mutant, variantsOf } from "../../../checkers/contract/files.ts";
import { gradeAnswer } from "../../../checkers/contract/grade.ts";
import type { Stand } from "../../../checkers/contract/stand.ts";
import { gradeLabs } from "../../../checkers/grading/grade.ts";
import { withGround } from "../../../checkers/grading/look.ts";
import { defaultPolicy } from "../../../checkers/grading/policy.ts";
import type { LoadedLab } from "../../../checkers/labs.ts";
import { verdicts } from "../verdicts.ts";
import { ground } from "./ground.ts";
import { graded, stands } from "./stands.ts";

const { placed, solution, mutants, caught, places } = stands(await ground());

/** Grades a place three times, as `grade` does, and gives the verdicts of each time. */
async function thrice(stand: Stand, only?: string): Promise<string[][]> {
  const { lab, namespace } = stand;
  const own: LoadedLab = {
    ...lab,
    checks: (ns, seed) => (only ? withGround(lab.checks(ns, seed), [only]) : lab.checks(ns, seed)),
  };
  const times: string[][] = [];
  for (let time = 0; time < 3; time++) {
    const target = { lab: own, namespace, scene: stand.scene(places) };
    const grade = await gradeLabs([{ ...target, open: async () => target }], { policy: defaultPolicy });
    times.push(verdicts(grade));
  }
  return times;
}

describe.each(graded.map((lab) => [lab.number, lab] as const))(
  "three live gradings of lab %s agree",
  (_number, lab) => {
    // One of each check: what differs between gradings is how it measures, not what it is shown.
    const wrong = [...Map.groupBy(mutants(lab, "sample", "disturb"), ({ check }) => check).values()].flatMap(
      ([first]) => first ?? [],
    );
    it("and there is something to measure", () => expect(wrong.length).toBeGreaterThan(1));

    it("on the solution and on a variant", { timeout: 900_000, retry: 0 }, async () => {
      const answers = [
        solution(lab),
        ...variantsOf(lab.dir)
          .slice(0, 1)
          .map((name) => `${lab.dir}/variants/${name}`),
      ];
      const all = await Promise.all(
        answers.map((answer) =>
          placed(lab, answer, async (stand) => {
            await gradeAnswer(stand, places);
            return thrice(stand);
          }),
        ),
      );
      for (const times of all) {
        for (const seen of times) expect(seen.filter((one) => !one.endsWith(" pass"))).toEqual([]);
      }
    });

    it("on a mutant of each check that measures", { timeout: 900_000, retry: 0 }, async () => {
      const all = await Promise.all(
        wrong.map((mutant: Mutant) =>
          placed(
            lab,
            solution(lab),
            async (stand) => {
              await caught(stand, mutant);
              return { mutant, times: await thrice(stand, mutant.check) };
            },
            mutant,
          ),
        ),
      );
      for (const { mutant, times } of all) {
        const [first] = times;
        expect(
          first?.find((one) => one.startsWith(`${mutant.check} `)),
          `${mutant.check}/${mutant.code}`,
        ).toMatch(new RegExp(`^${mutant.check} (fail|untouched)\\(${mutant.code}\\)$`));
        for (const again of times) expect(again, `${mutant.check}/${mutant.code}`).toEqual(first);
      }
    });
  },
);
