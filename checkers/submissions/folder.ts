import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { plainPath } from "./archive.ts";
import { caps } from "./schema.ts";

const skippedNames = new Set([".git", "node_modules", ".DS_Store"]);

export interface PackedFolder {
  files: Map<string, Buffer>;
  /** What stayed behind, each with why. */
  left: string[];
}

/**
 * The working folder's files, by path. Left out, and told: what is too big, links that lead out of the folder, names that are not portable,
 * .git and node_modules.
 */
export function packFolder(root: string): PackedFolder {
  const files = new Map<string, Buffer>();
  const left: string[] = [];
  let bytes = 0;
  let base: string;
  try {
    base = realpathSync(root);
  } catch {
    return { files, left };
  }
  const take = (path: string, at: string): void => {
    const { size } = statSync(at);
    if (size > caps.folderFile) left.push(`${path}: bigger than ${caps.folderFile / 1024 / 1024} MiB`);
    else if (bytes + size > caps.folder)
      left.push(`${path}: the folder is bigger than ${caps.folder / 1024 / 1024} MiB`);
    // Room for the parts that are not of the folder.
    else if (files.size >= caps.parts - 10) left.push(`${path}: more than ${caps.parts - 10} files`);
    else {
      const data = readFileSync(at);
      bytes += data.length;
      files.set(path, data);
    }
  };
  const walk = (dir: string, prefix: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = prefix + entry.name;
      const at = join(dir, entry.name);
      if (skippedNames.has(entry.name)) left.push(`${path}: never packed`);
      else if (!plainPath(path)) left.push(`${path}: its name is not portable`);
      else if (entry.isDirectory()) walk(at, `${path}/`);
      else if (entry.isSymbolicLink()) {
        const target = inside(base, at);
        if (target) take(path, target);
        else left.push(`${path}: a link that leads out of the folder, to a folder, or nowhere`);
      } else if (entry.isFile()) take(path, at);
      else left.push(`${path}: not a file`);
    }
  };
  walk(base, "");
  return { files, left };
}

/** The file a link points to, where that is a file in the same folder and none of what is never packed. */
function inside(base: string, link: string): string | undefined {
  try {
    const target = realpathSync(link);
    if (!target.startsWith(base + sep) || !lstatSync(target).isFile()) return undefined;
    return target
      .slice(base.length + 1)
      .split(sep)
      .some((part) => skippedNames.has(part))
      ? undefined
      : target;
  } catch {
    return undefined;
  }
}
