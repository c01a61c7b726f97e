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
  /** What the runtime sends to ask it to end; default SIGTERM. */
  stopSignal?: string;
}

export interface ImagesSpec {
  arch: "amd64" | "arm64";
  /** Uncompressed tar files, lowest first, shared by all. */
  layers: string[];
  /** References such as workbook.local/toolbox:1.0, each with its configuration. */
  images: { ref: string; config: ImageConfig }[];
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/**
 * Writes an archive of images with the same layers, which `docker load`, `podman load` and `ctr images import` take. No
 * container engine is needed, so images are built while one is still being installed. The same layers and configuration
 * give the same image ids.
 */
export async function writeImages(file: string, spec: ImagesSpec, signal?: AbortSignal): Promise<void> {
  const folder = `${file}.d`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    const digests: string[] = [];
    for (const layer of spec.layers) {
      const digest = await sha256(layer);
      digests.push(digest);
      const target = join(folder, `${digest}.tar.gz`);
      await pipeline(createReadStream(layer), createGzip({ level: 1 }), createWriteStream(target), { signal });
    }
    const layers = digests.map((digest) => `${digest}.tar.gz`);
    const manifest: { Config: string; RepoTags: string[]; Layers: string[] }[] = [];
    for (const { ref, config } of spec.images) {
      const text = JSON.stringify(configuration(spec.arch, digests, config));
      const name = `${createHash("sha256").update(text).digest("hex")}.json`;
      await writeFile(join(folder, name), text);
      manifest.push({ Config: name, RepoTags: [ref], Layers: layers });
    }
    await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
    const names = new Set(["manifest.json", ...manifest.map((entry) => entry.Config), ...layers]);
    await run("tar", ["-C", folder, "-cf", file, ...names], { signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const epoch = "1970-01-01T00:00:00Z";

function configuration(architecture: string, digests: readonly string[], config: ImageConfig): object {
  const { entrypoint, cmd, env, user, workingDir, exposedPorts, stopSignal } = config;
  return {
    created: epoch,
    architecture,
    os: "linux",
    config: {
      Entrypoint: entrypoint,
      ...(cmd && { Cmd: cmd }),
      Env: env ?? ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      ...(user && { User: user }),
      ...(workingDir && { WorkingDir: workingDir }),
      ...(exposedPorts && { ExposedPorts: Object.fromEntries(exposedPorts.map((port) => [`${port}/tcp`, {}])) }),
      ...(stopSignal && { StopSignal: stopSignal }),
    },
    rootfs: { type: "layers", diff_ids: digests.map((digest) => `sha256:${digest}`) },
    history: digests.map(() => ({ created: epoch })),
  };
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
