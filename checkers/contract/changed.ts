import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { filesBelow } from "./files.ts";

const git = (dir: string, ...args: string[]): string =>
  execFileSync("git", ["-C", dir, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

const tryGit = (dir: string, ...args: string[]): string | undefined => {
  try {
    return git(dir, ...args);
  } catch {
    return undefined;
  }
};

/**
 * Files (absolute paths) that differ from what was last agreed on: where this branch left the main one, or the last commit on the main branch
 * itself; with what is not committed and not even added. Undefined where there is no repository with a commit.
 */
export function changedFiles(dir: string): Set<string> | undefined {
  const root = tryGit(dir, "rev-parse", "--show-toplevel");
  if (root === undefined || tryGit(dir, "rev-parse", "HEAD") === undefined) return undefined;
  const bases = ["origin/HEAD", "origin/main", "main"].map((name) => tryGit(root, "merge-base", "HEAD", name));
  const base = bases.find((one) => one !== undefined) ?? "HEAD";
  const lists = [
    git(root, "-c", "core.quotepath=off", "diff", "--name-only", "--no-renames", base),
    git(root, "-c", "core.quotepath=off", "ls-files", "--others", "--exclude-standard"),
  ];
  return new Set(lists.flatMap((list) => list.split("\n").filter(Boolean)).map((file) => join(root, file)));
}

const imports = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g;

/** These TypeScript files and everything of ours they import, types included, as absolute paths. */
export function closureOf(files: readonly string[]): Set<string> {
  const found = new Set<string>();
  const queue = [...files];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (found.has(file) || !existsSync(file)) continue;
    found.add(file);
    for (const [, path] of readFileSync(file, "utf8").matchAll(imports)) {
      queue.push(resolve(dirname(file), path as string));
    }
  }
  return found;
}

/** What runs every lab's proof: when it changes, all are to be proved again. */
const engine = fileURLToPath(new URL("./prove.ts", import.meta.url));

const inside = (file: string, dir: string): boolean => !relative(dir, file).startsWith(`..${sep}`) && file !== dir;

/**
 * The labs whose proof may come out otherwise than when it was last agreed on: their folder changed, or a file that their own code or the proof
 * is made of. A lab outside any repository counts as changed.
 */
export function changedLabs<T extends { dir: string }>(labs: readonly T[]): { lab: T; why: string }[] {
  const machinery = closureOf([engine]);
  return labs.flatMap((lab) => {
    const dir = realpathSync(lab.dir);
    const changed = changedFiles(dir);
    if (!changed) return [{ lab, why: "is in no repository, so nothing says that it is unchanged" }];
    const own = [...changed].find((file) => inside(file, dir));
    if (own) return [{ lab, why: `${relative(dir, own)} changed` }];
    const code = closureOf(
      filesBelow(dir)
        .filter((file) => file.endsWith(".ts"))
        .map((file) => join(dir, file)),
    );
    const used = [...changed].find((file) => code.has(file) || machinery.has(file));
    return used ? [{ lab, why: `${relative(git(dir, "rev-parse", "--show-toplevel"), used)} changed` }] : [];
  });
}
