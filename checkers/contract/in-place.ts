import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments, stringify } from "yaml";
import type { Check } from "../core/check.ts";
import { type Checks, groundOf } from "../core/needs.ts";
import { filesBelow, type Mutant, textOf } from "./files.ts";
import type { Stand } from "./stand.ts";

/** What a mutant changes in its solution, and how to take that back. */
export interface Change {
  mutant: Mutant;
  /** Files that are laid into the answer, as paths from it. */
  laid: string[];
  /** Manifests the mutant leaves out. */
  left: string[];
  /** Objects in the solution's version of a file that are not in the mutant's: they have to go. */
  gone: ManifestObject[];
  /** Objects only the mutant brings: they have to go when it is taken back. */
  brought: ManifestObject[];
}

interface ManifestObject {
  apiVersion?: string;
  kind?: string;
  metadata?: { name?: string; namespace?: string };
}

const isManifest = (file: string): boolean => !file.includes("/") && /\.ya?ml$/.test(file);
const isStep = (file: string): boolean => /^[0-9][^/]*\.sh$/.test(file);

/** The objects of a manifest; undefined when it cannot be read, or is for another namespace. */
function objectsOf(path: string): ManifestObject[] | undefined {
  const documents = parseAllDocuments(textOf(path) ?? "");
  if (documents.some((one) => one.errors.length > 0)) return undefined;
  const objects = documents.map((one) => one.toJS() as ManifestObject | null).filter((one) => one !== null);
  return objects.some((one) => !one.kind || !one.metadata?.name || one.metadata.namespace) ? undefined : objects;
}
const nameOf = (one: ManifestObject): string => `${one.kind}/${one.metadata?.name}`;
const without = (some: ManifestObject[], others: ManifestObject[]): ManifestObject[] => {
  const names = new Set(others.map(nameOf));
  return some.filter((one) => !names.has(nameOf(one)));
};

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
  const files = filesBelow(mutant.dir);
  const left = files.filter((file) => statSync(join(mutant.dir, file)).size === 0);
  const laid = files.filter((file) => !left.includes(file));
  if (laid.length === 0 || !left.every(isManifest) || laid.includes("run.sh")) return undefined;
  const scripts = laid.filter((file) => file.endsWith(".sh"));
  if (scripts.some((file) => !isStep(file) || replacing.test(readFileSync(join(mutant.dir, file), "utf8"))))
    return undefined;
  const change: Change = { mutant, laid, left, gone: [], brought: [] };
  for (const file of laid.filter(isManifest)) {
    const [own, theirs] = [objectsOf(join(mutant.dir, file)), objectsOf(join(solution, file))];
    if (!own || !theirs || !samePods(own, theirs)) return undefined;
    change.gone.push(...without(theirs, own));
    change.brought.push(...without(own, theirs));
  }
  return change;
}

/** So many mutants take turns on one stand: fewer would start more pods, more would keep other places empty at the end. */
const turns = 8;

type Group = [Change, ...Change[]];

/** Changes that can take turns on one stand: those that leave out the same manifests, which are never there then, and are alike in what `apart` says. */
export function groupsOf(changes: readonly Change[], apart: (change: Change) => string): Group[] {
  const groups = Map.groupBy(changes, (one) => `${one.left.join()} ${apart(one)}`);
  return [...groups.values()].flatMap((all) => {
    const count = Math.ceil(all.length / turns);
    const size = Math.ceil(all.length / count);
    return Array.from({ length: count }, (_, n) => all.slice(n * size, (n + 1) * size) as unknown as Group);
  });
}

/** Does in a running solution what the change is about. */
export function lay(stand: Stand, solution: string, { mutant, laid, gone }: Change): Promise<void> {
  return doing(stand, solution, mutant.dir, laid, gone);
}

/**
 * Takes it back: the solution's own version of every file, and all of its manifests, since a step may have changed their objects; without what only
 * the mutant brought.
 */
export async function takeBack(stand: Stand, solution: string, { laid, left, brought }: Change): Promise<void> {
  for (const file of laid) if (!existsSync(join(solution, file))) rmSync(join(stand.folder, file), { force: true });
  const own = filesBelow(solution).filter((file) => (isManifest(file) ? !left.includes(file) : laid.includes(file)));
  await doing(stand, solution, solution, own, brought);
}

async function doing(
  stand: Stand,
  solution: string,
  from: string,
  files: readonly string[],
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
    for (const file of files) cpSync(join(from, file), join(dir, file), { recursive: true });
    if (files.some(isStep)) cpSync(join(solution, "run.sh"), join(dir, "run.sh"));
    await stand.answer(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
