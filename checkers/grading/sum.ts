import { tidyPoints } from "../core/reports.ts";
import type { CheckGrade, Grade, GradeStatus, LabGrade, LabTiming, Policy, Timing } from "./schema.ts";

const total = <T>(list: readonly T[], of: (one: T) => number): number =>
  tidyPoints(list.reduce((sum, one) => sum + of(one), 0));
const share = (earned: number, counted: number): number | null =>
  counted > 0 ? Math.round((earned / counted) * 10_000) / 10_000 : null;
const spoken = (points: number): string => `${points} ${points === 1 ? "point" : "points"}`;

/**
 * The checks at the root of a blocked one: those it needs, directly or through other blocked ones, that were looked at and did not pass.
 * One mistake is told once, at its root.
 */
function rootsOf(check: CheckGrade, all: readonly CheckGrade[], seen = new Set<string>()): CheckGrade[] {
  return (check.needs ?? []).flatMap((id) => {
    if (seen.has(id)) return [];
    seen.add(id);
    const need = all.find((one) => one.id === id);
    if (!need || need.state === "pass") return [];
    return need.state === "blocked" ? rootsOf(need, all, seen) : [need];
  });
}

/**
 * What counts. A blocked check is no second penalty for a mistake made elsewhere: its points are left out where all at its root was tried
 * (or could not be looked at), and count as not earned where some of the ground was never begun. A policy may call them lost.
 */
function counting(check: CheckGrade, all: readonly CheckGrade[], policy: Policy): CheckGrade {
  const judged = check.state === "blocked" ? { ...check, because: rootsOf(check, all).map(({ id }) => id) } : check;
  if (policy.process === "left-out" && check.basis === "process") {
    return { ...judged, earned: 0, counts: false, leftOut: "process" };
  }
  if (check.state !== "blocked" || policy.blocked === "lost") return judged;
  const roots = rootsOf(check, all);
  // A need that is no check, or a circle, has no root: a mistake in the lab, which costs the learner nothing.
  return roots.some(({ state }) => state === "untouched") ? judged : { ...judged, counts: false, leftOut: "blocked" };
}

/** Sums one lab up: what its checks are worth, what counts, and whether there is a final score. */
export function sumUpLab(
  about: Pick<LabGrade, "lab" | "title" | "domain" | "namespace" | "begun" | "solvedByWorkbook" | "problem">,
  graded: readonly CheckGrade[],
  policy: Policy,
): LabGrade {
  const checks = graded.map((check) => counting(check, graded, policy));
  const mattering = checks.filter((check) => check.counts);
  const unseen = mattering.filter(({ state }) => state === "error");
  const status: GradeStatus =
    about.problem !== undefined || unseen.length > 0
      ? "incomplete"
      : checks.length > 0 && checks.every(({ state }) => state === "pass")
        ? "passed"
        : "not-passed";
  const figures = {
    points: total(checks, (one) => one.points),
    counted: total(mattering, (one) => one.points),
    earned: total(mattering, (one) => one.earned),
  };
  const { lab, title, domain, namespace, begun, solvedByWorkbook, problem } = about;
  return {
    lab,
    title,
    domain,
    namespace,
    status,
    begun,
    ...(solvedByWorkbook && { solvedByWorkbook }),
    ...figures,
    score: status === "incomplete" ? null : share(figures.earned, figures.counted),
    says: sentence(figures, checks, unseen, about),
    ...(problem !== undefined && { problem }),
    checks,
  };
}

interface Figures {
  points: number;
  counted: number;
  earned: number;
}

function sentence(
  { points, counted, earned }: Figures,
  checks: readonly CheckGrade[],
  unseen: readonly CheckGrade[],
  { begun, problem }: { begun: boolean; problem?: string | undefined },
): string {
  if (problem !== undefined) return `Incomplete, no final score: ${problem}.`.replace(/\.\.$/, ".");
  if (!begun) return `Not begun: 0 of ${spoken(points)}.`;
  const blocked = checks.filter(({ leftOut }) => leftOut === "blocked");
  const process = checks.filter(({ leftOut }) => leftOut === "process");
  const roots = [...new Set(blocked.flatMap(({ because = [] }) => because))];
  const said = [counted === points ? `${earned} of ${spoken(points)}` : `${earned} of ${spoken(counted)} counted`];
  if (blocked.length > 0) {
    const why = roots.length > 0 ? `${roots.join(" and ")} did not pass` : "what they need is no check of the lab";
    said.push(`${spoken(total(blocked, (one) => one.points))} could not be judged because ${why}`);
  }
  if (process.length > 0) {
    said.push(
      `${spoken(total(process, (one) => one.points))} rest on what the learner's machine attests, and are left out`,
    );
  }
  const text = `${said.join("; ")}.`;
  if (unseen.length === 0) return text;
  return `Incomplete, no final score: ${unseen.map(({ id }) => id).join(" and ")} could not be looked at. So far ${text} Nothing is lost: grade again when that is mended.`;
}

/** Labs' grades as one: by points, or by the policy's weights of domains. Incomplete as soon as one of them is. */
export function sumUp(
  labs: readonly { grade: LabGrade; timing: LabTiming }[],
  policy: Policy,
  when: Omit<Timing, "labs">,
): Grade {
  const grades = labs.map(({ grade }) => grade);
  const status: GradeStatus = grades.some((one) => one.status === "incomplete")
    ? "incomplete"
    : grades.every((one) => one.status === "passed")
      ? "passed"
      : "not-passed";
  const figures = (list: readonly LabGrade[]): Figures => ({
    points: total(list, (one) => one.points),
    counted: total(list, (one) => one.counted),
    earned: total(list, (one) => one.earned),
  });
  const domains = [...Map.groupBy(grades, ({ domain }) => domain)].map(([domain, list]) => {
    const own = figures(list);
    const final = list.every((one) => one.status !== "incomplete");
    const weight = policy.weights[domain] ?? 1;
    return { domain, weight, ...own, score: final ? share(own.earned, own.counted) : null };
  });
  const all = figures(grades);
  const weighted = Object.keys(policy.weights).length > 0;
  const score = status === "incomplete" ? null : weighted ? byDomain(domains) : share(all.earned, all.counted);
  const incomplete = grades.filter((one) => one.status === "incomplete").map(({ lab }) => lab);
  const passed = grades.filter((one) => one.status === "passed").length;
  return {
    schema: "workbook/grade/1",
    status,
    ...all,
    score,
    says:
      status === "incomplete"
        ? `Incomplete, no final score: ${incomplete.join(" and ")} could not be graded whole.`
        : `${all.earned} of ${spoken(all.counted)}${all.counted === all.points ? "" : ` counted (${spoken(all.points)} in all)`}; ${passed} of ${grades.length} ${grades.length === 1 ? "lab" : "labs"} passed.`,
    policy,
    domains,
    labs: grades,
    timing: { ...when, labs: labs.map(({ timing }) => timing) },
  };
}

/** The mean of the domains' scores by weight; domains where nothing counts say nothing. */
function byDomain(domains: readonly { weight: number; score: number | null }[]): number | null {
  const counted = domains.filter((one): one is { weight: number; score: number } => one.score !== null);
  const weights = counted.reduce((sum, one) => sum + one.weight, 0);
  if (weights === 0) return null;
  const mean = counted.reduce((sum, one) => sum + one.weight * one.score, 0) / weights;
  return Math.round(mean * 10_000) / 10_000;
}

/** A lab's result out of all its points, for systems that know only those: what was left out neither helps nor harms. null: incomplete. */
export const outOfAll = ({ score, points }: Pick<LabGrade, "score" | "points">): number | null =>
  score === null ? null : Math.round(score * points * 100) / 100;
