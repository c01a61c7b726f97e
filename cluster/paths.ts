import { chmodSync, mkdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

export interface Paths {
  /** Root of what can be made again. */
  cache: string;
  /** Root of what can't: progress, answers, credentials. Mode 0700. */
  state: string;
  /** SQLite file with the learner's progress. */
  db: string;
  /** Working folders, one per lab slug. */
  labs: string;
  /** kubeconfigs: admin.yaml for the checkers, LAB.yaml for terminals. Mode 0700. */
  kube: string;
  log: string;
  /** Pinned tools, for PATH. */
  bin: string;
}

type Env = Record<string, string | undefined>;

function xdg(env: Env, name: string, fallback: string): string {
  const value = env[name];
  // The XDG specification says relative values are to be ignored.
  return value && isAbsolute(value) ? value : join(env.HOME || homedir(), fallback);
}

function folder(path: string, mode: number): string {
  mkdirSync(path, { recursive: true, mode });
  if (mode === 0o700 && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700);
  return path;
}

/** Where things are kept, for this environment. Folders are made when first asked for, private where they hold state. */
export function paths(env: Env = process.env): Paths {
  const cache = join(xdg(env, "XDG_CACHE_HOME", ".cache"), "workbook");
  const home = env.WORKBOOK_HOME;
  const state = home && isAbsolute(home) ? home : join(xdg(env, "XDG_STATE_HOME", ".local/state"), "workbook");
  return {
    get cache() {
      return folder(cache, 0o755);
    },
    get state() {
      return folder(state, 0o700);
    },
    get db() {
      return join(folder(state, 0o700), "workbook.db");
    },
    get labs() {
      return folder(join(folder(state, 0o700), "labs"), 0o700);
    },
    get kube() {
      return folder(join(folder(state, 0o700), "kube"), 0o700);
    },
    get log() {
      return folder(join(folder(state, 0o700), "log"), 0o700);
    },
    get bin() {
      return folder(join(folder(cache, 0o755), "bin"), 0o755);
    },
  };
}

/** Name of the kind cluster: $WORKBOOK_CLUSTER, else "workbook". */
export function clusterName(env: Env = process.env): string {
  const name = env.WORKBOOK_CLUSTER || "workbook";
  if (!/^[a-z0-9]([a-z0-9.-]{0,48}[a-z0-9])?$/.test(name)) {
    throw new Error(`WORKBOOK_CLUSTER is ${JSON.stringify(name)}: use lower-case letters, digits and dashes.`);
  }
  return name;
}
