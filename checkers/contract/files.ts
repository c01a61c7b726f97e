import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const folders = (dir: string): string[] =>
  existsSync(dir)
    ? readdirSync(dir, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .sort()
    : [];

/** Names of a lab's other right ways. */
export const variantsOf = (dir: string): string[] => folders(join(dir, "variants"));

export interface Mutant {
  check: string;
  code: string;
  dir: string;
}
/** "mutant replicas/wrong-count". */
export const mutantName = ({ check, code }: Mutant): string => `mutant ${check}/${code}`;

/** Folder among mutants, and among those of a check, that says which of the lab's start/cluster/ they do without. */
const startFolder = "start";

/** A lab's plausible wrong answers: mutants/CHECK/CODE/. */
export const mutantsOf = (dir: string): Mutant[] => {
  const named = (...at: string[]): string[] =>
    folders(join(dir, "mutants", ...at)).filter((one) => one !== startFolder);
  return named().flatMap((check) =>
    named(check).map((code) => ({ check, code, dir: join(dir, "mutants", check, code) })),
  );
};

/** Files of start/cluster/ that a mutant does without: named, empty, in mutants/start/ or mutants/CHECK/start/. In order. */
export const startsWithout = (mutant: string): string[] =>
  [dirname(mutant), dirname(dirname(mutant))].flatMap((dir) => filesBelow(join(dir, startFolder))).sort();

/** Every file below a folder, as paths from it, in order. */
export function filesBelow(dir: string, from = ""): string[] {
  if (!existsSync(join(dir, from))) return [];
  return readdirSync(join(dir, from), { withFileTypes: true })
    .sort((a, b) => a.name.localeCompare(b.name))
    .flatMap((entry) => {
      const path = from === "" ? entry.name : `${from}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(dir, path) : [path];
    });
}

/**
 * What a mutant lays over the solution: for each path in the answer the file that comes there. Files of mutants/CHECK/ itself go for all of the check's
 * mutants; a mutant's own come before them.
 */
export function laidBy(mutant: string): Map<string, string> {
  const check = dirname(mutant);
  const shared = existsSync(check) ? readdirSync(check, { withFileTypes: true }).filter((entry) => entry.isFile()) : [];
  return new Map([
    ...shared.map(({ name }) => [name, join(check, name)] as const),
    ...filesBelow(mutant).map((file) => [file, join(mutant, file)] as const),
  ]);
}

/** A file that removes its namesake from the solution. */
export const leavesOut = (file: string): boolean => statSync(file).size === 0;

/** Lays a mutant's files over a copy of the solution: the same name replaces, an empty file removes. */
export function overlay(solution: string, mutant: string, into: string): void {
  cpSync(solution, into, { recursive: true });
  for (const [path, file] of laidBy(mutant)) {
    if (leavesOut(file)) rmSync(join(into, path), { force: true });
    else cpSync(file, join(into, path), { recursive: true });
  }
}

/** Whether an answer, with a mutant's files laid over it, asks for a node port by number: only such runs get in each other's way. */
export function asksForNodePort(answer: string, mutant?: string): boolean {
  const own = new Map(filesBelow(answer).map((file) => [file, join(answer, file)]));
  const laid = mutant === undefined ? [] : laidBy(mutant);
  return [...new Map([...own, ...laid]).values()].some((file) => /\bnodePort\b/.test(readFileSync(file, "utf8")));
}

/** Writes one node port in place of the other, wherever a folder's files name it. */
export function exchangePort(dir: string, { usual, own }: { usual: number; own: number }): void {
  if (usual === own) return;
  for (const file of filesBelow(dir)) {
    const path = join(dir, file);
    const text = readFileSync(path, "utf8");
    const exchanged = text.replaceAll(new RegExp(`\\b${usual}\\b`, "g"), String(own));
    if (exchanged !== text) writeFileSync(path, exchanged);
  }
}

export const textOf = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, "utf8") : undefined);

/** What bash says of a script it parses without running it, or undefined. */
export function bashError(text: string): string | undefined {
  const { status, stderr } = spawnSync("bash", ["-n"], { input: text, encoding: "utf8" });
  return status === 0 ? undefined : (stderr.trim().split("\n")[0] ?? "").replace(/^bash: /, "");
}
