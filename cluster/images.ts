import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { artifact } from "./artifact.ts";
import type { Engine } from "./engine.ts";
import { build, nodeFlags } from "./images/ml-inference/build.ts";
import { nodeContainers } from "./kind.ts";
import { nodeBinary } from "./node-binary.ts";
import type { Paths } from "./paths.ts";
import { run } from "./run.ts";
import { type ImageConfig, writeImages, writeLayer } from "./source/archive.ts";
import { binary, build as buildProgram, type Go, type GoModule } from "./source/go.ts";
import { k6, metricsServer, prometheus, traefik } from "./source/programs.ts";
import { buildRootfs, debianMirror, type Rootfs } from "./source/rootfs.ts";
import type { Step } from "./steps.ts";
import { ClusterError, type ClusterHandle } from "./types.ts";
import { arch, imagePrefix, versions } from "./versions.ts";

interface Base {
  rootfs: Rootfs;
  /** The same on machines whose engine can pull. */
  online: string;
  /** Debian packages the online base lacks. */
  onlinePackages: readonly string[];
}

interface Program {
  module: GoModule;
  name: string;
  /** Milliseconds a cold build takes on two cores. */
  estimate: number;
}

/** An image the labs use, made here on every machine so that its name means the same everywhere. */
export interface LabImage {
  name: string;
  tags: readonly string[];
  title: string;
  /** What it lies over; nothing for a static program alone. */
  base?: Base;
  /** Go programs it has in /usr/local/bin, built from their modules on every machine. */
  programs?: readonly Program[];
  /** Folders and files whose contents decide the image's. */
  sources?: readonly string[];
  /** Writes what lies over the base into `root`. */
  fill?: (root: string) => Promise<void>;
  config: (tag: string) => ImageConfig;
  estimate: number;
}

const here = import.meta.dirname;
const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What the toolbox has beside a shell, whichever way it is made. */
const toolboxPackages = [
  "bind9-dnsutils",
  "busybox",
  "ca-certificates",
  "curl",
  "iproute2",
  "iputils-ping",
  "jq",
  "netcat-openbsd",
  "procps",
  "wget",
];

const system: Base = {
  rootfs: {
    name: "toolbox",
    kind: "system",
    packages: ["bash", ...toolboxPackages],
  },
  online: "debian:bookworm-slim",
  onlinePackages: toolboxPackages,
};

const toolbox: LabImage = {
  name: "toolbox",
  tags: ["1.0"],
  title: "Make the toolbox image",
  base: system,
  config: () => ({ entrypoint: [], cmd: ["/bin/sleep", "infinity"], env: [path] }),
  estimate: 30_000,
};

/** The toolbox with an open-loop load generator: shares all its layers but one. */
const load: LabImage = {
  ...toolbox,
  name: "load",
  title: "Make the load generator's image",
  programs: [{ module: k6, name: "k6", estimate: 115_000 }],
};

/** Commands of busybox a pod's shell needs beside node. */
const applets = [
  "sh",
  "sleep",
  "cat",
  "ls",
  "echo",
  "env",
  "ps",
  "kill",
  "wget",
  "nc",
  "grep",
  "head",
  "tail",
  "true",
  "false",
  "date",
  "id",
  "touch",
  "rm",
  "mkdir",
  "test",
];

async function linkApplets(root: string): Promise<void> {
  await mkdir(join(root, "usr/bin"), { recursive: true });
  for (const applet of applets) await symlink("busybox", join(root, "usr/bin", applet));
}

const inference: LabImage = {
  name: "ml-inference",
  tags: ["1.0", "1.1", "2.0"],
  title: "Make the sample application's image",
  base: {
    rootfs: {
      name: "node-runtime",
      kind: "files",
      packages: ["base-files", "busybox", "ca-certificates", "libc6", "libstdc++6"],
    },
    online: "debian:bookworm-slim",
    onlinePackages: ["busybox", "libstdc++6"],
  },
  sources: [join(here, "images/ml-inference"), join(here, "../package-lock.json")],
  fill: async (root) => {
    await mkdir(join(root, "usr/bin"), { recursive: true });
    await mkdir(join(root, "usr/local/bin"), { recursive: true });
    await mkdir(join(root, "app"), { recursive: true });
    await mkdir(join(root, "etc"), { recursive: true });
    await mkdir(join(root, "tmp"), { recursive: true });
    await chmod(join(root, "tmp"), 0o1777);
    await copyFile(await nodeBinary(), join(root, "usr/local/bin/node"));
    await chmod(join(root, "usr/local/bin/node"), 0o755);
    await build(join(root, "app/main.js"));
    await linkApplets(root);
    await writeFile(
      join(root, "etc/passwd"),
      "root:x:0:0:root:/root:/bin/sh\nservice:x:10001:10001:service:/app:/bin/sh\n",
    );
    await writeFile(join(root, "etc/group"), "root:x:0:\nservice:x:10001:\n");
  },
  config: (tag) => ({
    entrypoint: ["/usr/local/bin/node", ...nodeFlags, "/app/main.js"],
    env: [path, `VERSION=${tag}`, "NODE_ENV=production"],
    user: "10001",
    workingDir: "/app",
    exposedPorts: [8080],
  }),
  estimate: 25_000,
};

/** Debian's nginx in the foreground, its logs on stdout and stderr; takes a mounted /etc/nginx/nginx.conf. */
const nginx: LabImage = {
  name: "nginx",
  tags: ["1.22"],
  title: "Make the nginx image",
  base: {
    rootfs: { name: "nginx", kind: "files", packages: ["base-files", "busybox", "nginx"] },
    online: "debian:bookworm-slim",
    onlinePackages: ["busybox", "nginx"],
  },
  sources: [join(here, "images/nginx")],
  fill: async (root) => {
    for (const folder of ["etc/nginx", "var/log/nginx", "run", "tmp"])
      await mkdir(join(root, folder), { recursive: true });
    // Also where it runs as somebody else than root.
    for (const folder of ["var/lib/nginx", "tmp"]) {
      await mkdir(join(root, folder), { recursive: true });
      await chmod(join(root, folder), 0o1777);
    }
    await copyFile(join(here, "images/nginx/nginx.conf"), join(root, "etc/nginx/nginx.conf"));
    // Where a mounted configuration names no other logs, these are Debian's.
    await symlink("/dev/stdout", join(root, "var/log/nginx/access.log"));
    await symlink("/dev/stderr", join(root, "var/log/nginx/error.log"));
    await linkApplets(root);
    await writeFile(
      join(root, "etc/passwd"),
      "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
    );
    await writeFile(join(root, "etc/group"), "root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n");
  },
  config: () => ({
    entrypoint: [],
    cmd: ["nginx", "-g", "daemon off;"],
    env: [path],
    exposedPorts: [80],
    stopSignal: "SIGQUIT",
  }),
  estimate: 15_000,
};

export const labImages: readonly LabImage[] = [toolbox, inference, load, nginx];

/** An image of one static program and nothing else, as the add-ons are. */
const single = (module: GoModule, name: string, estimate: number): LabImage => ({
  name,
  tags: [module.version],
  title: `Make the image of ${name}`,
  programs: [{ module, name, estimate }],
  fill: async (root) => {
    await mkdir(join(root, "etc"), { recursive: true });
    await mkdir(join(root, "tmp"), { recursive: true });
    await chmod(join(root, "tmp"), 0o1777);
    await writeFile(
      join(root, "etc/passwd"),
      "root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
    );
    await writeFile(join(root, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
  },
  config: () => ({ entrypoint: [`/usr/local/bin/${name}`], env: [path], user: "65534" }),
  estimate: 5_000,
});

/** Images of add-ons: made when a lab first needs one. */
export const addonImages: readonly LabImage[] = [
  single(metricsServer, "metrics-server", 220_000),
  single(prometheus, "prometheus", 390_000),
  single(traefik, "traefik", 480_000),
];

/** The images that references such as workbook.local/toolbox:1.0 mean; throws on names the workbook doesn't make. */
export function imagesOf(refs: readonly string[]): LabImage[] {
  const found = new Set<LabImage>();
  for (const ref of refs) {
    const [, name, tag] = new RegExp(`^${imagePrefix}/([a-z-]+):([\\w.-]+)$`).exec(ref) ?? [];
    const image = [...labImages, ...addonImages].find((candidate) => candidate.name === name);
    if (!image || !tag || !image.tags.includes(tag)) throw new Error(`The workbook makes no image ${ref}.`);
    found.add(image);
  }
  return [...found];
}

function hashOf(hash: ReturnType<typeof createHash>, source: string): void {
  if (!existsSync(source) || source.endsWith(".md")) return;
  let names: string[] | undefined;
  try {
    names = readdirSync(source);
  } catch {
    hash.update(source.slice(here.length)).update(readFileSync(source));
    return;
  }
  for (const name of names.sort()) hashOf(hash, join(source, name));
}

/** Changes with anything that goes into the image: a stale one is made and loaded again. */
export function imageKey(image: LabImage): string {
  const configs = image.tags.map((tag) => image.config(tag));
  const sources = image.sources ?? [];
  const hash = createHash("sha256").update(
    JSON.stringify([
      image.base?.rootfs,
      configs,
      versions.debian,
      sources.length > 0 && process.version,
      ...(image.programs ?? []).map(({ module, name }) => `${name} ${module.version}`),
    ]),
  );
  for (const source of sources) hashOf(hash, source);
  return hash.digest("hex").slice(0, 12);
}

/** Where an image's archive, holding all its tags, lies once made. */
export function imageArchive(at: Paths, image: LabImage): string {
  return join(at.cache, "images", arch(), `${image.name}-${imageKey(image)}.tar`);
}

export interface MakeOptions {
  at: Paths;
  engine: Pick<Engine, "command">;
  /** Whether the engine can pull its base images. */
  online: boolean;
  log: string;
  /** Go command, once it is known. */
  goCommand: () => string;
}

async function onlineBase(base: Base, options: MakeOptions, signal: AbortSignal, folder: string): Promise<string> {
  const { name } = base.rootfs;
  const file = join(
    folder,
    `base-${name}-${createHash("sha256")
      .update(JSON.stringify([base.online, base.onlinePackages]))
      .digest("hex")
      .slice(0, 12)}.tar`,
  );
  return artifact(file, async (temporary) => {
    const { command } = options.engine;
    const container = `workbook-base-${name}-${process.pid}`;
    const script = `apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${base.onlinePackages.join(" ")} && rm -rf /var/lib/apt/lists/* /var/cache/apt /usr/share/doc /usr/share/man`;
    try {
      await run(command, ["run", "--name", container, base.online, "sh", "-c", script], { signal, log: options.log });
      await run(command, ["export", "-o", temporary, container], { signal, log: options.log });
    } finally {
      await run(command, ["rm", "-f", "-v", container], { allowFailure: true });
    }
  });
}

/** Makes the archive of one image with all its tags. */
async function make(
  image: LabImage,
  options: MakeOptions,
  signal: AbortSignal,
  detail: (text: string) => void,
): Promise<void> {
  const folder = join(options.at.cache, "images", arch());
  await mkdir(folder, { recursive: true });
  const layers: string[] = [];
  if (image.base && options.online) layers.push(await onlineBase(image.base, options, signal, folder));
  else if (image.base) {
    const debian = { folder, log: options.log, mirror: debianMirror() };
    layers.push(await buildRootfs(debian, image.base.rootfs, signal, detail));
  }
  await artifact(imageArchive(options.at, image), async (temporary) => {
    const root = `${temporary}.root`;
    const layer = `${temporary}.layer`;
    try {
      detail("packing");
      await mkdir(root, { recursive: true });
      for (const program of image.programs ?? []) {
        const target = join(root, "usr/local/bin", program.name);
        await mkdir(dirname(target), { recursive: true });
        await copyFile(programFile(options, program), target);
        await chmod(target, 0o755);
      }
      await image.fill?.(root);
      if (image.fill || image.programs) {
        await writeLayer(layer, root, signal);
        layers.push(layer);
      }
      const images = image.tags.map((tag) => ({
        ref: `${imagePrefix}/${image.name}:${tag}`,
        config: image.config(tag),
      }));
      await writeImages(temporary, { arch: arch(), layers, images }, signal);
    } finally {
      await rm(root, { recursive: true, force: true });
      await rm(layer, { force: true });
    }
  });
}

function goOf(options: MakeOptions, signal?: AbortSignal): Go {
  const folder = join(options.at.cache, "source", arch());
  mkdirSync(folder, { recursive: true });
  return { command: options.goCommand(), folder, log: options.log, signal };
}

/** Where a program of an image lies once built. */
const programFile = (options: MakeOptions, program: Program): string =>
  binary(goOf(options), program.module, program.name);

/** One step per image, and one per program that goes into one; those whose result is in the cache are done. */
export function imageSteps(refs: readonly string[], options: MakeOptions & { needs: readonly string[] }): Step[] {
  const images = imagesOf(refs);
  return images.flatMap((image) => {
    const there = () => existsSync(imageArchive(options.at, image));
    // Images of one base: the second finds it made.
    const before = images.slice(0, images.indexOf(image)).find((one) => image.base && one.base === image.base);
    const programs = (image.programs ?? []).map(
      (program): Step => ({
        id: `program-${program.name}`,
        title: `Build ${program.name} ${program.module.version}`,
        lane: "cpu",
        needs: ["go"],
        estimate: program.estimate,
        done: () => existsSync(programFile(options, program)) || there(),
        run: async ({ signal, detail }) => {
          await buildProgram(goOf(options, signal), program.module, program.name, detail);
        },
      }),
    );
    const step: Step = {
      id: `image-${image.name}`,
      title: image.title,
      lane: "io",
      needs: [
        ...(image.base ? options.needs : []),
        ...(before ? [`image-${before.name}`] : []),
        ...programs.map(({ id }) => id),
      ],
      estimate: image.estimate,
      done: there,
      run: ({ signal, detail }) => make(image, options, signal, detail),
    };
    return [...programs, step];
  });
}

/** Where a node remembers which version of an image it has been given: one file per image, holding its key. */
const ledger = "/var/lib/workbook-images";

/**
 * Loads images into every node that lacks them, from archives in the cache. Returns the names of those some node lacked;
 * with `checkOnly` nothing is loaded.
 */
export async function loadInto(
  handle: ClusterHandle,
  refs: readonly string[],
  options: { at: Paths; signal: AbortSignal; checkOnly?: boolean; detail?: (text: string) => void; log?: string },
): Promise<string[]> {
  if (handle.provider !== "kind" || !handle.engine || refs.length === 0) return [];
  const { signal } = options;
  const command = handle.engine;
  const wanted = imagesOf(refs).map((image) => ({ image, line: `${image.name} ${imageKey(image)}` }));
  const nodes = await nodeContainers({ command }, handle.name, signal);
  const lacking = new Set<string>();
  await Promise.all(
    nodes.map(async (node) => {
      const list = `for f in ${ledger}/*; do [ -f "$f" ] && echo "$(basename "$f") $(cat "$f")"; done; true`;
      const { stdout } = await run(command, ["exec", node.name, "sh", "-c", list], { signal, timeout: 20_000 });
      const has = new Set(stdout.split("\n"));
      for (const { image, line } of wanted) {
        if (has.has(line)) continue;
        lacking.add(image.name);
        if (options.checkOnly) continue;
        options.detail?.(`${image.name} into ${node.name}`);
        await loadOne(command, node.name, image, imageArchive(options.at, image), options);
      }
    }),
  );
  return [...lacking];
}

async function loadOne(
  command: string,
  node: string,
  image: LabImage,
  archive: string,
  { signal, log }: { signal: AbortSignal; log?: string },
): Promise<void> {
  if (!existsSync(archive)) {
    throw new ClusterError(
      `The image ${image.name} has not been made yet.`,
      "Nothing was changed.",
      "Run `./workbook up`.",
    );
  }
  // Copied first: streaming through `exec` takes twice as long. Not to /tmp, which is the node's own and hides the copy.
  const inside = `/kind/${image.name}.tar`;
  // The control plane runs the labs' pods only when it is the only node: what isn't unpacked is when it is first used.
  const unpack = node.endsWith("-control-plane") ? ["--no-unpack"] : ["--snapshotter=overlayfs"];
  try {
    await run(command, ["cp", archive, `${node}:${inside}`], { signal, log });
    await run(command, ["exec", node, "ctr", "--namespace=k8s.io", "images", "import", ...unpack, inside], {
      signal,
      log,
    });
  } finally {
    await run(command, ["exec", node, "rm", "-f", inside], { allowFailure: true, timeout: 20_000 });
  }
  const remember = `mkdir -p ${ledger} && echo ${imageKey(image)} > ${ledger}/${image.name}`;
  await run(command, ["exec", node, "sh", "-c", remember], { signal });
}
