import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments, stringify } from "yaml";
import type { Check } from "../core/check.ts";
import { type Checks, groundOf } from "../core/needs.ts";
import { isManifest } from "../enter.ts";
import { namesAlone } from "../exams/fill.ts";
import { filesBelow, laidBy, leavesOut, type Mutant, startsWithout, textOf } from "./files.ts";
import type { Stand } from "./stand.ts";

/** What a mutant changes in its solution, and how to take that back. */
export interface Change {
  mutant: Mutant;
  /** Files that are laid into the answer: where each comes from, by its path there. */
  laid: Map<string, string>;
  /** Manifests and steps the mutant leaves out. */
  left: string[];
  /** What of the start it does without. */
  without: string[];
  /** Objects in the solution's version of a file that are not in the mutant's, and Services that it has otherwise: they have to go. */
  gone: ManifestObject[];
  /** Objects only the mutant brings, and Services that it has otherwise: they have to go when it is taken back. */
  brought: ManifestObject[];
}

interface ManifestObject {
  apiVersion?: string;
  kind?: string;
  metadata?: { name?: string; namespace?: string };
}

const isStep = (file: string): boolean => /^[0-9][^/]*\.sh$/.test(file);

/** The objects of a manifest; undefined when it cannot be read, or is for another namespace. */
function objectsOf(path: string): ManifestObject[] | undefined {
  const documents = parseAllDocuments(namesAlone(textOf(path) ?? ""));
  if (documents.some((one) => one.errors.length > 0)) return undefined;
  const objects = documents.map((one) => one.toJS() as ManifestObject | null).filter((one) => one !== null);
  return objects.some((one) => !one.kind || !one.metadata?.name || one.metadata.namespace) ? undefined : objects;
}
const nameOf = (one: ManifestObject): string => `${one.kind}/${one.metadata?.name}`;
const without = (some: ManifestObject[], others: ManifestObject[]): ManifestObject[] => {
  const names = new Set(others.map(nameOf));
  return some.filter((one) => !names.has(nameOf(one)));
};

/** Services that the others have otherwise. They are made anew: one that is changed keeps its address and its node port, whatever the manifest says. */
const otherServices = (some: readonly ManifestObject[], others: readonly ManifestObject[]): ManifestObject[] =>
  some.filter((one) => {
    const namesake = others.find((other) => nameOf(other) === nameOf(one));
    return one.kind === "Service" && namesake !== undefined && !isDeepStrictEqual(one, namesake);
  });

/** Kinds that pods are made from, or read when they start: a change in them means other pods. */
const podsDepend = new Set(
  ["Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob"].concat(
    "ConfigMap",
    "Secret",
    "ServiceAccount",
  ),
);
/** What in a step may replace pods, or what they read. */
const replacing =
  /\b(apply|create|replace|delete|edit|scale|rollout|run|set|patch)\b(?! (-n \S+ )?(service|svc|hpa)\b)/;

/** Functions of a run.sh that may replace pods: a step that calls one does so too. */
function replacingFunctions(run: string): string[] {
  const found = [...run.matchAll(/^(\w+)\(\) \{\n(.*?)^\}/gms)];
  return found.filter(([, , body]) => replacing.test(body ?? "")).map(([, name]) => name ?? "");
}

/** Steps of a solution that make something of one of these files: they have to be done again when it is another. */
const stepsThatRead = (solution: string, files: readonly string[]): string[] => {
  const read = files.filter((file) => !isManifest(file) && !isStep(file));
  return filesBelow(solution)
    .filter(isStep)
    .filter((step) => read.some((file) => textOf(join(solution, step))?.includes(file)));
};

/** Whether the objects that pods depend on are the same. */
const samePods = (some: readonly ManifestObject[], others: readonly ManifestObject[]): boolean => {
  const [own, theirs] = [some, others].map((all) => all.filter(({ kind }) => podsDepend.has(kind ?? "")));
  return isDeepStrictEqual(own, theirs);
};

/**
 * What a mutant changes, where it can be laid over a solution that runs, and taken back; else undefined. A check that disturbs leaves traces; a
 * mutant that does the whole answer otherwise has to begin at the start; and one with other pods would start them twice, which a stand of its own
 * does once.
 */
export function changeOf(solution: string, mutant: Mutant, checks: Checks): Change | undefined {
  const acting = [mutant.check, ...groundOf(checks, mutant.check)].map((id) => checks[id] as Check);
  if (acting.some((one) => one?.mode === "disturb")) return undefined;
  const files = [...laidBy(mutant.dir)];
  const left = files.filter(([, file]) => leavesOut(file)).map(([path]) => path);
  const laid = new Map(files.filter(([path]) => !left.includes(path)));
  if (laid.size === 0 || !left.every((path) => isManifest(path) || isStep(path)) || laid.has("run.sh"))
    return undefined;
  for (const step of stepsThatRead(solution, [...laid.keys()])) {
    if (!laid.has(step) && !left.includes(step)) laid.set(step, join(solution, step));
  }
  const scripts = [...laid].filter(([path]) => path.endsWith(".sh"));
  const functions = replacingFunctions(textOf(join(solution, "run.sh")) ?? "");
  const replaces = (script: string): boolean =>
    replacing.test(script) || functions.some((name) => new RegExp(`^\\s*${name}\\b`, "m").test(script));
  if (scripts.some(([path, file]) => !isStep(path) || replaces(readFileSync(file, "utf8")))) return undefined;
  const change: Change = { mutant, laid, left, without: startsWithout(mutant.dir), gone: [], brought: [] };
  for (const [path, file] of [...laid].filter(([path]) => isManifest(path))) {
    const [own, theirs] = [objectsOf(file), objectsOf(join(solution, path))];
    if (!own || !theirs || !samePods(own, theirs)) return undefined;
    const [gone, brought] = [without(theirs, own), without(own, theirs)];
    // Names that only a stand can fill in.
    const text = `${textOf(file)}${textOf(join(solution, path))}`;
    const filled = namesAlone(text) !== text;
    if (gone.length + brought.length > 0 && filled) return undefined;
    change.gone.push(...gone, ...(filled ? [] : otherServices(theirs, own)));
    change.brought.push(...brought, ...(filled ? [] : otherServices(own, theirs)));
  }
  return change;
}

/** So many mutants take turns on one stand: fewer would start more pods, more would keep other places empty at the end. */
const turns = 8;

type Group = [Change, ...Change[]];

/** Changes that can take turns on one stand: those that leave out the same, which is never there then, and are alike in what `apart` says. */
export function groupsOf(changes: readonly Change[], apart: (change: Change) => string): Group[] {
  const groups = Map.groupBy(changes, (one) => `${one.left.join()} ${one.without.join()} ${apart(one)}`);
  return [...groups.values()].flatMap((all) => {
    const count = Math.ceil(all.length / turns);
    const size = Math.ceil(all.length / count);
    return Array.from({ length: count }, (_, n) => all.slice(n * size, (n + 1) * size) as unknown as Group);
  });
}

/** Does in a running solution what the change is about. */
export function lay(stand: Stand, solution: string, { laid, gone }: Change): Promise<void> {
  return doing(stand, solution, laid, gone);
}

/**
 * Takes it back: the solution's own version of every file, and all of its manifests, since a step may have changed their objects; without what only
 * the mutant brought.
 */
export async function takeBack(stand: Stand, solution: string, { laid, left, brought }: Change): Promise<void> {
  for (const path of laid.keys()) {
    if (!existsSync(join(solution, path))) rmSync(join(stand.folder, path), { force: true });
  }
  const own = filesBelow(solution).filter((path) => (isManifest(path) ? !left.includes(path) : laid.has(path)));
  await doing(stand, solution, new Map(own.map((path) => [path, join(solution, path)])), brought);
}

async function doing(
  stand: Stand,
  solution: string,
  files: ReadonlyMap<string, string>,
  going: readonly ManifestObject[],
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "workbook-change-"));
  try {
    if (going.length > 0) {
      const manifest = join(dir, "going.yaml");
      writeFileSync(manifest, going.map((one) => stringify(one)).join("---\n"));
      await stand.removeObjects(manifest);
      rmSync(manifest);
    }
    // Steps that are done already are not done again: run.sh goes through those that lie there.
    for (const file of filesBelow(stand.folder).filter(isStep)) rmSync(join(stand.folder, file));
    for (const [path, file] of files) cpSync(file, join(dir, path), { recursive: true });
    if ([...files.keys()].some(isStep)) cpSync(join(solution, "run.sh"), join(dir, "run.sh"));
    await stand.answer(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
