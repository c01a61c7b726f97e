/**
 * Pearson's chi-square for "every one of k pods is equally likely": the sum of (seen - n/k)² / (n/k) over the pods, with k - 1 degrees of freedom.
 * kube-proxy's iptables and nftables rules draw a pod at random for each connection, so a healthy Service follows exactly this model.
 */
export function chiSquare(seen: readonly number[]): number {
  const n = seen.reduce((sum, one) => sum + one, 0);
  const expected = n / seen.length;
  return expected === 0 ? 0 : seen.reduce((sum, one) => sum + (one - expected) ** 2 / expected, 0);
}

/**
 * Above this the draw was not even: the quantile of the chi-square distribution with k - 1 degrees of freedom that is passed less than once in
 * 10,000 samples, by Wilson and Hilferty's approximation d·(1 - 2/(9d) + z·sqrt(2/(9d)))³ with d = k - 1 and z = 3.719. For four pods it gives 21.8
 * (the exact quantile is 21.1: it errs in favor of the learner).
 *
 * With n = 120 over 4 pods, 30 are expected of each. Found out every time: everything to one pod (360), only two of four in use (120), one left out (40).
 * Not found out: a pod that gets half of its share (10); no setting of Kubernetes does that. Ten requests, as one likes to send by
 * hand, tell none of it: they miss one of four healthy pods in 22 of 100 tries.
 */
export function evenUpTo(pods: number): number {
  const d = pods - 1;
  return d * (1 - 2 / (9 * d) + 3.719 * Math.sqrt(2 / (9 * d))) ** 3;
}
