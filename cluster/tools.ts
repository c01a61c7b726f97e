import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { artifact } from "./artifact.ts";
import type { Engine } from "./engine.ts";
import { run, which } from "./run.ts";
import { arch, goNeeded, minorOf, versions } from "./versions.ts";

/** Go's version from `go version`'s answer, as [major, minor, patch]. */
export function parseGoVersion(text: string): [number, number, number] | undefined {
  const found = /\bgo(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)] : undefined;
}

/** Whether one version is at least the other, compared number by number. */
export function atLeast(have: readonly number[], need: readonly number[]): boolean {
  const at = need.findIndex((number, index) => (have[index] ?? 0) !== number);
  return at < 0 || (have[at] ?? 0) > (need[at] as number);
}

/** A Go command new enough for the sources: on PATH, in its usual place, or fetched earlier; undefined when there is none. */
export async function findGo(cache: string): Promise<string | undefined> {
  for (const candidate of [
    await which("go"),
    "/usr/local/go/bin/go",
    "/usr/lib/go/bin/go",
    join(cache, "go", "bin", "go"),
  ]) {
    if (!candidate || !existsSync(candidate)) continue;
    const result = await run(candidate, ["version"], {
      env: { GOTOOLCHAIN: "local" },
      allowFailure: true,
      timeout: 10_000,
    });
    const version = parseGoVersion(result.stdout);
    if (version && atLeast(version, goNeeded)) return candidate;
  }
  return undefined;
}

/** Client version of a kubectl, or undefined when it doesn't run. */
export async function kubectlVersion(command: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, ["version", "--client", "-o", "json"], { timeout: 10_000 });
    return (JSON.parse(stdout) as { clientVersion?: { gitVersion?: string } }).clientVersion?.gitVersion;
  } catch {
    return undefined;
  }
}

/** Whether a kubectl of one version may talk to a cluster of another: within one minor, as Kubernetes's skew policy says. */
export function fits(client: string, server: string): boolean {
  return Math.abs(minorOf(client) - minorOf(server)) <= 1;
}

/** Puts a binary into the folder that goes on PATH, replacing what was there in one step. */
export async function install(bin: string, name: string, from: string): Promise<string> {
  await mkdir(bin, { recursive: true });
  const target = join(bin, name);
  const temporary = `${target}.part-${process.pid}`;
  await rm(temporary, { force: true });
  await symlink(from, temporary);
  await rename(temporary, target);
  return target;
}

/** Takes a file out of an image without running it. */
export async function fromImage(
  engine: Engine,
  image: string,
  path: string,
  to: string,
  signal: AbortSignal,
): Promise<string> {
  return artifact(to, async (temporary) => {
    const { stdout } = await run(engine.command, ["create", "--entrypoint", "/bin/true", image], { signal });
    const id = stdout.trim().split("\n").at(-1)!;
    try {
      await run(engine.command, ["cp", `${id}:${path}`, temporary], { signal });
      await chmod(temporary, 0o755);
    } finally {
      await run(engine.command, ["rm", "-f", "-v", id], { allowFailure: true });
    }
  });
}

/** Fetches a file and the checksum published beside it; a mismatch leaves nothing. */
export async function fetchVerified(
  url: string,
  checksumUrl: string,
  to: string,
  signal: AbortSignal,
): Promise<string> {
  return artifact(to, async (temporary) => {
    const get = async (address: string) => {
      const response = await fetch(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(300_000)]) });
      if (!response.ok) throw new Error(`${address} answered ${response.status}`);
      return Buffer.from(await response.arrayBuffer());
    };
    const expected = /^[0-9a-f]{64}/.exec((await get(checksumUrl)).toString("utf8").trim())?.[0];
    const bytes = await get(url);
    const actual = createHash("sha256").update(bytes).digest("hex");
    if (actual !== expected) throw new Error(`${url}: its checksum is ${actual}, published is ${expected ?? "none"}.`);
    await writeFile(temporary, bytes, { mode: 0o755 });
  });
}

export interface Tools {
  kind: string;
  kubectl: string;
}

/**
 * kind and kubectl where registries answer: from PATH when they fit, kubectl else from the node image itself (pinned by its
 * digest), kind else from its release.
 */
export async function onlineTools(options: {
  cache: string;
  bin: string;
  engine: Engine;
  image: string;
  signal: AbortSignal;
}): Promise<Tools> {
  const { cache, bin, engine, image, signal } = options;
  const platform = process.platform === "darwin" ? "darwin" : "linux";
  const folder = join(cache, "tools", `${platform}-${arch()}`);
  let kind = await which("kind");
  if (kind && !(await run(kind, ["version"], { allowFailure: true })).stdout.includes(versions.kind)) kind = undefined;
  if (!kind) {
    const url = `https://github.com/kubernetes-sigs/kind/releases/download/${versions.kind}/kind-${platform}-${arch()}`;
    kind = await fetchVerified(url, `${url}.sha256sum`, join(folder, `kind-${versions.kind}`), signal);
  }
  const server = /:(v[\d.]+)/.exec(image)?.[1] ?? versions.kubernetes;
  let kubectl = await which("kubectl");
  if (kubectl && !fits((await kubectlVersion(kubectl)) ?? "", server)) kubectl = undefined;
  if (!kubectl) {
    const target = join(folder, `kubectl-${server}`);
    if (platform === "linux") kubectl = await fromImage(engine, image, "/usr/bin/kubectl", target, signal);
    else {
      const url = `https://dl.k8s.io/release/${server}/bin/${platform}/${arch()}/kubectl`;
      kubectl = await fetchVerified(url, `${url}.sha256`, target, signal);
    }
  }
  return { kind: await install(bin, "kind", kind), kubectl: await install(bin, "kubectl", kubectl) };
}

/** kubectl where no registry answers, taken out of the node image that is here. */
export async function toolFromNode(options: {
  cache: string;
  bin: string;
  engine: Engine;
  image: string;
  signal: AbortSignal;
}): Promise<void> {
  const { cache, bin, engine, image, signal } = options;
  const server = /:(v[\d.]+)/.exec(image)?.[1] ?? versions.kubernetes;
  const target = join(cache, "tools", `linux-${arch()}`, `kubectl-${server}`);
  await install(bin, "kubectl", await fromImage(engine, image, "/usr/bin/kubectl", target, signal));
}
