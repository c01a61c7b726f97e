import { importedImage } from "./bundle.ts";
import type { Engine } from "./engine.ts";
import { type ClusterRecord, nodeContainers } from "./kind.ts";
import type { Paths } from "./paths.ts";
import { pullNodeImage } from "./registry.ts";
import { imageThere, ownNodeImage } from "./source/recipe.ts";
import type { ImageSource } from "./types.ts";
import { registryNodeImage } from "./versions.ts";

export interface NodeImage {
  ref: string;
  source: ImageSource;
}

/**
 * The node image to use: the existing cluster's, else one that is in the engine (imported, pulled or built earlier), else
 * pulled now. Undefined: no registry answers and it must be built.
 */
export async function chooseNodeImage(options: {
  at: Paths;
  engine: Engine;
  name: string;
  record: ClusterRecord | undefined;
  log: string;
  signal: AbortSignal;
  detail: (text: string) => void;
}): Promise<NodeImage | undefined> {
  const { at, engine, record, signal, log, detail } = options;
  const there = (ref: string) => imageThere(engine.command, ref, signal);
  if (record?.complete && (await nodeContainers(engine, options.name, signal)).length > 0) {
    return { ref: record.image, source: record.source };
  }
  const imported = await importedImage(at, engine, signal);
  if (imported) return imported;
  if (await there(registryNodeImage)) return { ref: registryNodeImage, source: "registry" };
  const own = ownNodeImage(at.cache);
  if (await there(own)) return { ref: own, source: "source" };
  detail("asking Docker Hub");
  if (await pullNodeImage(engine, { signal, log, detail })) return { ref: registryNodeImage, source: "registry" };
  detail("no registry answers: it will be built from source");
  return undefined;
}
