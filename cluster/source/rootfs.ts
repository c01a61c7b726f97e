import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { artifact } from "../artifact.ts";
import { asRoot } from "../run.ts";
import { arch, versions } from "../versions.ts";

export interface Rootfs {
  name: string;
  /**
   * "system": installed and configured as a Debian of its own. "files": packages only unpacked, no maintainer script run
   * and nothing but their dependencies added, for small images.
   */
  kind: "system" | "files";
  packages: readonly string[];
}

export interface Debian {
  folder: string;
  log: string;
  /** Undefined: Debian's own. */
  mirror: string | undefined;
}

/**
 * Where Debian packages come from: $WORKBOOK_DEBIAN_MIRROR, else what this machine itself takes its Debian packages from (a classroom's
 * mirror, say), else nothing: mmdebstrap then uses Debian's own.
 */
export function debianMirror(env: Record<string, string | undefined> = process.env): string | undefined {
  if (env.WORKBOOK_DEBIAN_MIRROR) return env.WORKBOOK_DEBIAN_MIRROR;
  return aptSources()
    .flatMap((text) => [...text.matchAll(/^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(https?:\/\/\S+\/debian\/?)(?:\s|$)/gm)])
    .map((match) => match[1])[0];
}

function aptSources(): string[] {
  const folder = "/etc/apt/sources.list.d";
  const files = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return ["/etc/apt/sources.list", ...files]
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "utf8"));
}

/** The tar's place in the cache, keyed by everything that decides its contents. */
export function rootfsFile(debian: Debian, rootfs: Rootfs): string {
  const key = createHash("sha256").update(JSON.stringify([rootfs.kind, rootfs.packages, versions.debian, slim]));
  return join(debian.folder, `rootfs-${rootfs.name}-${key.digest("hex").slice(0, 12)}.tar`);
}

const slim = ["doc", "man", "locale", "info", "lintian", "bug", "zoneinfo/right", "zoneinfo/posix"];

/** Makes a Debian file system as a tar from packages alone. Needs mmdebstrap and root. */
export async function buildRootfs(
  debian: Debian,
  rootfs: Rootfs,
  signal: AbortSignal,
  detail: (text: string) => void,
): Promise<string> {
  return artifact(rootfsFile(debian, rootfs), async (temporary) => {
    const args = ["--mode=root", "--format=tar", `--architectures=${arch()}`, '--aptopt=Acquire::Retries "5"'];
    if (rootfs.kind === "system") {
      args.push("--variant=minbase", "--dpkgopt=force-unsafe-io");
      for (const path of slim) args.push(`--dpkgopt=path-exclude=/usr/share/${path}/*`);
    } else {
      args.push("--variant=extract", "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr");
      // Without dpkg nothing reads path-exclude: remove the same afterwards.
      args.push(
        `--customize-hook=cd "$1" && rm -rf ${slim.map((path) => `usr/share/${path}`).join(" ")} var/cache var/lib/apt`,
      );
    }
    args.push(`--include=${rootfs.packages.join(",")}`);
    args.push(versions.debian, temporary, ...(debian.mirror ? [debian.mirror] : []));
    await asRoot("mmdebstrap", args, {
      signal,
      log: debian.log,
      onLine: (line) => {
        if (line.startsWith("I: ")) detail(line.slice(3));
      },
    });
    if (process.getuid?.() !== 0) await asRoot("chown", [String(process.getuid?.()), temporary], { signal });
  });
}
