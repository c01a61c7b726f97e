/**
 * Wilson's interval for a share: `successes` of `n`, at z standard deviations (1.96: 95 %). Unlike p ± z·sqrt(p(1-p)/n) it stays
 * within 0 and 1 and holds near the ends and for small n.
 */
export function wilson(successes: number, n: number, z = 1.96): { low: number; high: number } {
  if (n <= 0) return { low: 0, high: 1 };
  const share = successes / n;
  const square = (z * z) / n;
  const middle = (share + square / 2) / (1 + square);
  const half = (z / (1 + square)) * Math.sqrt((share * (1 - share)) / n + square / (4 * n));
  // At the ends the formula gives 0 and 1 but for rounding.
  return { low: successes <= 0 ? 0 : middle - half, high: successes >= n ? 1 : middle + half };
}

/** Chance that at least one of r equally likely replicas serves none of n independent requests (an upper bound: r·(1-1/r)^n). */
export const chanceOneUnseen = (r: number, n: number): number => Math.min(1, r * (1 - 1 / r) ** n);
