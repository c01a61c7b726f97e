import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Facts = Readonly<Record<string, unknown>>;

/** {{name}} or {{a.b}}. Go's own templates begin with a dot or a word and a space, and are left alone. */
const placeholder = /\{\{\s*([A-Za-z]\w*(?:\.\w+)*)\s*\}\}/g;

/** The fact of a dotted name, where it is a text, a number or a truth. */
export function factOf(facts: Facts, name: string): string | undefined {
  let value: unknown = facts;
  for (const key of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Facts)[key];
  }
  return ["string", "number", "boolean"].includes(typeof value) ? String(value) : undefined;
}

/** The text with each {{name}} replaced by the fact of that name. What is no fact stays: a dashboard's legend has the same marks. */
export const fillPlaceholders = (text: string, facts: Facts): string =>
  text.replaceAll(placeholder, (whole, name: string) => factOf(facts, name) ?? whole);

/** The text with each {{name}} as the bare name, for a reader of YAML, to whom it would be a map. */
export const namesAlone = (text: string): string => text.replaceAll(placeholder, "$1");

/** Placeholders of a text that are no fact, with their line. */
export const unknownPlaceholders = (text: string, facts: Facts): { name: string; line: number }[] =>
  [...text.matchAll(placeholder)]
    .filter((match) => factOf(facts, match[1] as string) === undefined)
    .map((match) => ({ name: match[1] as string, line: text.slice(0, match.index).split("\n").length }));

/** Every fact that can be written into a text, nested ones by their dotted names. */
export const flatFacts = (facts: Facts, under = ""): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(facts).flatMap(([key, value]): [string, unknown][] =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.entries(flatFacts(value as Facts, `${under}${key}.`))
        : [[under + key, value]],
    ),
  );

/** Copies a folder with the facts filled into every text in it. Files that are there already stay when `keep` is set. */
export function copyFilled(from: string, into: string, facts: Facts, keep = false): void {
  mkdirSync(into, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(into, entry.name)];
    if (entry.isDirectory()) {
      copyFilled(source, target, facts, keep);
      continue;
    }
    if (keep && existsSync(target)) continue;
    // Copied first: that keeps the mode, and whatever is no text as it is.
    cpSync(source, target);
    const data = readFileSync(source);
    if (data.subarray(0, 8_000).includes(0)) continue;
    const text = data.toString("utf8");
    const filled = fillPlaceholders(text, facts);
    if (filled !== text) writeFileSync(target, filled);
  }
}
