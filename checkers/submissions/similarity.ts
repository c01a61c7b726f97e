/** How alike submissions are, for the instructor to look at: the same task has much of the same answer. Pure. */
import { canonical } from "./hashes.ts";
import type { KubeObject } from "./normalize.ts";

export interface Alike {
  lab: string;
  a: string;
  b: string;
  /** Share of shingles in common (Jaccard), of all and of those fewer than half of the class have. */
  manifests: number;
  rare: number;
  /** Files of the working folders that are equal to the byte, beyond those of most of the class. */
  files: number;
}
export interface Work {
  who: string;
  lab: string;
  namespace: string;
  objects: readonly KubeObject[];
  folder: ReadonlyMap<string, string>;
}

const inCommon = <T>(a: ReadonlySet<T>, b: ReadonlySet<T>): number => {
  let times = 0;
  for (const one of a) if (b.has(one)) times++;
  return times;
};

/** Lines in one shingle. */
const width = 3;

/** An object as "path=value" lines, its namespace taken out. */
function linesOf(object: KubeObject, namespace: string): string[] {
  const lines: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value === "object" && value !== null) {
      for (const [key, field] of Object.entries(value))
        walk(field, Array.isArray(value) ? `${path}[]` : `${path}.${key}`);
    } else lines.push(`${path}=${String(value).replaceAll(namespace, "*")}`);
  };
  walk(JSON.parse(canonical(object)), object.kind);
  return lines;
}

function shinglesOf(work: Work): Set<string> {
  const shingles = new Set<string>();
  for (const object of work.objects) {
    const lines = linesOf(object, work.namespace);
    for (let at = 0; at + width <= Math.max(lines.length, width); at++)
      shingles.add(lines.slice(at, at + width).join("\n"));
  }
  return shingles;
}

const jaccard = (a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): number => {
  const common = inCommon(a, b);
  const all = a.size + b.size - common;
  return all === 0 ? 0 : Math.round((common / all) * 1_000) / 1_000;
};

/** What fewer than half of the class have. In a class of two or three nothing is common. */
function uncommon<T>(sets: readonly ReadonlySet<T>[]): (set: ReadonlySet<T>) => Set<T> {
  const times = new Map<T, number>();
  for (const set of sets) for (const one of set) times.set(one, (times.get(one) ?? 0) + 1);
  const most = sets.length < 4 ? Number.POSITIVE_INFINITY : sets.length / 2;
  return (set) => new Set([...set].filter((one) => (times.get(one) ?? 0) < most));
}

/** Every pair of the same lab that has something unusual in common, the most alike first. */
export function similarity(works: readonly Work[]): Alike[] {
  return [...Map.groupBy(works, ({ lab }) => lab)].flatMap(([lab, own]) => {
    const shingles = own.map(shinglesOf);
    const files = own.map(({ folder }) => new Set([...folder].map(([path, hash]) => `${path} ${hash}`)));
    const rareShingles = uncommon(shingles);
    const rareFiles = uncommon(files);
    const rare = shingles.map(rareShingles);
    const ownFiles = files.map(rareFiles);
    const pairs: Alike[] = [];
    for (let i = 0; i < own.length; i++) {
      for (let j = i + 1; j < own.length; j++) {
        const pair = {
          lab,
          a: (own[i] as Work).who,
          b: (own[j] as Work).who,
          manifests: jaccard(shingles[i] as Set<string>, shingles[j] as Set<string>),
          rare: jaccard(rare[i] as Set<string>, rare[j] as Set<string>),
          files: inCommon(ownFiles[i] as Set<string>, ownFiles[j] as Set<string>),
        };
        if (pair.rare > 0 || pair.files > 0) pairs.push(pair);
      }
    }
    return pairs.sort((x, y) => y.rare - x.rare || y.files - x.files || y.manifests - x.manifests);
  });
}
