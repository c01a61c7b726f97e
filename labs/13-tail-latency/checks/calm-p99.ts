import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { mean, quantile } from "./percentiles.ts";
import { provenance, recording } from "./recording.ts";

/** Milliseconds out of "321", "321 ms" or "0.32 s"; undefined for anything else. */
export function readMilliseconds(text: string): { value: number; unit: boolean } | undefined {
  const match = /^(?:p99\s*[=:]?\s*)?(\d+(?:[.,]\d+)?)\s*(ms|milliseconds?|s|seconds?)?\.?$/i.exec(text.trim());
  if (!match?.[1]) return undefined;
  const number = Number(match[1].replace(",", "."));
  return { value: match[2]?.toLowerCase().startsWith("s") ? number * 1_000 : number, unit: match[2] !== undefined };
}

/** Quantile of the model's own time (lognormal), in milliseconds, where z is that of the normal distribution. */
const modelled = ({ mean: average, sigma }: Facts, z: number): number => average * Math.exp(z * sigma - sigma ** 2 / 2);

/**
 * The learner's own measurement against the recording's calm phase (800 requests) and against what the model is made of (lognormal, mean 80 ms,
 * sigma 0.7: p95 198 ms, p99 319 ms), whichever allows more: a busy machine lengthens tails, and hardly ever both of them alike. The p99 of 600
 * draws lies between 255 and 410 ms in 98 of 100 runs; accepted is from 40 % of the way from p95 to p99 up to p99 · 1.45, that is 246 to 463 ms at least.
 */
export const calmP99 = (f: Facts): Check =>
  check({
    title: "The slowest one percent of a calm minute, measured",
    points: 2,
    mode: "disturb",
    alone: "machine",
    within: "3m",
    evidence: "process",
    why: `An average of ${f.mean} ms is made of many fast answers and a few slow ones. Latency has no upper end but a lower one, so its distribution leans: the median lies below the mean, and one request in a hundred takes four times the mean, although nothing is wrong.`,
    failures: {
      "no-answer": {
        says: "You have not handed in your p99 yet.",
        untouched: true,
        hints: [
          `bash load.sh ${f.rate} ${f.calmSeconds} writes one line for each request: how many milliseconds it took.`,
          "Sort the lines as numbers. The 99th percentile is the line that 99 of 100 lines do not exceed.",
          "sort -n calm.txt | awk '{ t[NR] = $1 } END { print t[int(NR * 0.99 + 0.5)] }'",
        ],
      },
      "not-a-number": {
        says: "What you handed in is no length of time.",
        hints: ["A number of milliseconds, such as 123; with a unit if you like."],
      },
      seconds: {
        says: "That would be less than the fastest answer: it looks like seconds, and milliseconds are asked for.",
        hints: ["curl's time_total is in seconds. 0.3 s are 300 ms."],
      },
      mean: {
        says: "That is the mean. It says what all requests took together, divided by their number, and nothing about the slow ones.",
        hints: [
          "Sort the measured times: which of them stands at 99 % of the list?",
          "sort -n calm.txt | awk '{ t[NR] = $1 } END { print t[int(NR * 0.99 + 0.5)] }'",
        ],
      },
      median: {
        says: "That is the median: half of the requests are slower than this.",
        hints: [
          "p50 stands in the middle of the sorted list. p99 stands almost at its end.",
          "Of 600 lines it is line 594: sort -n calm.txt | sed -n 594p",
        ],
      },
      p95: {
        says: "That is about p95: five requests in a hundred are slower, not one.",
        hints: ["Of 600 sorted lines p95 is line 570. Go on to the line that only six come after."],
      },
      other: {
        says: "The service's p99 in a calm minute is another one.",
        hints: [
          `Was it calm? ${f.rate} requests a second, no rush beside it, and at least ${f.calmSeconds} s, or the last percent is made of too few requests.`,
          "Sort as numbers (sort -n): as text 1000 comes before 99.",
        ],
      },
    },
    async observe(scene) {
      const text = await scene.learner.answer("p99");
      if (text === undefined)
        return fail("no-answer", {
          path: "answers/p99.txt",
          expected: "your p99, in milliseconds",
          actual: "nothing yet",
        });
      const read = readMilliseconds(text);
      if (!read)
        return fail("not-a-number", { path: "answers/p99.txt", expected: "milliseconds", actual: text.slice(0, 60) });
      const record = await recording(scene, f);
      const { calm } = record.phases;
      const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantile(calm, q)) as [number, number, number];
      const [model50, model95, model99] = [0, 1.645, 2.326].map((z) => modelled(f, z)) as [number, number, number];
      const low = Math.min(p95 + 0.4 * (p99 - p95), model95 + 0.4 * (model99 - model95));
      const high = Math.max(p99, model99) * 1.45;
      const seen: Evidence = {
        object: `service/${f.service}`,
        path: `p99 of the calm phase (${provenance(record)})`,
        expected: `${Math.round(p99)} ms; between ${Math.round(low)} and ${Math.round(high)} is right, since yours is a measurement too`,
        actual: `${Math.round(read.value * 100) / 100} ms`,
        command: "sort -n calm.txt | awk '{ t[NR] = $1 } END { print t[int(NR * 0.99 + 0.5)] }'",
      };
      const others: Evidence = {
        path: "the same phase",
        expected: `mean ${Math.round(mean(calm))} ms, p50 ${Math.round(p50)} ms, p95 ${Math.round(p95)} ms`,
        actual: `${Math.round(read.value * 100) / 100} ms`,
      };
      const { value } = read;
      if (value >= low && value <= high) return pass(seen);
      if (value < 10 && !read.unit) return fail("seconds", seen);
      // Mean and median are not far apart: what lies between belongs to the nearer.
      const middle = Math.sqrt(model50 * f.mean);
      const meanEnds = Math.min(Math.max(f.mean, mean(calm)) * 1.25, model95 * 0.8);
      if (value >= middle && value < meanEnds) return fail("mean", [seen, others]);
      if (value >= model50 * 0.7 && value < middle) return fail("median", [seen, others]);
      if (value >= meanEnds && value < low) return fail("p95", [seen, others]);
      return fail("other", seen);
    },
  });
