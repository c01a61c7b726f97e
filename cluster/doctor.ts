import { readFileSync } from "node:fs";
import { readFile, statfs } from "node:fs/promises";
import { freemem, totalmem } from "node:os";
import { missingCapabilities } from "./capability.ts";
import { deniedRemedy, type Engine, engineDenied, engineInstallPlan, findEngine, ownEnginePid } from "./engine.ts";
import { type ClusterRecord, freePort, nodePorts, readRecord } from "./kind.ts";
import { clusterName, type Paths, paths } from "./paths.ts";
import { which } from "./run.ts";
import { imageThere, ownNodeImage } from "./source/recipe.ts";
import { findGo, fits, kubectlVersion } from "./tools.ts";
import { goNeeded, registryNodeImage, versions } from "./versions.ts";

export interface Finding {
  id: string;
  title: string;
  state: "ok" | "warn" | "bad";
  /** What is so, with the numbers. */
  detail: string;
  /** What to do about it; "" when nothing has to be done. */
  remedy: string;
}

const finding = (id: string, title: string) => ({
  ok: (detail: string): Finding => ({ id, title, state: "ok", detail, remedy: "" }),
  warn: (detail: string, remedy: string): Finding => ({ id, title, state: "warn", detail, remedy }),
  bad: (detail: string, remedy: string): Finding => ({ id, title, state: "bad", detail, remedy }),
});

const GiB = 1024 ** 3;
const gib = (bytes: number) => `${(bytes / GiB).toFixed(1)} GiB`;

/** Memory: three nodes take about 0.6 GiB, the labs' pods about as much, the compiler 2 GiB while it builds. */
export function judgeMemory(total: number, available: number): Finding {
  const say = finding("memory", "Memory");
  const detail = `${gib(available)} of ${gib(total)} available`;
  if (total < 3 * GiB)
    return say.bad(
      detail,
      "The cluster needs a machine (or a Docker VM) with 4 GiB; in Docker Desktop: Settings, Resources.",
    );
  if (available < 2 * GiB)
    return say.warn(detail, "Close other programs, or run fewer nodes: ./workbook up --workers 1");
  return say.ok(detail);
}

/** Disk under the cache: a first run from source takes about 12 GB with the compiler's own cache, a pull about 3. */
export function judgeDisk(free: number, place: string, built: boolean): Finding {
  const say = finding("disk", "Disk");
  const detail = `${gib(free)} free under ${place}`;
  const need = built ? 3 : 12;
  const remedy =
    "Free some space, or set XDG_CACHE_HOME to a bigger disk. What is finished is kept when the disk fills up.";
  if (free < 2 * GiB) return say.bad(detail, remedy);
  if (free < need * GiB) return say.warn(`${detail}; a first run may need ${need} GiB`, remedy);
  return say.ok(detail);
}

/** Each node runs systemd, containerd and a kubelet, which watch many files. */
export function judgeInotify(instances: number, watches: number): Finding {
  const say = finding("inotify", "inotify limits");
  const detail = `${instances} instances, ${watches} watches`;
  if (!Number.isFinite(instances) || !Number.isFinite(watches)) return say.ok("does not apply here");
  if (instances >= 256 && watches >= 65_536) return say.ok(detail);
  return say.warn(
    detail,
    'Nodes may fail with "too many open files": sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288',
  );
}

export function judgeFiles(limits: string): Finding {
  const say = finding("files", "Open files limit");
  const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? [];
  if (!soft || !hard) return say.ok("does not apply here");
  const most = hard === "unlimited" ? Number.POSITIVE_INFINITY : Number(hard);
  const detail = `${soft}, at most ${hard}`;
  return most >= 4096
    ? say.ok(detail)
    : say.warn(detail, "Raise it (ulimit -Hn, or nofile in /etc/security/limits.conf) to 65536.");
}

export function judgeCgroup(version: number): Finding {
  const say = finding("cgroup", "Control groups");
  if (version === 2) return say.ok("version 2");
  if (version === 1) return say.ok(`version 1; Kubernetes ${versions.kubernetes} still starts there`);
  return say.ok("does not apply here");
}

export function judgeCapabilities(missing: readonly string[], ours: boolean): Finding {
  const say = finding("capabilities", "Capabilities");
  if (missing.length === 0) return say.ok("all of the kernel's can be granted");
  const detail = `this machine can't grant ${missing.join(", ")}`;
  if (ours) return say.ok(`${detail}; the workbook's container runtime does without`);
  return say.warn(
    detail,
    "The workbook copes when it starts the container engine itself: stop yours and run ./workbook up.",
  );
}

function number(file: string): number {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return Number.NaN;
  }
}

function availableMemory(): number {
  try {
    const kib = /^MemAvailable:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
    return kib ? Number(kib) * 1024 : freemem();
  } catch {
    return freemem();
  }
}

async function engineFinding(engine: Engine | undefined): Promise<Finding> {
  const say = finding("engine", "Container engine");
  if (engine) {
    const whose = ownEnginePid() === undefined ? "" : ", started by the workbook";
    return say.ok(`${engine.command} ${engine.version}${engine.rootless ? ", rootless" : ""}${whose}`);
  }
  if (await engineDenied()) return say.bad("Docker runs, but you may not use it", deniedRemedy);
  if (await which("dockerd")) return say.warn("Docker is installed but does not answer", "./workbook up starts it.");
  const plan = await engineInstallPlan();
  if (plan) return say.warn("none", "./workbook up --yes installs one.");
  return say.bad("none", "Install Docker (or Podman), or use a cluster you have: ./workbook up --context NAME");
}

/** A cluster goes on with the node image it was made of: what a newer workbook mended in that image is not in it. */
export function judgeCluster(
  record: Pick<ClusterRecord, "image" | "source" | "complete"> | undefined,
  now: { source: string; registry: string },
): Finding {
  const say = finding("cluster", "Cluster");
  if (!record?.complete) return say.ok("none yet");
  if (record.source === "bundle" || record.image === now[record.source]) return say.ok(`made of ${record.image}`);
  return say.warn(
    `made by another version of the workbook, of ${record.image}`,
    "./workbook down --delete, then ./workbook up makes it anew. What you applied to it goes; your folders and progress stay.",
  );
}

export async function clusterFinding(at: Paths): Promise<Finding> {
  const now = { source: ownNodeImage(at.cache), registry: registryNodeImage };
  return judgeCluster(await readRecord(at, clusterName()), now);
}

async function portsFinding(at: Paths): Promise<Finding> {
  const say = finding("ports", "Ports");
  const record = await readRecord(at, clusterName());
  if (record?.complete)
    return say.ok(`the cluster uses ${record.apiPort} (API) and ${record.hostPorts[0]} (NodePort ${nodePorts[0]})`);
  const taken: number[] = [];
  for (const port of nodePorts) if ((await freePort(port)) === undefined) taken.push(port);
  if (taken.length === 0) return say.ok(`${nodePorts.join(", ")} are free`);
  return say.warn(
    `${taken.join(", ")} taken by other programs`,
    "Nothing has to be done: another port of this machine is used then, and the lessons show it.",
  );
}

async function kubectlFinding(at: Paths): Promise<Finding> {
  const say = finding("kubectl", "kubectl");
  const pinned = await which("kubectl", at.bin);
  const own = await which("kubectl");
  const version = pinned && (await kubectlVersion(pinned));
  const others = own && own !== pinned ? await kubectlVersion(own) : undefined;
  const server = versions.kubernetes;
  if (version) {
    return fits(version, server)
      ? say.ok(`${version} in the workbook's terminals`)
      : say.bad(`${version}, more than one minor away from ${server}`, "./workbook down --purge, then ./workbook up.");
  }
  if (others && !fits(others, server))
    return say.ok(`your ${others} is too far from ${server} and stays unused; ./workbook up brings its own`);
  return say.ok(others ? `yours, ${others}, fits` : "./workbook up brings its own");
}

/** Whether an image registry answers, within a few seconds. */
async function registryFinding(at: Paths, engine: Engine | undefined): Promise<Finding> {
  const say = finding("registry", "Image registry");
  if (engine) {
    const own = ownNodeImage(at.cache);
    for (const ref of [registryNodeImage, own]) {
      if (await imageThere(engine.command, ref)) return say.ok(`not needed: ${ref.split("@")[0]} is here`);
    }
  }
  try {
    const response = await fetch("https://registry-1.docker.io/v2/", {
      signal: AbortSignal.timeout(4_000),
      redirect: "manual",
    });
    await response.body?.cancel();
    if (response.status === 200 || response.status === 401) return say.ok("Docker Hub answers");
    return say.warn(
      `Docker Hub answers ${response.status}`,
      "The cluster is built from package registries then: about 25 minutes the first time.",
    );
  } catch {
    return say.warn(
      "Docker Hub does not answer",
      "The cluster is built from package registries then (about 25 minutes the first time), or from a bundle: ./workbook bundle import FILE",
    );
  }
}

async function goFinding(at: Paths, needed: boolean): Promise<Finding> {
  const say = finding("go", "Go");
  const go = await findGo(at.cache);
  if (go) return say.ok(go);
  const want = goNeeded.join(".");
  if (!needed) return say.ok("none, and none is needed");
  return say.warn(
    "none",
    `Building from source needs Go ${want} or newer; ./workbook up --yes installs Debian's where it is new enough.`,
  );
}

/** Judges a Node version string such as "v24.1.0". */
export function judgeNode(version: string): Finding {
  const say = finding("node", "Node");
  const major = Number(/^v(\d+)\./.exec(version)?.[1]);
  return major >= 24
    ? say.ok(version)
    : say.bad(version, "The workbook needs Node 24: start it with ./workbook, which brings it along.");
}

/** Looks at everything that could stand in the way, without changing anything. Takes at most about five seconds. */
export async function doctor(): Promise<Finding[]> {
  const at = paths();
  const engine = await findEngine(AbortSignal.timeout(10_000)).catch(() => undefined);
  const disk = await statfs(at.cache);
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
  const [engineSays, cluster, ports, kubectl, registry] = await Promise.all([
    engineFinding(engine),
    clusterFinding(at),
    portsFinding(at),
    kubectlFinding(at),
    registryFinding(at, engine),
  ]);
  const built = registry.detail.startsWith("not needed");
  const cgroup =
    engine?.cgroup ??
    (process.platform === "linux"
      ? (await readFile("/sys/fs/cgroup/cgroup.controllers", "utf8").catch(() => undefined)) === undefined
        ? 1
        : 2
      : 0);
  const total = engine?.memory || totalmem();
  return [
    judgeNode(process.version),
    engineSays,
    judgeMemory(total, Math.min(availableMemory(), total)),
    judgeDisk(disk.bavail * disk.bsize, at.cache, built),
    cluster,
    ports,
    judgeInotify(number("/proc/sys/fs/inotify/max_user_instances"), number("/proc/sys/fs/inotify/max_user_watches")),
    judgeFiles(limits),
    judgeCgroup(cgroup),
    judgeCapabilities(missingCapabilities(), ownEnginePid() !== undefined || engine === undefined),
    kubectl,
    registry,
    await goFinding(at, registry.state !== "ok"),
  ];
}
