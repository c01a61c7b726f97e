import type { Check } from "./check.ts";
import { failureOf } from "./failures.ts";
import type { CheckReport, LabReport, PartReport } from "./report.ts";
import type { Blocked, PartOutcome, Verdict } from "./verdict.ts";

export interface Looked {
  verdict: Verdict | Blocked;
  /** ISO time of the observation. */
  at: string;
  /** Milliseconds. */
  took: number;
}

/** How a report is made up. */
export interface ReportOptions {
  /** Tell hidden checks like any other: when grading. */
  reveal?: boolean;
  /** The lab's checks: a blocked one names those it waits for by their titles. */
  checks?: Readonly<Record<string, Check>>;
}

export const hiddenTitle = "A hidden check";

/** Points as people write them: sums of tenths without the last digit's noise. */
export const tidyPoints = (points: number): number => Math.round(points * 1e6) / 1e6;

const sum = (list: readonly { points: number }[]): number =>
  tidyPoints(list.reduce((total, one) => total + one.points, 0));

/**
 * A check's report, from its last look or before any. Hint texts never go in; the explanation only once it passed; of a hidden check
 * nothing but its points, unless it is revealed.
 */
export function toReport(id: string, check: Check, looked?: Looked, options: ReportOptions = {}): CheckReport {
  const base = { id, title: check.title, points: check.points, earned: 0, mode: check.mode, hints: 0 };
  if (check.hidden && !options.reveal) {
    return { ...base, title: hiddenTitle, mode: "observe", state: "todo", hidden: true, evidence: [] };
  }
  if (!looked) return { ...base, state: "todo", evidence: [] };
  const { verdict, at } = looked;
  if (verdict.state === "blocked") {
    return { ...base, state: "blocked", needs: verdict.needs, says: comesAfter(verdict.needs, options), evidence: [] };
  }
  const seen = { ...base, evidence: verdict.evidence, at, took: Math.round(looked.took * 10) / 10 };
  switch (verdict.state) {
    case "pass":
      return { ...seen, state: "pass", earned: check.points, ...partsOf(check, verdict.parts), why: check.why };
    case "waiting":
      return { ...seen, state: "waiting", says: verdict.why };
    case "error":
      return { ...seen, state: "error", says: verdict.why };
    case "fail": {
      const failure = failureOf(check, verdict.code);
      const parts = partsOf(check, verdict.parts);
      const earned = sum((parts.parts ?? []).filter((part) => part.state === "pass"));
      const codes = parts.parts?.flatMap(({ code }) => code ?? []) ?? [verdict.code];
      const untouched = earned === 0 && codes.every((code) => failureOf(check, code)?.untouched);
      return {
        ...seen,
        earned,
        state: untouched ? "todo" : "fail",
        ...parts,
        code: verdict.code,
        says: failure?.says ?? `It failed with the code ${verdict.code}.`,
        hints: failure?.hints.length ?? 0,
      };
    }
  }
}

const comesAfter = (needs: readonly string[], { checks = {}, reveal }: ReportOptions): string => {
  const titles = needs.map((id) => {
    const check = Object.hasOwn(checks, id) ? checks[id] : undefined;
    return check?.hidden && !reveal ? hiddenTitle : (check?.title ?? id);
  });
  return `It comes after: ${titles.join("; ")}`;
};

/** Each declared part with what became of it; nothing where the check has no parts, or was not decided by them. */
function partsOf(check: Check, outcomes: Readonly<Record<string, PartOutcome>> | undefined): { parts?: PartReport[] } {
  if (!check.parts || !outcomes) return {};
  const parts = Object.entries(check.parts).map(([id, { title, points }]): PartReport => {
    const outcome = outcomes[id];
    if (outcome?.state === "pass") return { id, title, points, state: "pass" };
    const failure = failureOf(check, outcome?.code);
    return {
      id,
      title,
      points,
      state: "fail",
      ...(outcome && { code: outcome.code }),
      ...(failure && { says: failure.says, hints: failure.hints.length }),
    };
  });
  return { parts };
}

/** A lab's report out of its checks' reports. An error among them makes it incomplete: there is no final score then. */
export function toLabReport(lab: { slug: string; title: string }, namespace: string, checks: CheckReport[]): LabReport {
  return {
    lab: lab.slug,
    title: lab.title,
    namespace,
    points: sum(checks),
    earned: tidyPoints(checks.reduce((total, one) => total + one.earned, 0)),
    complete: checks.every((one) => one.state !== "error"),
    checks,
  };
}
