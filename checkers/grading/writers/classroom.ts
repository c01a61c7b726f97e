import { shortName } from "../../labs.ts";
import type { CheckGrade, Grade } from "../schema.ts";
import { inText, stateWord } from "./words.ts";

type Status = "pass" | "fail" | "error";

const statusOf = ({ state }: CheckGrade): Status => (state === "pass" ? "pass" : state === "error" ? "error" : "fail");

/**
 * What a grader of GitHub Classroom's autograding hands to its reporter (base64-encoded in the variable NAME_RESULTS). The points are those that
 * count. An incomplete grade has the status "error" and no max_score: the reporter then fails the run and reports no points.
 */
export function classroomResults(grade: Grade): Record<string, unknown> {
  const incomplete = grade.status === "incomplete";
  const took = new Map(
    grade.timing.labs.flatMap(({ lab, checks }) => checks.map((one) => [`${lab}/${one.check}`, one.took] as const)),
  );
  const status: Status = incomplete ? "error" : grade.status === "passed" ? "pass" : "fail";
  const tests = grade.labs.flatMap(({ lab, checks }) =>
    checks
      .filter((check) => check.counts)
      .map((check) => ({
        name: `${lab}: ${check.title}`,
        status: statusOf(check),
        score: incomplete ? 0 : check.earned,
        message: check.state === "pass" ? null : inText(check) || stateWord[check.state].word,
        test_code: `./workbook check ${shortName(lab)} ${check.id}`,
        filename: "",
        line_no: 0,
        duration: Math.round(took.get(`${lab}/${check.id}`) ?? 0),
      })),
  );
  const problems = grade.labs.flatMap(({ lab, problem, says }) =>
    problem === undefined
      ? []
      : [
          {
            name: lab,
            status: "error" as const,
            score: 0,
            message: says,
            test_code: "",
            filename: "",
            line_no: 0,
            duration: 0,
          },
        ],
  );
  return { version: 1, status, ...(!incomplete && { max_score: grade.counted }), tests: [...tests, ...problems] };
}
