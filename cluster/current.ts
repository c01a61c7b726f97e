import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clusterName, type Paths, paths } from "./paths.ts";
import type { ClusterHandle, MappedPort, Provider } from "./types.ts";

/** The cluster the learner works on: what commands need to look at it without bringing anything up. */
export interface Current {
  provider: Provider;
  /** The checkers' kubeconfig. */
  kubeconfig: string;
  /** Node ports of the cluster as seen from this machine. */
  nodePorts: readonly MappedPort[];
}

const fileOf = (at: Paths, name: string): string => join(at.state, `current-${name}.json`);

/** Remembers which cluster the last `up` ended with. */
export function rememberCurrent(at: Paths, { provider, kubeconfig, nodePorts }: ClusterHandle): void {
  writeFileSync(fileOf(at, clusterName()), `${JSON.stringify({ provider, kubeconfig, nodePorts })}\n`, { mode: 0o600 });
}

/** What the last `up` ended with, if it is still there. Says nothing about whether the cluster answers. */
export function currentCluster(env?: Record<string, string | undefined>): Current | undefined {
  try {
    // One that was written before they were kept has no node ports.
    const {
      provider,
      kubeconfig,
      nodePorts = [],
    } = JSON.parse(readFileSync(fileOf(paths(env), clusterName(env)), "utf8")) as Current;
    return existsSync(kubeconfig) ? { provider, kubeconfig, nodePorts } : undefined;
  } catch {
    return undefined;
  }
}

export const forgetCurrent = (at: Paths, name: string): void => rmSync(fileOf(at, name), { force: true });
