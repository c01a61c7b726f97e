/** A small generator with good spread (mulberry32): the same seed draws the same tasks on every machine. */
function random(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fisher and Yates. */
function shuffled<T>(list: readonly T[], next: () => number): T[] {
  const all = [...list];
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(next() * (at + 1));
    [all[at], all[other]] = [all[other] as T, all[at] as T];
  }
  return all;
}

/**
 * Draws `count` tasks by seed: one of every domain, the rest in proportion to the weights (largest remainder), as far as the bank has tasks
 * of a domain; what it lacks in one goes to the others.
 */
export function draw(
  bank: readonly { id: string; domain: string }[],
  weights: Readonly<Record<string, number>>,
  count: number,
  seed: number,
): { ids: string[] } | { problem: string } {
  const domains = Object.keys(weights);
  const has = (domain: string): number => bank.filter((one) => one.domain === domain).length;
  const empty = domains.filter((domain) => has(domain) === 0);
  if (empty.length > 0) return { problem: `weighs ${empty.join(" and ")}, of which its bank has no task` };
  const usable = domains.reduce((total, domain) => total + has(domain), 0);
  if (count > usable) return { problem: `draws ${count} tasks, but its bank has ${usable}` };
  if (count < domains.length)
    return { problem: `draws ${count} tasks, which is not one of each of its ${domains.length} domains` };
  const given = new Map(domains.map((domain) => [domain, 1]));
  const total = domains.reduce((all, domain) => all + (weights[domain] ?? 0), 0);
  for (let left = count - domains.length; left > 0; left--) {
    // Whoever is furthest below its share, and has a task left; the first of equals.
    const [next] = domains
      .filter((domain) => (given.get(domain) ?? 0) < has(domain))
      .map((domain) => ({ domain, lack: (count * (weights[domain] ?? 0)) / total - (given.get(domain) ?? 0) }))
      .sort((a, b) => b.lack - a.lack);
    if (next) given.set(next.domain, (given.get(next.domain) ?? 0) + 1);
  }
  const next = random(seed);
  const ids = domains.flatMap((domain) =>
    shuffled(
      bank.filter((one) => one.domain === domain),
      next,
    )
      .slice(0, given.get(domain))
      .map(({ id }) => id),
  );
  return { ids: ids.sort() };
}
