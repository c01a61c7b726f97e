import { diskFull } from "./artifact.ts";
import { bringUp } from "./bring-up.ts";
import { contextHandle } from "./context.ts";
import { rememberCurrent } from "./current.ts";
import { toHandle } from "./handle.ts";
import { loadInto } from "./images.ts";
import { adminKubeconfig, clusterLock, readRecord } from "./kind.ts";
import { lock } from "./lock.ts";
import { clusterName, type Paths, paths } from "./paths.ts";
import { apiAnswers } from "./probe.ts";
import { which } from "./run.ts";
import type { ClusterHandle, ClusterView, Provider } from "./types.ts";
import { Reporter } from "./view.ts";

export interface EnsureOptions {
  /** Overrides the choice; "context" needs `context`. */
  provider?: Provider;
  /** Name of an existing kubeconfig context. */
  context?: string;
  /** Worker nodes beside the control plane, when the cluster is created. Default 2. */
  workers?: number;
  /** Whether software may be installed without asking. */
  yes: boolean;
  signal: AbortSignal;
  /** Called with every change, at most about once a second while something runs. */
  onView?: (view: ClusterView) => void;
  log?: (line: string) => void;
  /** Images of workbook.local the labs need, made and loaded along the way. */
  images?: readonly string[];
}

/**
 * Makes sure there is a cluster that answers, with the images the labs need, and returns how to reach it. What exists is
 * found and reused, what is stopped is started, what is missing is pulled or built. Throws NeedsConsent before anything is
 * installed without `yes`, ClusterError with what to do, or the signal's reason; a second call carries on where the first stopped.
 */
export async function ensureCluster(options: EnsureOptions): Promise<ClusterHandle> {
  const at = paths();
  options.signal.throwIfAborted();
  const reporter = new Reporter(options.onView ?? (() => {}));
  if (options.provider === "context" || options.context !== undefined) {
    const handle = await contextHandle(at, options);
    rememberCurrent(at, handle);
    reporter.ready(handle);
    return handle;
  }
  const name = clusterName();
  const there = await existing(at, name, options);
  if (there) {
    rememberCurrent(at, there);
    reporter.ready(there);
    return there;
  }
  const release = lock(clusterLock(at, name), `preparing the cluster "${name}"`);
  try {
    const handle = await bringUp(at, name, options, reporter);
    rememberCurrent(at, handle);
    reporter.ready(handle);
    return handle;
  } catch (error) {
    throw diskFull(error, at.cache);
  } finally {
    release();
  }
}

/** The cluster as it is, if it answers with all its nodes and images: nothing has to be done then. */
async function existing(at: Paths, name: string, options: EnsureOptions): Promise<ClusterHandle | undefined> {
  const record = await readRecord(at, name);
  if (!record?.complete) return undefined;
  const answer = await apiAnswers(adminKubeconfig(at, name), 1500);
  if (!answer.ok || !(await which("kubectl", at.bin))) return undefined;
  if (answer.nodes.length < record.workers + 1 || answer.nodes.some((node) => !node.ready)) return undefined;
  const handle = await toHandle(
    at,
    record,
    answer.version,
    answer.nodes.map((node) => node.name),
  );
  const missing = await loadInto(handle, options.images ?? [], { at, signal: options.signal, checkOnly: true });
  return missing.length === 0 ? handle : undefined;
}
