import { createHash } from "node:crypto";
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
  mirror: string;
}

/** Where Debian packages come from: $WORKBOOK_DEBIAN_MIRROR, else Debian's own. */
export function debianMirror(env: Record<string, string | undefined> = process.env): string {
  return env.WORKBOOK_DEBIAN_MIRROR || "http://deb.debian.org/debian";
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
    args.push(versions.debian, temporary, debian.mirror);
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
