import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type KubeconfigFile, parseKubeconfig } from "./kube/config.ts";
import { KubeconfigError } from "./kube/errors.ts";

/** Name of the one context (and cluster, and user) of a terminal's kubeconfig. */
const learnerContext = "workbook";

interface Entry {
  cluster: Record<string, unknown>;
  user: Record<string, unknown>;
}

async function adminEntry(path: string): Promise<Entry> {
  const file = await parseKubeconfig(readFileSync(path, "utf8"), path);
  const context = file.contexts?.find((one) => one.name === file["current-context"])?.context;
  const cluster = file.clusters?.find((one) => one.name === context?.cluster)?.cluster;
  const user = file.users?.find((one) => one.name === context?.user)?.user;
  if (!cluster || !user)
    throw new KubeconfigError(`The kubeconfig ${path} has no usable current context.`, 'Run "./workbook up".');
  return { cluster, user };
}

/**
 * Writes the terminal's kubeconfig: this cluster and nothing else. What the learner changed in one that is there (the namespace,
 * contexts of their own) stays; only where the cluster is and how to log in are brought up to date. Mode 0600.
 */
export async function writeLearnerKubeconfig(options: {
  admin: string;
  path: string;
  /** Of the context when it is first written. */
  namespace: string;
}): Promise<void> {
  const { admin, path, namespace } = options;
  const { cluster, user } = await adminEntry(admin);
  const own = {
    clusters: [{ name: learnerContext, cluster }],
    users: [{ name: learnerContext, user }],
  };
  const kept = existsSync(path) ? await usable(path) : undefined;
  const config: KubeconfigFile = {
    ...{ apiVersion: "v1", kind: "Config" },
    ...own,
    contexts: kept?.contexts ?? [
      {
        name: learnerContext,
        context: { cluster: learnerContext, user: learnerContext, ...(namespace !== "default" && { namespace }) },
      },
    ],
    "current-context": kept ? (kept["current-context"] ?? "") : learnerContext,
  };
  if (kept && JSON.stringify([kept.clusters, kept.users]) === JSON.stringify([own.clusters, own.users])) return;
  const { stringify } = await import("yaml");
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.${process.pid}`;
  writeFileSync(next, stringify(config), { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, path);
}

/** What is there, when it still is a kubeconfig with the context we gave it. */
async function usable(path: string): Promise<KubeconfigFile | undefined> {
  try {
    const file = await parseKubeconfig(readFileSync(path, "utf8"), path);
    const ours = file.contexts?.some(
      (one) => one.context.cluster === learnerContext && one.context.user === learnerContext,
    );
    return ours ? file : undefined;
  } catch {
    return undefined;
  }
}
