import type { LabProgress } from "../protocol.ts";
import type { Catalog } from "./catalog.ts";
import type { Store } from "./store.ts";

/** Where the learner stands in each lab. Passes are remembered; quiz counts questions with choices, by their first answer. */
export function progressOf(catalog: Catalog, store: Store): LabProgress[] {
  const visits = new Map(store.visits().map((one) => [one.lab, one.at]));
  return [...catalog.labs.values()].map((lab) => {
    const passed = store.passed(lab.slug).filter((id) => Object.hasOwn(lab.checks, id));
    const choices = lab.served.quiz.items.filter((item) => item.kind === "choice").map((item) => item.id);
    const visitedAt = visits.get(lab.slug);
    const marked = store.marked(lab.slug);
    return {
      lab: lab.slug,
      earned: passed.reduce((sum, id) => sum + (lab.checks[id]?.points ?? 0), 0),
      points: lab.points,
      passed,
      quizRight: store.quiz(lab.slug).filter((one) => one.right && choices.includes(one.item)).length,
      quizTotal: choices.length,
      ...(visitedAt === undefined ? {} : { visitedAt }),
      ...(marked === "solved" || marked === "skipped" ? { marked } : {}),
    };
  });
}

/** The lab visited last, for "continue where you left". */
export const lastVisited = (catalog: Catalog, store: Store): string | undefined =>
  store.visits().find((one) => catalog.labs.has(one.lab))?.lab;
