import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { run } from "../run.ts";

export interface ImageConfig {
  entrypoint: string[];
  cmd?: string[];
  env?: string[];
  user?: string;
  workingDir?: string;
  exposedPorts?: number[];
  labels?: Record<string, string>;
}

export interface ImageSpec {
  /** References such as workbook.local/toolbox:1.0. */
  refs: string[];
  arch: "amd64" | "arm64";
  /** Uncompressed tar files, lowest first. */
  layers: string[];
  config: ImageConfig;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/**
 * Writes an image archive that `docker load`, `podman load` and `ctr images import` take. No container engine is needed, so
 * images are built while one is still being installed. The same layers and configuration give the same image id.
 */
export async function writeImage(file: string, spec: ImageSpec, signal?: AbortSignal): Promise<void> {
  const folder = `${file}.d`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    const layers: string[] = [];
    const digests: string[] = [];
    for (const layer of spec.layers) {
      const digest = await sha256(layer);
      const name = `${digest}.tar.gz`;
      digests.push(`sha256:${digest}`);
      if (layers.includes(name)) continue;
      await pipeline(createReadStream(layer), createGzip({ level: 1 }), createWriteStream(join(folder, name)), {
        signal,
      });
      layers.push(name);
    }
    const { entrypoint, cmd, env, user, workingDir, exposedPorts, labels } = spec.config;
    const config = {
      created: "1970-01-01T00:00:00Z",
      architecture: spec.arch,
      os: "linux",
      config: {
        Entrypoint: entrypoint,
        ...(cmd && { Cmd: cmd }),
        Env: env ?? ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        ...(user && { User: user }),
        ...(workingDir && { WorkingDir: workingDir }),
        ...(exposedPorts && { ExposedPorts: Object.fromEntries(exposedPorts.map((port) => [`${port}/tcp`, {}])) }),
        ...(labels && { Labels: labels }),
      },
      rootfs: { type: "layers", diff_ids: digests },
      history: digests.map(() => ({ created: "1970-01-01T00:00:00Z" })),
    };
    const text = JSON.stringify(config);
    const configName = `${createHash("sha256").update(text).digest("hex")}.json`;
    await writeFile(join(folder, configName), text);
    await writeFile(
      join(folder, "manifest.json"),
      JSON.stringify([{ Config: configName, RepoTags: spec.refs, Layers: digests.map((d) => `${d.slice(7)}.tar.gz`) }]),
    );
    await run("tar", ["-C", folder, "-cf", file, "manifest.json", configName, ...layers], { signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Packs a folder as a layer: sorted, owned by root, dated 1970, so that the same files give the same bytes. */
export async function writeLayer(file: string, folder: string, signal?: AbortSignal): Promise<void> {
  if (!(await stat(folder)).isDirectory()) throw new Error(`${folder} is not a folder.`);
  await run(
    "tar",
    ["-C", folder, "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "-cf", file, "."],
    { signal },
  );
}
