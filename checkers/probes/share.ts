/** How a share of traffic is decided: on one sample of n requests, by how many of them went there. */
export interface SharePlan {
  /** The share meant: 0.1 for ten percent. */
  target: number;
  n: number;
  /** It is "about" the target when least ≤ hits ≤ most. */
  least: number;
  most: number;
}

export type ShareVerdict = "about" | "too-little" | "too-much";

/**
 * "About ten percent", told from 5 % and from 20 %.
 *
 * Each request is on a connection of its own and kube-proxy (or a weighted route) chooses for each anew, so the hits k of n requests follow
 * the binomial distribution B(n, p). With n = 1,200 and 86 ≤ k ≤ 157 (7.2 % to 13.1 %):
 *   a true 10 % fails with P(k < 86) + P(k > 157) = 2.6e-4 + 2.6e-4 = 5.2e-4  (mean 120, standard deviation 10.4)
 *   a true  5 % passes with P(k ≥ 86)             = 6.8e-4                     (mean 60, standard deviation 7.5)
 *   a true 20 % passes with P(k ≤ 157)            = 2.0e-10                    (mean 240, standard deviation 13.9)
 * each less than once in 1,000; a true 15 % passes in 3 %. Fewer would not do: to keep 5 % and 10 % apart with 3.2 standard deviations of each takes
 * n > (3.2·(√(0.05·0.95) + √(0.1·0.9)) / 0.05)² ≈ 1,100; with 400 one of the two would be wrong once in 50.
 * It is decided on one sample: a second try after a fail would double the chance of a wrong pass, a third triple it.
 */
export const tenPercent: SharePlan = { target: 0.1, n: 1_200, least: 86, most: 157 };

/**
 * A plan for another share: the smallest n (in hundreds, at most 2,000) for which a true `target` fails, and a true share of `below` or less
 * or `above` or more passes, each less often than `risk`. Exact, by sums over the binomial distribution. Throws RangeError where it
 * takes more requests than that.
 */
export function planShare(target: number, below: number, above: number, risk = 0.001): SharePlan {
  if (!(0 < below && below < target && target < above && above < 1)) {
    throw new RangeError("A share is planned between one that is too little and one that is too much, from 0 to 1.");
  }
  for (let n = 100; n <= 2_000; n += 100) {
    const plan = bounds(n, target, below, risk);
    const risks = plan && risksOf(plan, below, above);
    if (risks && Math.max(...Object.values(risks)) < risk) return plan;
  }
  throw new RangeError("These shares are too close to be told apart with 2,000 requests.");
}

/** As few hits as `below` hardly ever has; on the other side as many as the target has no more often than it has too few. */
function bounds(n: number, target: number, below: number, risk: number): SharePlan | undefined {
  const [few, right] = [atLeast(n, below), atLeast(n, target)];
  const least = few.findIndex((chance) => chance < risk);
  const tail = 1 - (right[least] ?? 0);
  const most = right.findIndex((chance) => chance <= tail) - 1;
  return least <= most ? { target, n, least, most } : undefined;
}

export interface ShareRisks {
  /** A true target is refused. */
  wrongFail: number;
  /** A true `below`, or `above`, is accepted. */
  wrongPassBelow: number;
  wrongPassAbove: number;
}

/** How often a plan is wrong, exactly. */
export function risksOf({ target, n, least, most }: SharePlan, below: number, above: number): ShareRisks {
  const within = (p: number): number => {
    const chances = atLeast(n, p);
    return (chances[least] ?? 0) - (chances[most + 1] ?? 0);
  };
  return { wrongFail: 1 - within(target), wrongPassBelow: within(below), wrongPassAbove: within(above) };
}

/** P(k ≥ i) for k of B(n, p) and i from 0 to n + 1, summed from the far end; logarithms keep small terms from vanishing. */
export function atLeast(n: number, p: number): Float64Array {
  const chances = new Float64Array(n + 2);
  let log = n * Math.log(p);
  for (let k = n; k >= 0; k--) {
    chances[k] = Math.min(1, (chances[k + 1] ?? 0) + Math.exp(log));
    log += Math.log((k / (n - k + 1)) * ((1 - p) / p));
  }
  return chances;
}

/** What a sample says. `n`: requests that were answered; throws RangeError unless it is the plan's, because its bounds hold for that n alone. */
export function judgeShare(plan: SharePlan, hits: number, n: number): ShareVerdict {
  if (n !== plan.n) throw new RangeError(`The share is decided on ${plan.n} answers, not on ${n}.`);
  if (hits < plan.least) return "too-little";
  return hits > plan.most ? "too-much" : "about";
}
