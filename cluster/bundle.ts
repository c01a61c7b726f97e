import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Engine } from "./engine.ts";
import type { Paths } from "./paths.ts";
import { imageThere } from "./source/recipe.ts";
import type { ImageSource } from "./types.ts";

/** The node image a bundle brought to this machine, if the engine has it. */
export async function importedImage(
  at: Paths,
  engine: Pick<Engine, "command">,
  signal: AbortSignal,
): Promise<{ ref: string; source: ImageSource } | undefined> {
  const text = await readFile(join(at.cache, "imported.json"), "utf8").catch(() => undefined);
  if (!text) return undefined;
  const { node } = JSON.parse(text) as { node: string };
  return (await imageThere(engine.command, node, signal)) ? { ref: node, source: "bundle" } : undefined;
}
