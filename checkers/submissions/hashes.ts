import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadedLab } from "../labs.ts";

export const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** JSON with every object's keys in order, so that equal values have equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === "object" && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : field,
  );
}

/** Stands for the namespace where facts of two places are compared. */
const anywhere = "anywhere";

/** Hash of a lab's facts for a seed, whatever the namespace: both sides must mean the same names, ports and numbers. */
export const factsHash = (lab: LoadedLab, seed: number): string => sha256(canonical(lab.facts(anywhere, seed)));

/** Hash of what decides a grade: the lab's TypeScript and the start, by path and content. */
export function labVersion(lab: { dir: string }): string {
  const hash = createHash("sha256");
  const walk = (dir: string, path: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!["solution", "variants", "mutants", "node_modules"].includes(entry.name))
          walk(join(dir, entry.name), name);
      } else if (entry.isFile() && (name.endsWith(".ts") || name.startsWith("start/"))) {
        hash.update(`${name}\n${sha256(readFileSync(join(dir, entry.name)))}\n`);
      }
    }
  };
  walk(lab.dir, "");
  return hash.digest("hex");
}
