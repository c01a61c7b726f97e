import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { missingCapabilities, runtimeWrapper } from "./capability.ts";
import { startTime } from "./lock.ts";
import { asRoot, run, which } from "./run.ts";
import { ClusterError, NeedsConsent } from "./types.ts";

/** A container engine that answers. */
export interface Engine {
  command: "docker" | "podman";
  version: string;
  /** 1 or 2. */
  cgroup: number;
  memory: number;
  rootless: boolean;
}

/**
 * The engine we start ourselves is a system daemon: its files lie where no HOME or test setting moves them, so the same
 * cluster is found again.
 */
export const ownEngine = {
  root: "/var/lib/workbook",
  data: "/var/lib/workbook/docker",
  log: "/var/lib/workbook/dockerd.log",
  wrapper: "/var/lib/workbook/runc-without-missing-capabilities",
  exec: "/run/workbook/docker",
  pidfile: "/run/workbook/dockerd.pid",
  socket: "/var/run/docker.sock",
};

async function ask(command: "docker" | "podman", signal?: AbortSignal): Promise<Engine | undefined> {
  if (!(await which(command))) return undefined;
  try {
    const { stdout } = await run(command, ["info", "--format", "{{json .}}"], { timeout: 8_000, signal });
    const info = JSON.parse(stdout) as Record<string, unknown>;
    if (command === "podman") {
      const host = info.host as { cgroupVersion?: string; memTotal?: number; security?: { rootless?: boolean } };
      const version = (info.version as { Version?: string }).Version ?? "";
      return {
        command,
        version,
        cgroup: host.cgroupVersion === "v2" ? 2 : 1,
        memory: host.memTotal ?? 0,
        rootless: host.security?.rootless ?? false,
      };
    }
    if (typeof info.ServerVersion !== "string" || info.ServerVersion === "") return undefined;
    const security = Array.isArray(info.SecurityOptions) ? info.SecurityOptions.map(String) : [];
    return {
      command,
      version: info.ServerVersion,
      cgroup: info.CgroupVersion === "2" ? 2 : 1,
      memory: Number(info.MemTotal ?? 0),
      rootless: security.some((option) => option.includes("rootless")),
    };
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

/** The engine that answers: Docker, else Podman, else undefined. */
export async function findEngine(signal?: AbortSignal): Promise<Engine | undefined> {
  return (await ask("docker", signal)) ?? (await ask("podman", signal));
}

/** Whether a Docker runs that this user may not talk to. */
export async function engineDenied(): Promise<boolean> {
  if (!(await which("docker"))) return false;
  const { code, stderr } = await run("docker", ["info"], { allowFailure: true, timeout: 8_000 });
  return code !== 0 && /permission denied/i.test(stderr);
}

export const deniedRemedy =
  "Add yourself to its group (sudo usermod -aG docker $USER), log in again, and run `./workbook up`.";

/** Environment that makes kind use this engine. */
export function kindEnv(engine: Pick<Engine, "command">): Record<string, string> {
  return engine.command === "podman" ? { KIND_EXPERIMENTAL_PROVIDER: "podman" } : {};
}

/** Process id of the dockerd we started, if it runs. */
export function ownEnginePid(): number | undefined {
  try {
    const pid = Number(readFileSync(ownEngine.pidfile, "utf8").trim());
    if (!Number.isInteger(pid) || pid <= 1 || startTime(pid) === undefined) return undefined;
    // A pid is reused after a reboot: make sure that it is dockerd with our data.
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return command.some((part) => part.includes(ownEngine.data)) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether this machine is Debian or one of its children with apt. */
export async function hasApt(): Promise<boolean> {
  if (!(await which("apt-get"))) return false;
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(release);
}

/** Whether we are root or can be without a question. */
export async function canBeRoot(): Promise<boolean> {
  if (process.getuid?.() === 0) return true;
  if (!(await which("sudo"))) return false;
  return (await run("sudo", ["-n", "true"], { allowFailure: true, timeout: 5_000 })).code === 0;
}

/** Installs Debian packages that are missing, without their recommendations. */
export async function aptInstall(
  packages: readonly string[],
  options: { signal?: AbortSignal; log?: string; detail?: (t: string) => void },
) {
  const apt = (args: string[]) =>
    asRoot(
      "env",
      [
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-o",
        "Acquire::Retries=5",
        "-o",
        "DPkg::Lock::Timeout=300",
        ...args,
      ],
      {
        signal: options.signal,
        log: options.log,
        onLine: (line) => options.detail?.(line),
      },
    );
  try {
    await apt(["install", "-y", "--no-install-recommends", ...packages]);
  } catch {
    options.signal?.throwIfAborted();
    // The package lists may be old or absent.
    await apt(["update"]);
    await apt(["install", "-y", "--no-install-recommends", ...packages]);
  }
}

async function underSystemd(): Promise<boolean> {
  return existsSync("/run/systemd/system") && Boolean(await which("systemctl"));
}

/** Starts dockerd as a process of its own, detached from this one, and waits until it answers. */
export async function startEngine(
  options: { signal?: AbortSignal; detail?: (text: string) => void } = {},
): Promise<Engine> {
  const { signal, detail } = options;
  const answering = await findEngine(signal);
  if (answering) return answering;
  const dockerd = await which("dockerd");
  if (!dockerd)
    throw new ClusterError(
      "No container engine is installed.",
      "Nothing was changed.",
      "Install Docker, or run `./workbook up --yes`.",
    );
  if (!(await canBeRoot())) {
    throw new ClusterError(
      "Docker is installed but not running, and starting it needs root.",
      "Nothing was changed.",
      "Start it (for example `sudo systemctl start docker`) and run `./workbook up` again.",
    );
  }
  detail?.("starting the container engine");
  const missing = missingCapabilities();
  if ((await underSystemd()) && missing.length === 0) {
    await asRoot("systemctl", ["start", "docker"], { signal, timeout: 90_000 });
    return waitForEngine(undefined, signal);
  }
  await asRoot("mkdir", ["-p", ownEngine.root, ownEngine.exec], { signal });
  const args = [
    "--data-root",
    ownEngine.data,
    "--exec-root",
    ownEngine.exec,
    "--pidfile",
    ownEngine.pidfile,
    "-H",
    `unix://${ownEngine.socket}`,
  ];
  if (!(await underSystemd())) args.push("--exec-opt", "native.cgroupdriver=cgroupfs");
  if (missing.length > 0) {
    const runc = await which("runc");
    if (!runc)
      throw new ClusterError("runc is not installed.", "Nothing was changed.", "Install it with: apt-get install runc");
    await asRoot("tee", [ownEngine.wrapper], { input: runtimeWrapper(runc, missing), signal });
    await asRoot("chmod", ["755", ownEngine.wrapper], { signal });
    args.push("--add-runtime", `workbook=${ownEngine.wrapper}`, "--default-runtime", "workbook");
  }
  // A pid file left by a crash or a reboot keeps dockerd from starting.
  if (ownEnginePid() === undefined) await asRoot("rm", ["-f", ownEngine.pidfile], { signal });
  const asUser = process.getuid?.() !== 0;
  await asRoot("sh", ["-c", `: >> ${ownEngine.log}`], { signal });
  const log = asUser ? undefined : openSync(ownEngine.log, "a");
  const child = asUser
    ? spawn("sudo", ["-n", "sh", "-c", `exec setsid "$0" "$@" >> ${ownEngine.log} 2>&1`, dockerd, ...args], {
        detached: true,
        stdio: "ignore",
      })
    : spawn(dockerd, args, { detached: true, stdio: ["ignore", log!, log!] });
  if (log !== undefined) closeSync(log);
  let ended = false;
  child.once("exit", () => {
    ended = true;
  });
  child.once("error", () => {
    ended = true;
  });
  child.unref();
  return waitForEngine(() => ended, signal);
}

async function waitForEngine(ended: (() => boolean) | undefined, signal?: AbortSignal): Promise<Engine> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const engine = await findEngine(signal);
    if (engine) return engine;
    if (ended?.()) break;
    await sleep(300, undefined, { signal });
  }
  const log = await readFile(ownEngine.log, "utf8").catch(() => "");
  throw new ClusterError(
    `The container engine did not start. Its last words:\n${log.trim().split("\n").slice(-6).join("\n")}`,
    "Everything built so far is kept.",
    `Read ${ownEngine.log}, then run \`./workbook doctor\`.`,
  );
}

/** Stops the engine if we started it. Returns whether it did. Node containers keep their state and come back with it. */
export async function stopEngine(signal?: AbortSignal): Promise<boolean> {
  const pid = ownEnginePid();
  if (pid === undefined) return false;
  await asRoot("kill", ["-TERM", String(pid)], { signal });
  // dockerd gives containers ten seconds to stop.
  const deadline = performance.now() + 30_000;
  while (startTime(pid) !== undefined) {
    if (performance.now() > deadline) {
      await asRoot("kill", ["-KILL", String(pid)], { allowFailure: true });
      break;
    }
    await sleep(100, undefined, { signal });
  }
  await asRoot("rm", ["-f", ownEngine.pidfile], { allowFailure: true });
  return true;
}

/** What installing an engine would do here, or undefined where we can't. */
export async function engineInstallPlan(): Promise<string[] | undefined> {
  if (process.platform !== "linux" || !(await hasApt()) || !(await canBeRoot())) return undefined;
  const plan = ["Install the Debian packages docker.io and iptables with apt-get (about 300 MB)."];
  plan.push("Start the container engine and keep its data under /var/lib.");
  return plan;
}

/** An engine that answers: found, started, or installed (with consent). */
export async function ensureEngine(options: {
  yes: boolean;
  signal: AbortSignal;
  log?: string;
  detail?: (text: string) => void;
}): Promise<Engine> {
  const found = await findEngine(options.signal);
  if (found) return found;
  if (await engineDenied()) {
    throw new ClusterError("Docker runs, but you may not use it.", "Nothing was changed.", deniedRemedy);
  }
  if (!(await which("dockerd"))) {
    const plan = await engineInstallPlan();
    if (!plan) {
      throw new ClusterError(
        "No container engine answers here, and the workbook can't install one on this machine by itself.",
        "Nothing was changed.",
        process.platform === "darwin"
          ? "Start Docker Desktop (or Podman, Colima, OrbStack), then run `./workbook up` again."
          : "Install and start Docker or Podman, then run `./workbook up` again; or use a cluster you have with --context NAME.",
      );
    }
    if (!options.yes) throw new NeedsConsent("No container engine answers on this machine.", plan);
    options.detail?.("installing docker.io");
    await aptInstall(["docker.io", "iptables"], options);
  } else if (!(await which("iptables"))) {
    if (!options.yes)
      throw new NeedsConsent("Docker needs iptables.", ["Install the Debian package iptables with apt-get."]);
    await aptInstall(["iptables"], options);
  }
  return startEngine(options);
}

/** Removes the data of the engine we started. It must be stopped. */
export async function purgeOwnEngine(): Promise<void> {
  if (ownEnginePid() !== undefined) throw new Error("The container engine still runs.");
  if (!existsSync(ownEngine.root)) return;
  await asRoot("rm", ["-rf", "--one-file-system", ownEngine.data, ownEngine.log, ownEngine.wrapper]);
}

const inotify = "/proc/sys/fs/inotify/max_user_instances";
const instances = 1024;

/** Whether this machine allows enough inotify instances: a node takes about fifteen, and one too few leaves a node dead. */
export function enoughInotify(): boolean {
  try {
    return Number(readFileSync(inotify, "utf8")) >= instances / 2;
  } catch {
    return true;
  }
}

/** Raises the limit until the next boot, where we may; elsewhere `doctor` tells how. */
export async function raiseInotify(signal: AbortSignal): Promise<void> {
  if (enoughInotify() || !(await canBeRoot())) return;
  await asRoot("tee", [inotify], { input: `${instances}\n`, allowFailure: true, signal });
}
