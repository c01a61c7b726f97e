import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { readObjective } from "./objective.ts";

export const sloWritten = (f: Facts): Check =>
  check({
    title: `${f.objectives} says what is promised`,
    points: 2,
    mode: "observe",
    within: "10s",
    evidence: "state",
    why: "An objective is a sentence that can be false: of what is counted, how much must be good, over which time. What leaves one of the three out can neither be kept nor broken.",
    failures: {
      "no-file": {
        says: `There is no ${f.objectives} in your working folder.`,
        hints: [`Its shape is in the lesson. "./workbook reset 13" brings the first one back, and saves your folder.`],
      },
      "not-yaml": {
        says: `${f.objectives} cannot be read as YAML.`,
        hints: [
          "The evidence names the line. A query with a colon or braces has to be quoted, or stand below a | on its own lines.",
          "indicator: |\n  histogram_quantile(…) takes any characters.",
        ],
      },
      incomplete: {
        says: "Something is missing without which nobody can say whether the objective was kept.",
        hints: [
          "The evidence names the field.",
          "An indicator needs a bound (below), good events a share (objective), and both a time over which they count (window).",
          "window: 28d is usual: four whole weeks, so that each weekday counts the same.",
        ],
      },
      unreadable: {
        says: "A field holds something that cannot be taken at its word.",
        hints: [
          "The evidence names it.",
          "Write units: below: 300ms, objective: 99%, window: 28d. Field names are the ones of the lesson.",
        ],
      },
      "no-budget": {
        says: "It allows not a single slow request. Nobody can keep that, and what is always broken tells nothing.",
        hints: [
          "How many slow requests would your users hardly notice? That share is the error budget.",
          "Promise something of 99 % of the requests, and leave the last percent out.",
        ],
      },
    },
    async observe({ learner }) {
      const read = readObjective(await learner.file(f.objectives));
      const seen: Evidence = {
        object: f.objectives,
        path: read.ok ? "objective and window" : (read.field ?? "the file"),
        expected: "an indicator with a bound, or good and total with an objective; and a window",
        actual: read.ok ? `${read.objective.written}, over ${read.window}` : read.says,
        command: `cat ${f.objectives}`,
      };
      return read.ok ? pass(seen) : fail(read.problem, seen);
    },
  });
