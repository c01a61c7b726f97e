import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { shownShare } from "./canary-share.ts";

/** A whole number out of what somebody typed: "18", "18 of 200", "18/200". */
const count = (text: string): number => Number(/^\s*(\d+)\b(?!\s*[.,]\d)/.exec(text)?.[1] ?? Number.NaN);

/**
 * What a learner who counted 200 answers through the gateway may have found. Hits follow B(200, 0.1): mean 20, standard deviation 4.2; outside of 8
 * to 34 lies one true count in 1,000 (P(k ≤ 7) = 4e-4, P(k ≥ 35) = 7e-4). Nobody else can know that count, so this only asks whether it can have been one.
 * Wrong: 0 or 200, which a port-forward gives, since it asks one pod only; the older version's count; a share instead of a count.
 */
export const ownCount = (f: Facts): Check => {
  const [least, most] = [8, 34];
  return check({
    title: `Your own count: how many of ${f.own} requests the newer version answered`,
    points: 1,
    mode: "observe",
    within: "10s",
    evidence: "state",
    why: `With ${f.own} requests a true ten percent shows up as anything from ${least} to ${most}, which is 4 to 17 %. So one such count cannot be relied on to tell ten percent from five, nor from fifteen: for that the check sends ${f.sample.toLocaleString("en")}.`,
    failures: {
      "none-entered": {
        untouched: true,
        says: "No count has been entered yet.",
        hints: [
          `Send ${f.own} requests through the gateway, print the version of each answer (the header X-Version), and count them: sort | uniq -c.`,
          `The command stands in the text above this task. Enter the number beside the newer version.`,
        ],
      },
      "no-number": {
        says: "That is no count: a whole number of requests is asked for.",
        hints: [`How many of the ${f.own} lines name the newer version? Enter that number alone, such as 20.`],
      },
      pinned: {
        says: "None or all: that is what one sees of a canary through a single pod, and no share at all.",
        hints: [
          "How did the requests get in? If through kubectl port-forward, which pods can they have reached?",
          "port-forward picks one pod when it starts and stays with it, also when you name a Service. The prediction above measures it.",
          `Ask the way users come, from inside: kubectl exec ${f.client} -- curl … http://${f.gatewayAddress}/predict, with the header Host.`,
        ],
      },
      turned: {
        says: "That is rather the count of the older version.",
        hints: ["Which of the two lines belongs to the canary? The versions stand beside the counts."],
      },
      outside: {
        says: `With a share of ten percent such a count comes up less than once in a thousand tries.`,
        hints: [
          `Was it ${f.own} requests? And did the check of the share pass at that time?`,
          "Measure again, with both versions ready. Is it far off again, then the share is not ten percent.",
        ],
      },
    },
    async observe({ learner }) {
      const typed = await learner.answer("own-count");
      if (!typed) return fail("none-entered");
      const hits = count(typed);
      const evidence: Evidence = {
        object: "answers/own-count.txt",
        path: `answers of the newer version among ${f.own}`,
        expected: `${least} to ${most}`,
        actual: typed.slice(0, 60),
      };
      if (!Number.isInteger(hits) || hits > f.own) return fail("no-number", evidence);
      if (hits === 0 || hits === f.own) return fail("pinned", evidence);
      if (f.own - hits >= least && f.own - hits <= most) return fail("turned", evidence);
      if (hits < least || hits > most) return fail("outside", evidence);
      return pass({ ...evidence, actual: shownShare(hits, f.own) });
    },
  });
};
