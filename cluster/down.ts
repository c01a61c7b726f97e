import { rm } from "node:fs/promises";
import { join } from "node:path";
import { forgetCurrent } from "./current.ts";
import { findEngine, ownEnginePid, purgeOwnEngine, startEngine, stopEngine } from "./engine.ts";
import { clusterLock, deleteCluster, forget, nodeContainers, readRecord, stopNodes } from "./kind.ts";
import { lock } from "./lock.ts";
import { clusterName, paths } from "./paths.ts";
import { run } from "./run.ts";
import { imagePrefix } from "./versions.ts";

export interface DownOptions {
  /** Delete the cluster and what was built or pulled, not only stop it. */
  purge: boolean;
  /** With `purge`: keep what was built or pulled. */
  keepCache?: boolean;
  signal?: AbortSignal;
}

/** Stops (or deletes) the cluster, and the engine if it is ours and runs nothing else. Returns what was done, one sentence each. */
export async function downCluster(options: DownOptions): Promise<string[]> {
  const at = paths();
  const name = clusterName();
  const { signal } = options;
  const release = lock(clusterLock(at, name), `taking down the cluster "${name}"`);
  const done: string[] = [];
  try {
    const record = await readRecord(at, name);
    let engine = await findEngine(signal);
    // Containers of a stopped engine can only be deleted by it.
    if (!engine && options.purge && record) engine = await startEngine({ signal }).catch(() => undefined);
    if (engine) {
      const nodes = await nodeContainers(engine, name, signal);
      if (options.purge && nodes.length > 0) {
        await deleteCluster(engine, join(at.bin, "kind"), name, join(at.log, "cluster.log"));
        done.push(`Cluster "${name}" deleted (${nodes.length} nodes).`);
      } else if (nodes.some((node) => node.running)) {
        await stopNodes(engine, nodes, signal);
        done.push(`Cluster "${name}" stopped (${nodes.length} nodes); its state is kept.`);
      }
    }
    if (options.purge) {
      await forget(at, name);
      forgetCurrent(at, name);
    }
    const cache = options.purge && !options.keepCache;
    if (cache && engine) {
      const others = await runningContainers(engine.command, signal);
      if (others.length === 0) await removeImages(engine.command, signal);
    }
    if (engine && ownEnginePid() !== undefined) {
      const others = await runningContainers(engine.command, signal);
      const empty = (await run(engine.command, ["ps", "-a", "-q"], { signal, timeout: 20_000 })).stdout.trim() === "";
      if (others.length > 0) done.push(`The container engine goes on running for ${others.join(", ")}.`);
      else if (await stopEngine(signal)) {
        done.push("Container engine stopped.");
        if (cache && empty) await purgeOwnEngine();
      }
    }
    if (cache) {
      for (const folder of ["source", "images", "tools", "bin", "go", "imported.json"]) {
        await rm(join(at.cache, folder), { recursive: true, force: true });
      }
      done.push("Everything built or pulled was deleted.");
    }
    if (done.length === 0) done.push("There was nothing to stop.");
    return done;
  } finally {
    release();
  }
}

/** Names of containers that still run. */
async function runningContainers(command: string, signal?: AbortSignal): Promise<string[]> {
  const { stdout } = await run(command, ["ps", "--format", "{{.Names}}"], { signal, timeout: 20_000 });
  return stdout.split("\n").filter(Boolean);
}

async function removeImages(command: string, signal?: AbortSignal): Promise<void> {
  const { stdout } = await run(
    command,
    ["images", "--filter", `reference=${imagePrefix}/*`, "--format", "{{.Repository}}:{{.Tag}}"],
    { signal },
  );
  const names = stdout.split("\n").filter(Boolean);
  if (names.length > 0) await run(command, ["rmi", ...names], { signal, allowFailure: true });
}
