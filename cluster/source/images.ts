import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { artifact } from "../artifact.ts";
import { run } from "../run.ts";
import { arch, imagePrefix, versions } from "../versions.ts";
import { writeImages, writeLayer } from "./archive.ts";
import { type Go, goEnv } from "./go.ts";
import type { Rootfs } from "./rootfs.ts";

/**
 * kube-proxy runs nft; the other components are single static binaries. netbase has /etc/protocols: without it nft lists 6 where kube-proxy wrote tcp,
 * and with each full sync, once an hour, kube-proxy takes every entry of its maps for somebody else's and deletes it. Services then lead nowhere.
 */
export const proxyRootfs: Rootfs = { name: "kube-proxy", kind: "files", packages: ["netbase", "nftables"] };

interface Component {
  name: string;
  tag: string;
  /** Binary's path on this machine. */
  binary: string;
  /** A file system's tar below it. */
  base?: string;
}

/** A component's archive in the cache, keyed by what goes into it. */
export function imageFile(folder: string, { name, tag, base }: Omit<Component, "binary">): string {
  const below = base ? `-${createHash("sha256").update(basename(base)).digest("hex").slice(0, 12)}` : "";
  return join(folder, `image-${name}-${tag}${below}.tar`);
}

/** Packs one control plane component as an image archive; kubeadm's manifests name the command, found on PATH. */
export async function componentImage(folder: string, component: Component, signal: AbortSignal): Promise<string> {
  return artifact(imageFile(folder, component), async (temporary) => {
    const root = `${temporary}.root`;
    const layer = `${temporary}.layer`;
    try {
      await mkdir(join(root, "usr/local/bin"), { recursive: true });
      if (!component.base) {
        await mkdir(join(root, "tmp"), { mode: 0o1777 });
        await mkdir(join(root, "etc"));
        await writeFile(
          join(root, "etc/passwd"),
          "root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534::/:/sbin/nologin\n",
        );
      }
      const target = join(root, "usr/local/bin", component.name);
      await copyFile(component.binary, target);
      await chmod(target, 0o755);
      await writeLayer(layer, root, signal);
      const ref = `${imagePrefix}/${component.name}:${component.tag}`;
      const layers = component.base ? [component.base, layer] : [layer];
      const config = { entrypoint: [`/usr/local/bin/${component.name}`] };
      await writeImages(temporary, { arch: arch(), layers, images: [{ ref, config }] }, signal);
    } finally {
      await rm(root, { recursive: true, force: true });
      await rm(layer, { force: true });
    }
  });
}

const pauseSource = `package main

import (
	"os"
	"os/signal"
	"syscall"
)

// Holds a pod's namespaces open, reaps what is left to it as process 1, ends when told to.
func main() {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err == syscall.EINTR {
				continue
			} else if pid <= 0 {
				break
			}
		}
	}
}
`;

/** Builds the process that holds a pod's namespaces. */
export async function buildPause(go: Go): Promise<string> {
  return artifact(join(go.folder, `pause-${versions.pauseTag}`, "pause"), async (temporary) => {
    const folder = join(dirname(temporary), "module");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "go.mod"), "module workbook.local/pause\n\ngo 1.24\n");
    await writeFile(join(folder, "main.go"), pauseSource);
    await run(go.command, ["build", "-trimpath", "-ldflags", "-s -w", "-o", temporary, "."], {
      cwd: folder,
      env: goEnv,
      signal: go.signal,
      log: go.log,
    });
  });
}
