/** An objective, held against the three phases of a recording. */

import { LookError } from "../../../checkers/core/errors.ts";
import type { PrometheusProbe, PrometheusSeries } from "../../../checkers/core/metrics.ts";
import type { Facts } from "../facts.ts";
import { askedOf } from "./asked-of.ts";
import type { Objective } from "./objective.ts";
import { mean, quantile } from "./percentiles.ts";
import { type Phase, type PhaseName, phases, type Recording } from "./recording.ts";

/** What an objective says of one phase. */
export interface Finding {
  kept: boolean;
  /** "p99 = 312 ms", "99.8 % good". */
  says: string;
  /** The indicator in milliseconds, where it is one. */
  value?: number;
}
export type Findings = Readonly<Record<PhaseName, Finding>>;

export type Trouble = "bad-query" | "no-series" | "not-a-number";
export type JudgedObjective =
  | { ok: true; findings: Findings }
  | { ok: false; problem: Trouble; says: string; query: string };

export const isQueried = (objective: Objective): boolean =>
  objective.form === "ratio" || objective.indicator.kind === "query";

const milliseconds = (value: number): string => (Number.isFinite(value) ? `${Math.round(value)} ms` : "no answer");

/** Rejects with LookError where Prometheus, which is the workbook's own, gives no answer. */
export async function judgeObjective(
  objective: Objective,
  record: Recording,
  prometheus: PrometheusProbe,
  f: Facts,
  ownNamespace: string,
): Promise<JudgedObjective> {
  if (objective.form === "indicator" && objective.indicator.kind !== "query") {
    const { indicator, below, written } = objective;
    return {
      ok: true,
      findings: each((name) => {
        const phase = record.phases[name];
        const value = indicator.kind === "mean" ? mean(phase) : quantile(phase, indicator.q);
        return { kept: value < below, value, says: `${written.split(" below")[0]} = ${milliseconds(value)}` };
      }),
    };
  }
  if ("missing" in record.prometheus)
    throw new LookError(
      `The service was measured, but the workbook's Prometheus has nothing of it: ${record.prometheus.missing}.`,
      "Wait a moment and check again; `./workbook doctor` looks at the add-ons.",
    );
  const { from, to } = record.prometheus;
  const names = await prometheus.labelValues("__name__", `{namespace="${record.namespace}"}`);
  if (!names.ok)
    throw new LookError(`The workbook's Prometheus gives no answer: ${names.says}`, "Check again in a moment.");
  const ask = async (promql: string, phase: Phase): Promise<PrometheusSeries[] | JudgedObjective> => {
    const query = askedOf(promql, {
      metrics: new Set(names.value),
      own: { namespace: ownNamespace, app: f.app },
      namespace: record.namespace,
      pods: phase.pods,
      window: Math.ceil(to - from) + 1,
    });
    const answer = await prometheus.query(query, to);
    if (!answer.ok) {
      if (answer.problem === "bad-query") return { ok: false, problem: "bad-query", says: answer.says, query: promql };
      throw new LookError(`The workbook's Prometheus gives no answer: ${answer.says}`, "Check again in a moment.");
    }
    if (answer.value.length === 0) return { ok: false, problem: "no-series", says: "no series", query: promql };
    return answer.value;
  };
  const findings: Partial<Record<PhaseName, Finding>> = {};
  for (const name of phases) {
    const found = await (objective.form === "ratio"
      ? shareGood(objective, (query) => ask(query, record.phases[name]))
      : indicated(objective, (query) => ask(query, record.phases[name])));
    if ("ok" in found) return found;
    findings[name] = found;
  }
  return { ok: true, findings: findings as Findings };
}

type Ask = (query: string) => Promise<PrometheusSeries[] | JudgedObjective>;

const last = ({ points }: PrometheusSeries): number => points.at(-1)?.[1] ?? Number.NaN;

async function indicated(
  { indicator, below }: Objective & { form: "indicator" },
  ask: Ask,
): Promise<Finding | JudgedObjective> {
  const promql = indicator.kind === "query" ? indicator.promql : "";
  const series = await ask(promql);
  if ("ok" in series) return series;
  const values = series.map(last);
  if (values.some(Number.isNaN)) return { ok: false, problem: "not-a-number", says: "NaN", query: promql };
  // One series per pod, say: the objective is kept where each keeps it.
  const value = Math.max(...values);
  // A bound of ten and more cannot be seconds of these requests: then the query is in milliseconds.
  const inMilliseconds = below >= 10 ? value : value * 1_000;
  return { kept: value < below, value: inMilliseconds, says: `${milliseconds(inMilliseconds)}` };
}

async function shareGood(
  { good, total, share }: Objective & { form: "ratio" },
  ask: Ask,
): Promise<Finding | JudgedObjective> {
  const sums: number[] = [];
  for (const query of [good, total]) {
    const series = await ask(query);
    if ("ok" in series) return series;
    const sum = series.reduce((whole, one) => whole + last(one), 0);
    if (Number.isNaN(sum)) return { ok: false, problem: "not-a-number", says: "NaN", query };
    sums.push(sum);
  }
  const [goods = 0, all = 0] = sums;
  if (!(all > 0)) return { ok: false, problem: "not-a-number", says: `${goods} good of ${all}`, query: total };
  return { kept: goods / all >= share, says: `${((100 * goods) / all).toFixed(1)} % good` };
}

/**
 * Whether a share of good requests can be one of fast ones: only a bucket's bound makes it that. Chooses between two ways to fail, so it may go by the
 * query's text. An indicator is judged by its values.
 */
export const looksAtTime = (objective: Objective): boolean =>
  objective.form !== "ratio" || /\ble\s*=/.test(objective.good);

const each = (find: (name: PhaseName) => Finding): Findings =>
  Object.fromEntries(phases.map((name) => [name, find(name)])) as Record<PhaseName, Finding>;

const near = (value: number, other: number, tolerance: number): boolean => Math.abs(value / other - 1) <= tolerance;

/**
 * What an indicator's values look like in all phases. The service's own histogram knows nothing of the way to it and estimates within a bucket, hence
 * the wide tolerance; mean and median are told apart by the rush, where one is more than twice the other. There the way to it is what a herd waits for, too:
 * the service's own mean was seen a third below the users', and is one as long as it is clear of the median.
 */
export function looksLike(
  findings: Findings,
  record: Recording,
): "mean" | "median" | "tail" | "something else" | undefined {
  const values = phases.map((name) => findings[name].value);
  if (values.some((value) => value === undefined)) return undefined;
  const all = phases.map((name, index) => ({ phase: record.phases[name], value: values[index] as number }));
  const isMean = (phase: Phase, value: number): boolean =>
    phase === record.phases.rush
      ? value >= quantile(phase, 0.5) * 1.3 && value <= mean(phase) * 1.25
      : near(value, mean(phase), 0.25);
  if (all.every(({ phase, value }) => isMean(phase, value))) return "mean";
  if (all.every(({ phase, value }) => near(value, quantile(phase, 0.5), 0.25))) return "median";
  const tail = all.every(
    ({ phase, value }) => value >= quantile(phase, 0.85) * 0.8 && value <= quantile(phase, 1) * 1.6,
  );
  return tail ? "tail" : "something else";
}
