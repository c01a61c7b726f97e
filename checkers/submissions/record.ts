import type { Store } from "../../site/server/store.ts";
import type { LoadedLab } from "../labs.ts";
import type { LearnerRecord } from "./schema.ts";

/** What the learner's machine tells of a lab, out of its store: the verdicts with their chain, hints, answers, predictions, its own score. */
export function recordOf(store: Store, lab: LoadedLab, namespace: string): LearnerRecord {
  const { rows } = store.record(lab.slug);
  const checks = lab.checks(namespace);
  const passed = store.passed(lab.slug).filter((id) => checks[id] !== undefined);
  const sum = (ids: readonly string[]): number => ids.reduce((total, id) => total + (checks[id]?.points ?? 0), 0);
  return {
    verdicts: rows,
    hints: store.hints(lab.slug),
    quiz: store.quiz(lab.slug),
    predictions: store.predictions(lab.slug),
    measurements: store.measurements(lab.slug),
    score: { earned: sum(passed), points: sum(Object.keys(checks)), passed },
  };
}
