import type { Check } from "./check.ts";
import { failureOf } from "./failures.ts";
import type { CheckReport, LabReport } from "./report.ts";
import type { Verdict } from "./verdict.ts";

export interface Looked {
  verdict: Verdict;
  /** ISO time of the observation. */
  at: string;
  /** Milliseconds. */
  took: number;
}

/** A check's report, from its last look or before any. Hint texts never go in; the explanation only once it passed. */
export function toReport(id: string, check: Check, looked?: Looked): CheckReport {
  const base = { id, title: check.title, points: check.points, earned: 0, mode: check.mode, hints: 0 };
  if (!looked) return { ...base, state: "todo", evidence: [] };
  const { verdict, at } = looked;
  const seen = { ...base, evidence: verdict.evidence, at, took: Math.round(looked.took * 10) / 10 };
  switch (verdict.state) {
    case "pass":
      return { ...seen, state: "pass", earned: check.points, why: check.why };
    case "waiting":
      return { ...seen, state: "waiting", says: verdict.why };
    case "error":
      return { ...seen, state: "error", says: verdict.why };
    case "fail": {
      const failure = failureOf(check, verdict.code);
      return {
        ...seen,
        state: failure?.untouched ? "todo" : "fail",
        code: verdict.code,
        says: failure?.says ?? `It failed with the code ${verdict.code}.`,
        hints: failure?.hints.length ?? 0,
      };
    }
  }
}

/** A lab's report out of its checks' reports. An error among them makes it incomplete: there is no final score then. */
export function toLabReport(lab: { slug: string; title: string }, namespace: string, checks: CheckReport[]): LabReport {
  const sum = (list: CheckReport[]): number => list.reduce((total, one) => total + one.points, 0);
  return {
    lab: lab.slug,
    title: lab.title,
    namespace,
    points: sum(checks),
    earned: sum(checks.filter((one) => one.state === "pass")),
    complete: checks.every((one) => one.state !== "error"),
    checks,
  };
}
