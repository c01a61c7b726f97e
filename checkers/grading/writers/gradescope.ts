import type { CheckGrade, Grade, LabGrade } from "../schema.ts";
import { outOfAll } from "../sum.ts";
import { inText, stateWord } from "./words.ts";

/** One entry of "tests". */
interface GradescopeTest {
  name: string;
  number: string;
  score?: number;
  max_score: number;
  status?: "passed" | "failed";
  output: string;
  tags: string[];
  visibility: "visible" | "after_published";
}

/**
 * Gradescope's results.json. The score is out of all points, so points that were left out neither help nor harm. An incomplete grade has no
 * score at all, neither for the whole nor for a test: Gradescope then says that grading did not succeed, instead of keeping a number.
 */
export function gradescopeResults(grade: Grade): Record<string, unknown> {
  const final = grade.status !== "incomplete";
  const points = grade.score === null ? null : outOfAll({ score: grade.score, points: grade.points });
  return {
    ...(final && points !== null && { score: points }),
    execution_time: Math.round(grade.timing.took / 1000),
    output: final ? grade.says : `INCOMPLETE. ${grade.labs.flatMap(incompleteLines).join("\n")}`,
    visibility: "visible",
    stdout_visibility: "hidden",
    extra_data: {
      schema: grade.schema,
      status: grade.status,
      points: grade.points,
      counted: grade.counted,
      earned: grade.earned,
    },
    tests: grade.labs.flatMap((lab, index) =>
      lab.checks.map((check, at) => test(lab, check, `${index + 1}.${at + 1}`, final)),
    ),
  };
}

const incompleteLines = ({ lab, status, says }: LabGrade): string[] =>
  status === "incomplete" ? [`${lab}: ${says}`] : [];

function test(lab: LabGrade, check: CheckGrade, number: string, final: boolean): GradescopeTest {
  const judged = check.state !== "blocked" && check.state !== "error";
  return {
    name: `${lab.lab}: ${check.title}`,
    number,
    ...(final && { score: check.earned }),
    max_score: check.counts ? check.points : 0,
    ...(judged && { status: check.state === "pass" ? ("passed" as const) : ("failed" as const) }),
    output: [check.state === "pass" ? "" : stateWord[check.state].word, inText(check)].filter(Boolean).join("\n"),
    tags: [lab.lab, check.id, ...(check.code === undefined ? [] : [check.code])],
    visibility: check.hidden ? "after_published" : "visible",
  };
}
