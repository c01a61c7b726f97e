/** Which checks a class failed, how often and with which code. Pure. */
import type { LabGrade } from "../grading/schema.ts";

export interface CheckItem {
  lab: string;
  check: string;
  title: string;
  points: number;
  /** Graded submissions in which it was looked at. */
  n: number;
  passed: number;
  /** Times per code, most frequent first. */
  codes: { code: string; times: number }[];
  blocked: number;
  errors: number;
  /** Mean share of its points: 1 is easy, 0 is hard. */
  difficulty: number | null;
  /**
   * Correlation (Pearson) of its share with the share of all other points of the lab, from 10 submissions on: near 0 or below, it says something
   * else than the rest. null: too few, or nothing varies.
   */
  discrimination: number | null;
}

const enough = 10;
const round = (value: number): number => Math.round(value * 1_000) / 1_000;

/** One line per check of each lab, in the lab's order. */
export function analyse(grades: readonly LabGrade[]): CheckItem[] {
  return [...Map.groupBy(grades, ({ lab }) => lab)]
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([lab, own]) => {
      const ids = [...new Set(own.flatMap(({ checks }) => checks.map(({ id }) => id)))];
      return ids.map((id) => itemOf(lab, id, own));
    });
}

function itemOf(lab: string, id: string, grades: readonly LabGrade[]): CheckItem {
  const pairs = grades.flatMap((grade) => {
    const check = grade.checks.find((one) => one.id === id);
    return check ? [{ check, grade }] : [];
  });
  const { title, points } = (pairs[0] as (typeof pairs)[number]).check;
  const looked = pairs.filter(({ check }) => check.state !== "blocked" && check.state !== "error");
  const codes = new Map<string, number>();
  for (const { check } of looked) {
    if (check.state !== "pass") codes.set(check.code ?? check.state, (codes.get(check.code ?? check.state) ?? 0) + 1);
  }
  const shares = looked.map(({ check }) =>
    check.points > 0 ? check.earned / check.points : Number(check.state === "pass"),
  );
  const rest = looked.map(({ check, grade }) => {
    const others = grade.checks.filter(
      (one) => one.id !== check.id && one.state !== "blocked" && one.state !== "error",
    );
    const worth = others.reduce((sum, one) => sum + one.points, 0);
    return worth > 0 ? others.reduce((sum, one) => sum + one.earned, 0) / worth : 0;
  });
  return {
    lab,
    check: id,
    title,
    points,
    n: looked.length,
    passed: looked.filter(({ check }) => check.state === "pass").length,
    codes: [...codes]
      .map(([code, times]) => ({ code, times }))
      .sort((a, b) => b.times - a.times || a.code.localeCompare(b.code)),
    blocked: pairs.filter(({ check }) => check.state === "blocked").length,
    errors: pairs.filter(({ check }) => check.state === "error").length,
    difficulty: shares.length > 0 ? round(mean(shares)) : null,
    discrimination: looked.length >= enough ? correlation(shares, rest) : null,
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

function correlation(xs: readonly number[], ys: readonly number[]): number | null {
  const [mx, my] = [mean(xs), mean(ys)];
  let [xy, xx, yy] = [0, 0, 0];
  for (const [index, x] of xs.entries()) {
    const [dx, dy] = [x - mx, (ys[index] as number) - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? null : round(xy / Math.sqrt(xx * yy));
}

export const itemColumns = [
  "lab",
  "check",
  "title",
  "points",
  "n",
  "passed",
  "difficulty",
  "discrimination",
  "codes",
  "blocked",
  "errors",
] as const;
export const itemCells = (item: CheckItem): (string | number)[] => [
  item.lab,
  item.check,
  item.title,
  item.points,
  item.n,
  item.passed,
  item.difficulty ?? "",
  item.discrimination ?? "",
  item.codes.map(({ code, times }) => `${code} ${times}`).join("; "),
  item.blocked,
  item.errors,
];
