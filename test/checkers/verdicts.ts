import { withoutTiming } from "../../checkers/grading/grade.ts";
import type { Grade } from "../../checkers/grading/schema.ts";

/** Everything a grade says apart from when it was given, as text. */
export const said = (grade: Grade): string => JSON.stringify(withoutTiming(grade), null, 2);

/** The verdicts alone: "replicas pass", "service fail(wrong-port)". */
export const verdicts = (grade: Grade): string[] =>
  grade.labs.flatMap((lab) => lab.checks.map(({ id, state, code }) => `${id} ${state}${code ? `(${code})` : ""}`));
