import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./run.ts";

/** The Linux binary of Node 24 for the sample application's image: the one the workbook's own dependency brings. */
export async function nodeBinary(): Promise<string> {
  const candidates = [join(import.meta.dirname, "../node_modules/node/bin/node"), process.execPath];
  for (const candidate of candidates) {
    if (process.platform !== "linux" || !existsSync(candidate)) continue;
    const file = await realpath(candidate);
    const { stdout } = await run(file, ["--version"], { allowFailure: true, timeout: 10_000 });
    if (stdout.startsWith("v24.")) return file;
  }
  throw new Error("There is no Node 24 for Linux here: run `npm ci`.");
}
