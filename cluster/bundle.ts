import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { gatewayKinds } from "./addons/gateway.ts";
import { diskFull } from "./artifact.ts";
import { type Engine, ensureEngine } from "./engine.ts";
import { addonImages, imageArchive, labImages } from "./images.ts";
import { clusterLock, nodeContainers, readRecord } from "./kind.ts";
import { lock } from "./lock.ts";
import { clusterName, type Paths, paths } from "./paths.ts";
import { CommandError, run, which } from "./run.ts";
import { imageThere, ownNodeImage } from "./source/recipe.ts";
import { install } from "./tools.ts";
import { ClusterError, type ImageSource } from "./types.ts";
import { arch, registryNodeImage, versions } from "./versions.ts";

const format = 1;
/** Names a bundle may hold: plain ones, so that nothing lands elsewhere. */
const plain = /^[a-z0-9][a-z0-9._-]{0,120}$/;

const manifestSchema = z.strictObject({
  format: z.literal(format),
  arch: z.enum(["amd64", "arm64"]),
  versions: z.record(z.string(), z.union([z.string(), z.number()])),
  /** Reference the node image gets. */
  node: z
    .string()
    .max(300)
    .regex(/^[\w./:@-]+$/),
  files: z
    .array(
      z.strictObject({
        name: z.string().regex(plain),
        /** node: engine archive; image: a lab's or add-on's image; kinds: what an add-on teaches the API server; tool: an executable. */
        role: z.enum(["node", "image", "kinds", "tool"]),
        size: z.number().int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .min(3)
    .max(100),
});
type Manifest = z.infer<typeof manifestSchema>;

export interface BundleOptions {
  signal: AbortSignal;
  log?: (line: string) => void;
}

/** The node image a bundle brought to this machine, if the engine has it. */
export async function importedImage(
  at: Paths,
  engine: Pick<Engine, "command">,
  signal: AbortSignal,
): Promise<{ ref: string; source: ImageSource } | undefined> {
  const text = await readFile(join(at.cache, "imported.json"), "utf8").catch(() => undefined);
  if (!text) return undefined;
  const parsed = z.object({ node: z.string() }).safeParse(JSON.parse(text));
  if (!parsed.success) return undefined;
  return (await imageThere(engine.command, parsed.data.node, signal))
    ? { ref: parsed.data.node, source: "bundle" }
    : undefined;
}

async function checksum(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash, { signal });
  return hash.digest("hex");
}

const notYet = (what: string) =>
  new ClusterError(
    `There is nothing to export yet: ${what}.`,
    "Nothing was changed.",
    "Run `./workbook up` once, then export again.",
  );

/** The node image this machine has: the cluster's, else a built or pulled one. */
async function nodeImage(at: Paths, engine: Engine, signal: AbortSignal): Promise<string> {
  const record = await readRecord(at, clusterName());
  const own = ownNodeImage(at.cache);
  const imported = await importedImage(at, engine, signal);
  for (const ref of [record?.image, imported?.ref, own, registryNodeImage]) {
    if (ref && (await imageThere(engine.command, ref, signal))) return ref;
  }
  throw notYet("the node image is missing");
}

/** Writes everything built or pulled (node image, labs' images, add-ons' images that were made, tools) into one tar with checksums. */
export async function exportBundle(file: string, options: BundleOptions): Promise<void> {
  const at = paths();
  const { signal } = options;
  const log = options.log ?? (() => {});
  const release = lock(clusterLock(at, clusterName()), "exporting a bundle");
  const folder = join(dirname(file), `.${basename(file)}.part-${process.pid}`);
  try {
    const engine = await ensureEngine({ yes: false, signal });
    const node = await nodeImage(at, engine, signal);
    await mkdir(folder, { recursive: true });
    const files: Manifest["files"] = [];
    const add = async (name: string, role: Manifest["files"][number]["role"], path: string) => {
      log(`  ${name}`);
      files.push({ name, role, size: (await stat(path)).size, sha256: await checksum(path, signal) });
    };
    const link = async (from: string, name: string) => {
      await run("cp", ["-L", "--reflink=auto", from, join(folder, name)], { signal });
    };
    log(`Saving ${node.split("@")[0]}`);
    // A digest can't be saved and loaded by name: give it one of ours.
    const saved = node.includes("@")
      ? `workbook.local/node:${/:(v[\d.]+)/.exec(node)?.[1] ?? versions.kubernetes}-registry`
      : node;
    if (saved !== node) await run(engine.command, ["tag", node, saved], { signal });
    await run(engine.command, ["save", "-o", join(folder, "node-image.tar"), saved], { signal });
    await add("node-image.tar", "node", join(folder, "node-image.tar"));
    for (const image of labImages) {
      const archive = imageArchive(at, image);
      if (!existsSync(archive)) throw notYet(`the image ${image.name} is missing`);
      await link(archive, basename(archive));
      await add(basename(archive), "image", archive);
    }
    // Add-ons are made when a lab first needs one: what has been goes along.
    for (const archive of addonImages.map((image) => imageArchive(at, image)).filter((file) => existsSync(file))) {
      await link(archive, basename(archive));
      await add(basename(archive), "image", archive);
    }
    const kinds = gatewayKinds(at);
    if (existsSync(kinds)) {
      await link(kinds, basename(kinds));
      await add(basename(kinds), "kinds", kinds);
    }
    for (const tool of ["kind", "kubectl"]) {
      const path = await which(tool, at.bin);
      if (!path) throw notYet(`${tool} is missing`);
      await link(path, tool);
      await add(tool, "tool", path);
    }
    const manifest: Manifest = { format, arch: arch(), versions: { ...versions }, node: saved, files };
    await writeFile(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    log("Packing");
    const partial = `${folder}.tar`;
    await run("tar", ["-C", folder, "-cf", partial, "manifest.json", ...files.map((entry) => entry.name)], { signal });
    await rename(partial, file);
  } catch (error) {
    throw diskFull(error, dirname(file));
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(`${folder}.tar`, { force: true });
    release();
  }
}

const broken = (file: string, why: string, cause?: unknown) =>
  new ClusterError(
    `${file} is not a usable workbook bundle: ${why}.`,
    "Nothing was changed.",
    "Copy it again, or make a new one with `./workbook bundle export FILE` on a machine where the workbook runs.",
    { cause },
  );

/** Unpacks a bundle into `folder` and compares every size and checksum. Only plain files with plain names are accepted. */
export async function unpackBundle(file: string, folder: string, signal: AbortSignal): Promise<Manifest> {
  if (!existsSync(file))
    throw new ClusterError(`There is no file ${file}.`, "Nothing was changed.", "Give the path of a bundle.");
  let listing: string;
  try {
    listing = (await run("tar", ["-tvf", file, "--numeric-owner"], { signal })).stdout;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw broken(file, "it is truncated or no tar archive", error);
  }
  const names: string[] = [];
  for (const line of listing.split("\n").filter(Boolean)) {
    const name = line.trim().split(/\s+/).slice(5).join(" ");
    if (!line.startsWith("-") || !plain.test(name))
      throw broken(file, `it holds ${JSON.stringify(name.slice(0, 80))}, which doesn't belong there`);
    if (names.includes(name)) throw broken(file, `it holds ${name} twice`);
    names.push(name);
  }
  if (names[0] !== "manifest.json") throw broken(file, "it doesn't begin with its manifest");
  const extract = (members: string[]) =>
    run(
      "tar",
      ["-C", folder, "-xf", file, "--no-same-owner", "--no-same-permissions", "--no-overwrite-dir", "--", ...members],
      { signal },
    );
  await extract(["manifest.json"]);
  if ((await stat(join(folder, "manifest.json"))).size > 100_000) throw broken(file, "its manifest is too big");
  let manifest: Manifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")));
  } catch (error) {
    throw broken(file, "its manifest can't be read", error);
  }
  if (manifest.arch !== arch()) throw broken(file, `it is for ${manifest.arch}, this machine is ${arch()}`);
  const expected = new Set(["manifest.json", ...manifest.files.map((entry) => entry.name)]);
  const surplus = names.find((name) => !expected.has(name));
  const lacking = [...expected].find((name) => !names.includes(name));
  if (surplus !== undefined) throw broken(file, `${surplus} isn't in its manifest`);
  if (lacking !== undefined) throw broken(file, `${lacking} is missing`);
  for (const role of ["node", "image", "tool"] as const) {
    if (!manifest.files.some((entry) => entry.role === role)) throw broken(file, `it holds no ${role}`);
  }
  await extract(manifest.files.map((entry) => entry.name));
  for (const entry of manifest.files) {
    const path = join(folder, entry.name);
    if ((await stat(path)).size !== entry.size) throw broken(file, `${entry.name} is not as long as it should be`);
    if ((await checksum(path, signal)) !== entry.sha256)
      throw broken(file, `the checksum of ${entry.name} doesn't match`);
  }
  return manifest;
}

/** Takes in what exportBundle wrote, after comparing every checksum. Afterwards `up` needs no network. */
export async function importBundle(file: string, options: BundleOptions & { yes?: boolean }): Promise<void> {
  const at = paths();
  const { signal } = options;
  const log = options.log ?? (() => {});
  const release = lock(clusterLock(at, clusterName()), "importing a bundle");
  const folder = join(at.cache, `import-${process.pid}`);
  try {
    await mkdir(folder, { recursive: true });
    log("Comparing checksums");
    const manifest = await unpackBundle(file, folder, signal);
    const engine = await ensureEngine({ yes: options.yes ?? false, signal, detail: log });
    const images = join(at.cache, "images", arch());
    const tools = join(at.cache, "tools", `linux-${arch()}`);
    await mkdir(images, { recursive: true });
    await mkdir(tools, { recursive: true });
    for (const entry of manifest.files) {
      log(`  ${entry.name}`);
      const path = join(folder, entry.name);
      if (entry.role === "node") await run(engine.command, ["load", "-i", path], { signal });
      else if (entry.role !== "tool") await rename(path, join(images, entry.name));
      else {
        const target = join(tools, `${entry.name}-imported`);
        await chmod(path, 0o755);
        await rename(path, target);
        await install(at.bin, entry.name, target);
      }
    }
    if (!(await imageThere(engine.command, manifest.node, signal)))
      throw broken(file, `its node image isn't called ${manifest.node}`);
    await writeFile(
      join(at.cache, "imported.json"),
      `${JSON.stringify({ node: manifest.node, at: new Date().toISOString() })}\n`,
    );
    const old = await nodeContainers(engine, clusterName(), signal);
    if (old.length > 0) log("The cluster that is there keeps its own node image; the imported one serves the next.");
  } catch (error) {
    throw diskFull(error, at.cache);
  } finally {
    await rm(folder, { recursive: true, force: true });
    release();
  }
}
