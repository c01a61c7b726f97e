import { expect, test } from "vitest";
import { loadExam } from "../../checkers/exams/load.ts";

const exam = await loadExam("capstone");

test("the capstone's points are its domains' weights: a class graded by points gets what the exam room says", () => {
  const points: Record<string, number> = {};
  for (const { definition, checks } of exam.stations) {
    for (const check of Object.values(checks("any"))) {
      const domain = check.domain ?? definition.domain;
      points[domain] = (points[domain] ?? 0) + check.points;
    }
  }
  expect(points).toEqual(exam.file.domains);
});
