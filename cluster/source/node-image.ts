import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, cp, link, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Engine } from "../engine.ts";
import { type RunOptions, run } from "../run.ts";
import { imagePrefix, versions } from "../versions.ts";
import { download, type Go } from "./go.ts";
import { kind } from "./programs.ts";
import type { Rootfs } from "./rootfs.ts";

/** Everything a node needs from Debian. */
export const nodeRootfs: Rootfs = {
  name: "node",
  kind: "system",
  packages: [
    "systemd",
    "systemd-sysv",
    "dbus",
    "conntrack",
    "iptables",
    "nftables",
    "iproute2",
    "ethtool",
    "kmod",
    "util-linux",
    "mount",
    "libseccomp2",
    "pigz",
    "jq",
    "procps",
    "curl",
    "ca-certificates",
    "containerd",
    "runc",
    "containernetworking-plugins",
    "ebtables",
    "socat",
    "bash",
    "e2fsprogs",
  ],
};

const files = join(import.meta.dirname, "../node");
const own = ["network.sh", "network.yaml", "setup.sh", "storage.yaml", "workbook-network.service"] as const;

/** The image's name: its tag changes with anything that goes into it. */
export function nodeImageRef(rootfsFiles: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify([versions, rootfsFiles.map((file) => basename(file))]));
  for (const file of [import.meta.filename, ...own.map((name) => join(files, name))]) hash.update(readFileSync(file));
  return `${imagePrefix}/node:${versions.kubernetes}-${hash.digest("hex").slice(0, 10)}`;
}

/**
 * Changes to kind's containerd configuration: our pause image, and scores that need no capability. Not crun, though its starts take less of a processor
 * than runc's: with Debian's, cAdvisor has no figures of containers, which lab 12 reads.
 */
export function containerdConfig(text: string): string {
  const pause = text.replace(/sandbox_image = "[^"]*"/, `sandbox_image = "${imagePrefix}/pause:${versions.pauseTag}"`);
  const scores = pause.replace("restrict_oom_score_adj = false", "restrict_oom_score_adj = true");
  if (pause === text || scores === pause) throw new Error("kind's containerd configuration is not as expected.");
  // Without it a node whose runtime service failed to start stays up and never gets ready: better that systemd tries again.
  return scores.replace("version = 2\n", 'version = 2\nrequired_plugins = ["io.containerd.grpc.v1.cri"]\n');
}

/** Changes to kind's containerd unit: Debian's path, and no limits that need CAP_SYS_RESOURCE. */
export function containerdUnit(text: string): string {
  return text
    .split("\n")
    .filter((line) => !/^(OOMScoreAdjust|Limit\w+)=/.test(line))
    .join("\n");
}

export interface NodeImageParts {
  /** The image's name, as nodeImageRef gives it. */
  ref: string;
  rootfs: string;
  kubernetes: { kubelet: string; kubeadm: string; kubectl: string };
  /** Image archives of the control plane. */
  images: string[];
}

/** Lays out what goes over the Debian file system, in `folder`. */
async function stage(go: Go, parts: NodeImageParts, folder: string): Promise<void> {
  const { dir } = await download(go, kind.module, kind.version);
  const base = join(dir, "images/base/files");
  await mkdir(folder, { recursive: true });
  // Files of the module cache are read-only: copies must not be.
  await cp(base, folder, { recursive: true });
  await run("chmod", ["-R", "u+w,a+rX", folder]);
  await rm(join(folder, "usr/local/bin/clean-install"), { force: true });
  const edit = async (path: string, change: (text: string) => string) => {
    const file = join(folder, path);
    await writeFile(file, change(await readFile(file, "utf8")));
  };
  await edit("etc/containerd/config.toml", containerdConfig);
  await edit("etc/systemd/system/containerd.service", containerdUnit);
  await mkdir(join(folder, "kind/manifests"), { recursive: true });
  await mkdir(join(folder, "usr/bin"), { recursive: true });
  await mkdir(join(folder, "workbook/images"), { recursive: true });
  await writeFile(join(folder, "kind/version"), versions.kubernetes);
  await cp(join(files, "network.yaml"), join(folder, "kind/manifests/default-cni.yaml"));
  await cp(join(files, "storage.yaml"), join(folder, "kind/manifests/default-storage.yaml"));
  await cp(join(files, "network.sh"), join(folder, "usr/local/bin/workbook-network"));
  await cp(join(files, "workbook-network.service"), join(folder, "etc/systemd/system/workbook-network.service"));
  await cp(join(files, "setup.sh"), join(folder, "workbook/setup.sh"));
  const place = async (from: string, to: string) => {
    await link(from, to).catch(() => cp(from, to));
  };
  for (const [name, path] of Object.entries(parts.kubernetes)) await place(path, join(folder, "usr/bin", name));
  for (const image of parts.images) await place(image, join(folder, "workbook/images", image.split("/").at(-1)!));
  for (const path of ["usr/local/bin", "kind/bin"]) {
    for (const name of await readdir(join(folder, path))) await chmod(join(folder, path, name), 0o755);
  }
}

/** Builds the node image in the engine and returns its reference. */
export async function buildNodeImage(
  engine: Engine,
  go: Go,
  parts: NodeImageParts,
  scratch: string,
  signal: AbortSignal,
  detail: (text: string) => void,
): Promise<string> {
  const { ref } = parts;
  const base = `${imagePrefix}/node-base:${createHash("sha256").update(parts.rootfs).digest("hex").slice(0, 10)}`;
  const container = `workbook-build-${process.pid}`;
  const folder = join(scratch, `node-${process.pid}`);
  const tar = `${folder}.tar`;
  const options: RunOptions = { signal, log: go.log };
  const { command } = engine;
  try {
    detail("laying out the files");
    await stage(go, parts, folder);
    await run("tar", ["-C", folder, "--owner=0", "--group=0", "--numeric-owner", "-cf", tar, "."], options);
    if ((await run(command, ["image", "inspect", base], { signal, allowFailure: true })).code !== 0) {
      detail("importing the Debian file system");
      await run(command, ["import", parts.rootfs, base], options);
    }
    detail("starting the build container");
    await run(
      command,
      [
        "run",
        "-d",
        "--name",
        container,
        "--network",
        "none",
        "--stop-signal",
        "SIGRTMIN+3",
        "--security-opt",
        "seccomp=unconfined",
        "--entrypoint",
        "/bin/sleep",
        base,
        "infinity",
      ],
      options,
    );
    detail("copying Kubernetes into it");
    await run(command, ["cp", "-", `${container}:/`], { ...options, inputFile: tar });
    detail("setting up systemd and containerd, importing the control plane's images");
    await run(command, ["exec", container, "/bin/bash", "/workbook/setup.sh"], options);
    detail("committing the image");
    await run(
      command,
      [
        "commit",
        "--change",
        'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]',
        "--change",
        "CMD []",
        "--change",
        "ENV container=docker",
        "--change",
        "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        container,
        ref,
      ],
      options,
    );
    return ref;
  } finally {
    await run(command, ["rm", "-f", "-v", container], { allowFailure: true }).catch(() => {});
    await rm(folder, { recursive: true, force: true });
    await rm(tar, { force: true });
  }
}
