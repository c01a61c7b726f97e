import { check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { type Buckets, bucketOf } from "../../../checkers/probes/promql.ts";
import type { Facts } from "../facts.ts";
import { answered, number } from "./objects.ts";

/** Seconds of traffic the figure is compared with: read off just now, or over a while. And requests it takes at least. */
const over = 600;
const justNow = 120;
const least = 300;
/** Share of the counts by which the rank may miss a bucket's edge: over the time it took to read it off, the figure wandered. */
const slack = 0.02;

/**
 * A duration somebody wrote down, in seconds; undefined where it is none. Without a unit: milliseconds, as the label asks for. A comma is a decimal one,
 * but before three digits of milliseconds it parts the thousands.
 */
export function duration(text: string): { seconds: number; bare: boolean } | undefined {
  const [, figure, unit] =
    /(?:^|[\s=:~(])(\d+(?:[.,]\d+)?)\s*(ms|milliseconds?|s|seconds?)?[.)]*$/i.exec(text.trim()) ?? [];
  if (figure === undefined) return undefined;
  const thousands = /^\d{1,3},\d{3}$/.test(figure) && !/^s/i.test(unit ?? "");
  const value = Number(figure.replace(",", thousands ? "" : "."));
  if (unit === undefined) return { seconds: value / 1000, bare: true };
  return { seconds: /^m/i.test(unit) ? value / 1000 : value, bare: false };
}

const within = (seconds: number, q: number, buckets: Buckets): boolean =>
  [q - slack, q, Math.min(0.999, q + slack)].some((rank) => {
    const bucket = bucketOf(rank, buckets);
    return bucket !== undefined && seconds >= bucket.low * 0.98 && seconds <= bucket.high * 1.02;
  });

export const baseline = (lab: Facts) => {
  const selector = `{namespace="${lab.namespace}", route="${lab.path}"}`;
  const key = "baseline-p95";
  return check({
    title: "The baseline p95 is in the project log",
    points: 2,
    mode: "observe",
    within: "60s",
    evidence: "state",
    why: "A figure written down while all was well is what every later one is compared with: the canary's, the one after the next release, the one under load in lab 13. Without it, 350 ms is neither good nor bad.",
    failures: {
      "not-recorded": {
        untouched: true,
        says: "The project log has no baseline: when it gets slower some day, nobody will know than what.",
        hints: [
          "Read p95 off your dashboard, as it is on a quiet day like this one, and hand it in under this task.",
          `In the terminal: ./workbook answer, or write it into answers/${key}.txt.`,
        ],
      },
      "not-a-duration": {
        says: "What is in the log is not a duration.",
        hints: ["A number of milliseconds, such as 420; or with its unit, 420 ms or 0.42 s."],
      },
      "in-seconds": {
        says: "That many milliseconds would be a thousandth of what was measured: it is a number of seconds, without its unit. The next reader can't know.",
        hints: ["Prometheus' durations are in seconds. Write the unit, or multiply by 1000."],
      },
      "another-figure": {
        says: "The figure in the log is real and it isn't p95: it is the mean, the median or p99 of the same traffic.",
        hints: [
          "The evidence says which it is. Which query did you read it from?",
          "p95 is histogram_quantile with 0.95. The mean is what _sum divided by _count gives.",
        ],
      },
      differs: {
        says: "The figure in the log is not the p95 of this service.",
        hints: [
          "Read it off again, over the last minutes. Did anything slow the service down when you read it?",
          `histogram_quantile(0.95, sum by (le) (rate(${lab.histogram}_bucket{…}[5m])))`,
        ],
      },
      "nothing-measured": {
        says: "There is a figure in the log, and nothing to compare it with: Prometheus has hardly seen a request of this service.",
        hints: [
          "The first task's check says whether the pods are scraped.",
          `kubectl logs deployment/${lab.visitors} --tail=5 says whether requests come.`,
        ],
      },
    },
    async observe({ learner, probes, cluster }) {
      const log = { object: `answers/${key}.txt`, path: "baseline p95" };
      const text = await learner.answer(key);
      if (text === undefined)
        return fail("not-recorded", { ...log, expected: "p95 in milliseconds", actual: "nothing" });
      const given = duration(text);
      if (!given || !(given.seconds > 0))
        return fail("not-a-duration", { ...log, expected: "a duration, such as 420 ms", actual: text.slice(0, 80) });

      const bucketsOf = async (seconds: number): Promise<Buckets> => {
        const growth = `increase(${lab.histogram}_bucket${selector}[${seconds}s])`;
        const series = answered(await probes.prometheus().query(`sum by (le) (${growth})`));
        return new Map(
          series.map(({ labels, points }) => [
            labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le),
            points.at(-1)?.[1] ?? 0,
          ]),
        );
      };
      const [buckets, latest] = await Promise.all([bucketsOf(over), bucketsOf(justNow)]);
      const total = buckets.get(Number.POSITIVE_INFINITY) ?? 0;
      const p95 = bucketOf(0.95, buckets);
      if (!p95 || !(total >= least)) {
        const scraped = answered(await probes.prometheus().query(`up{namespace="${lab.namespace}"} == 1`));
        const visitors = await cluster.list(kinds.Pod, { labels: { app: lab.visitors } });
        if (scraped.length > 0 && visitors.length > 0)
          return waiting(
            `Prometheus has counted ${Math.round(total || 0)} requests; it takes ${least} to compare with`,
          );
        return fail("nothing-measured", {
          object: "Prometheus",
          path: `${lab.histogram}_count${selector}`,
          expected: `${least} requests or more in the last ${over / 60} minutes`,
          actual: String(Math.round(total || 0)),
          command: `bash ask.sh '${lab.histogram}_count${selector}'`,
        });
      }
      const evidence = {
        ...log,
        // Not which one: then it would be copied from here.
        expected: `in the bucket of the p95 of the last ${Math.round(total)} requests (ranks within ${slack * 100} % count)`,
        actual: text,
        command: `bash ask.sh 'histogram_quantile(0.95, sum by (le) (rate(${lab.histogram}_bucket${selector}[5m])))'`,
      };
      const isP95 = (seconds: number): boolean => within(seconds, 0.95, buckets) || within(seconds, 0.95, latest);
      if (isP95(given.seconds)) {
        const measured = `${number(p95.low * 1000)} to ${number(p95.high * 1000)} ms`;
        return pass({ ...evidence, expected: `${evidence.expected}: ${measured}` });
      }
      if (given.bare && isP95(given.seconds * 1000)) return fail("in-seconds", evidence);
      const mean = answered(
        await probes
          .prometheus()
          .query(
            `sum(increase(${lab.histogram}_sum${selector}[${over}s])) / sum(increase(${lab.histogram}_count${selector}[${over}s]))`,
          ),
      )[0]?.points.at(-1)?.[1];
      const others: string[] = [];
      if (mean !== undefined && Math.abs(given.seconds / mean - 1) < 0.12) others.push("the mean");
      for (const [q, name] of [
        [0.5, "p50"],
        [0.99, "p99"],
      ] as const)
        if (within(given.seconds, q, buckets)) others.push(name);
      if (others.length > 0) return fail("another-figure", { ...evidence, actual: `${text}: ${others.join(", or ")}` });
      return fail("differs", evidence);
    },
  });
};
