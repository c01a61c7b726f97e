import { readFile, stat } from "node:fs/promises";
import { basename, dirname, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { defaultSeed } from "../../../checkers/core/lab.ts";
import { fillFacts, placeholder } from "../course/facts.ts";

/** The part of a Vite plugin this file uses; Vite itself is not a dependency of ours. */
interface LoadPlugin {
  name: string;
  enforce: "pre";
  load(this: { addWatchFile(file: string): void }, id: string): Promise<string | null>;
}

/**
 * Writes a lab's facts into its lesson before the lesson is parsed, so that [[fact]] works in text, in inline code, in
 * code blocks and in attributes alike. An unknown fact stops the build, named with its file and line.
 *
 * @param root the folder that holds one folder per lab
 */
export const facts = (root: string): LoadPlugin => ({
  name: "workbook:facts",
  enforce: "pre",
  async load(id) {
    const [file, query] = id.split("?");
    // Astro asks for some modules again with a query of its own; those are answered elsewhere.
    if (!file?.endsWith(`${sep}lesson.mdx`) || query !== undefined) return null;
    const folder = dirname(file);
    const source = `${folder}${sep}facts.ts`;
    this.addWatchFile(source);
    const changed = (await stat(source)).mtimeMs;
    const module = await import(`${pathToFileURL(source).href}?changed=${changed}`);
    const values = module.facts(defaultSeed, placeholder(basename(folder)));
    return fillFacts(await readFile(file, "utf8"), values, relative(dirname(root), file));
  },
});
