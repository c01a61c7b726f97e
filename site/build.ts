import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { lock } from "../cluster/lock.ts";
import { ClusterError } from "../cluster/types.ts";

const root = new URL("..", import.meta.url).pathname;
export const dist = join(root, "dist");
const stamp = join(dist, ".built-from");
/** Built here and then moved: a course that runs goes on serving the pages it has. */
const fresh = join(root, ".dist-new");

/** What the pages are made of. A change in any of it makes the next `up` build them again. */
const sources = ["site/src", "site/protocol.ts", "labs", "checkers/core", "astro.config.mjs", "package-lock.json"];

const files = (path: string): string[] => {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => files(join(path, name)));
};

const fingerprint = (): string => {
  const hash = createHash("sha256");
  for (const file of sources.flatMap((source) => files(join(root, source)))) {
    hash.update(file.slice(root.length)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
};

export const siteIsBuilt = (): boolean => existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint();

/**
 * Builds the static site into dist/ unless it is up to date. Throws Error with the last lines of the build's output.
 * An interrupted build leaves no stamp, so the next one starts over.
 */
export async function buildSite(options: { signal?: AbortSignal } = {}): Promise<"built" | "up to date"> {
  if (siteIsBuilt()) return "up to date";
  const release = await turn(options.signal);
  try {
    // Whoever had the turn before may have built it.
    return siteIsBuilt() ? "up to date" : await build(options);
  } finally {
    release();
  }
}

/** Two builds at once would write over each other: one waits for the other. A builder that died gives its turn away. */
async function turn(signal?: AbortSignal): Promise<() => void> {
  for (;;) {
    try {
      return lock(join(root, ".building"), "building the pages");
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
    }
    await setTimeout(250, undefined, { signal });
  }
}

async function build(options: { signal?: AbortSignal }): Promise<"built"> {
  const from = fingerprint();
  rmSync(fresh, { recursive: true, force: true });
  const output: string[] = [];
  const code = await new Promise<number>((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [join(root, "node_modules/astro/bin/astro.mjs"), "build", "--outDir", fresh],
      {
        cwd: root,
        env: { ...process.env, ASTRO_TELEMETRY_DISABLED: "1", NO_COLOR: "1", FORCE_COLOR: "0" },
        stdio: ["ignore", "pipe", "pipe"],
        signal: options.signal,
      },
    );
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output.push(...text.split("\n").filter((line) => line.trim() !== ""));
        output.splice(0, Math.max(0, output.length - 40));
      });
    }
    child.on("error", reject);
    child.on("exit", (exit) => resolve(exit ?? 1));
  });
  if (code !== 0) throw new Error(`The pages could not be built:\n${output.join("\n")}`);
  writeFileSync(join(fresh, ".built-from"), from);
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
  return "built";
}
