import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { Transport } from "../../checkers/kube/transport.ts";
import { currentCluster } from "../../cluster/current.ts";

export interface Machine {
  cpu: string;
  cores: number;
  /** Bytes. */
  memory: number;
  kernel: string;
  node: string;
  /** Kubernetes version and number of nodes, or why that is not known. */
  cluster: string;
  /** Version of the checked-out sources, "+" when they were changed since. */
  sources: string;
  /** One-minute load average when the figures were begun. Above the number of cores they say more about it than about us. */
  load: number;
}

async function clusterFacts(): Promise<string> {
  const current = currentCluster();
  if (!current) return "none";
  const transport = await Transport.open({ kubeconfig: current.kubeconfig });
  try {
    const { gitVersion } = await transport.json<{ gitVersion: string }>("/version", { timeout: 3_000 });
    const { items } = await transport.json<{ items: unknown[] }>("/api/v1/nodes", { timeout: 3_000 });
    return `Kubernetes ${gitVersion}, ${items.length} nodes (${current.provider})`;
  } catch (error) {
    return `does not answer: ${(error as Error).message}`;
  } finally {
    transport.close();
  }
}

function sources(): string {
  const git = (...args: string[]): string =>
    execFileSync("git", args, {
      cwd: import.meta.dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+");
  } catch {
    return "unknown";
  }
}

export async function machine(): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memory: totalmem(),
    kernel: `${type()} ${release()}`,
    node: process.version,
    cluster: await clusterFacts(),
    sources: sources(),
    load: loadavg()[0] ?? 0,
  };
}

export const machineLines = (it: Machine): string[] => [
  `${it.cores} × ${it.cpu}, ${(it.memory / 1e9).toFixed(1)} GB, ${it.kernel}`,
  `Node ${it.node}, ${it.cluster}, sources ${it.sources}`,
  `load average ${it.load.toFixed(1)}${it.load > it.cores ? ": the machine is busy with something else, so times are too long" : ""}`,
];
