export interface Part {
  text: string;
  differs: boolean;
}

const words = (text: string): string[] => text.match(/\s+|[\w.-]+|[^\s\w]/g) ?? [];

/** Length of the longest common run of words for every pair of suffixes. */
const table = (one: string[], other: string[]): number[][] => {
  const lengths = Array.from({ length: one.length + 1 }, () => new Array<number>(other.length + 1).fill(0));
  for (let i = one.length - 1; i >= 0; i -= 1)
    for (let j = other.length - 1; j >= 0; j -= 1)
      lengths[i]![j] =
        one[i] === other[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
  return lengths;
};

const join = (parts: Part[]): Part[] =>
  parts.reduce<Part[]>((joined, part) => {
    const last = joined.at(-1);
    if (last && last.differs === part.differs) last.text += part.text;
    else joined.push({ ...part });
    return joined;
  }, []);

/** Two descriptions in words of their own, not two spellings of one thing: marking each of their words would say nothing. */
const unlike = (one: string[], other: string[]): boolean => {
  const [few, more] = [one, other].map((list) => list.filter((word) => /\w/.test(word))) as [string[], string[]];
  return few.length > 2 && more.length > 2 && !few.some((word) => more.includes(word));
};

const keeps: Record<string, (seen: number, bound: number) => boolean> = {
  "at most": (seen, bound) => seen <= bound,
  "at least": (seen, bound) => seen >= bound,
  "more than": (seen, bound) => seen > bound,
};

/** Whether a figure is on the right side of its bound: "at most 60 s" and "16.4 s". */
const within = (expected: string, actual: string): boolean => {
  const bound = /^(at most|at least|more than) (-?[\d.]+)\b/.exec(expected);
  const seen = /^-?[\d.]+\b/.exec(actual);
  return bound !== null && seen !== null && (keeps[bound[1]!]?.(Number(seen[0]), Number(bound[2])) ?? false);
};

/** Cuts two texts into what they share and what they don't, word by word. Long texts are marked as a whole; unlike ones, and a figure that keeps its bound, not at all. */
export function differ(expected: string, actual: string): { expected: Part[]; actual: Part[] } {
  const one = words(expected);
  const other = words(actual);
  if (expected === actual || one.length * other.length > 40_000) {
    const differs = expected !== actual;
    return { expected: [{ text: expected, differs }], actual: [{ text: actual, differs }] };
  }
  if (unlike(one, other) || within(expected, actual)) {
    return { expected: [{ text: expected, differs: false }], actual: [{ text: actual, differs: false }] };
  }
  const lengths = table(one, other);
  const left: Part[] = [];
  const right: Part[] = [];
  let i = 0;
  let j = 0;
  while (i < one.length || j < other.length) {
    if (i < one.length && j < other.length && one[i] === other[j]) {
      left.push({ text: one[i++]!, differs: false });
      right.push({ text: other[j++]!, differs: false });
    } else if (j >= other.length || (i < one.length && lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) {
      left.push({ text: one[i++]!, differs: true });
    } else {
      right.push({ text: other[j++]!, differs: true });
    }
  }
  return { expected: join(left), actual: join(right) };
}
