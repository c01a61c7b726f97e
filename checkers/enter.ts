import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { systemClock } from "./clock.ts";
import { LookError } from "./core/errors.ts";
import type { AddonName } from "./core/lab.ts";
import { poll } from "./core/poll.ts";
import { copyFilled } from "./exams/fill.ts";
import { Conflict, NotFound } from "./kube/errors.ts";
import { Transport } from "./kube/transport.ts";
import { apply } from "./kubectl.ts";
import type { LoadedLab } from "./labs.ts";
import { writeLearnerKubeconfig } from "./learner-kubeconfig.ts";

export interface EnterOptions {
  lab: LoadedLab;
  /** The checkers' own. */
  kubeconfig: string;
  namespace: string;
  /** labs: root of the working folders; kube: folder of the terminals' kubeconfigs. As cluster/paths.ts gives them. */
  paths: { labs: string; kube: string };
  /** Program; default: "kubectl" on PATH. */
  kubectl?: string;
  /** Files of start/cluster/ that are not put in. */
  without?: readonly string[];
  /** More labels for the namespace. */
  labels?: Record<string, string>;
  signal?: AbortSignal;
  /** Told each step, in a few words. */
  says?: (step: string) => void;
  /** Makes sure the cluster has these add-ons, working. Where it is left out, the lab gets none. */
  addons?: (names: readonly AddonName[], says: (step: string) => void) => Promise<void>;
}
export interface Entered {
  namespace: string;
  /** The working folder: where terminals start; holds answers/. */
  folder: string;
  /** The terminal's kubeconfig. */
  kubeconfig: string;
}

/** Where a lab's working folder and terminal kubeconfig are, whether it was entered or not. */
export const placesOf = (
  lab: { slug: string },
  paths: { labs: string; kube: string },
): { folder: string; kubeconfig: string } => ({
  folder: join(paths.labs, lab.slug),
  kubeconfig: join(paths.kube, `${lab.slug}.yaml`),
});

const started = "workbook.local/started";
/** Milliseconds a namespace that is going away gets. */
const goneLimit = 120_000;
/** Milliseconds until pods that are still there are ended once more. */
const endAgain = 2_000;

interface Namespace {
  metadata: { name: string; annotations?: Record<string, string>; deletionTimestamp?: string };
  status?: { phase?: string; conditions?: { type: string; status: string; message?: string }[] };
}

const missing = (error: unknown): undefined => {
  if (error instanceof NotFound) return undefined;
  throw error;
};
const find = (transport: Transport, name: string): Promise<Namespace | undefined> =>
  transport.json<Namespace>(`/api/v1/namespaces/${name}`).catch(missing);

/**
 * Makes a lab ready to be worked on: its namespace, what start/ puts there (the first time only), the working folder (the
 * learner's own files stay) and the terminal's kubeconfig. Safe to repeat.
 */
export async function enterLab(options: EnterOptions): Promise<Entered> {
  const transport = await Transport.open({ kubeconfig: options.kubeconfig });
  try {
    return await enterOver(transport, options);
  } finally {
    transport.close();
  }
}

async function enterOver(transport: Transport, options: EnterOptions): Promise<Entered> {
  const { lab, namespace, says = () => {} } = options;
  const places = placesOf(lab, options.paths);
  copyStart(lab, places.folder, namespace);
  await writeLearnerKubeconfig({
    admin: options.kubeconfig,
    path: places.kubeconfig,
    namespace: lab.definition.startsIn === "default" ? "default" : namespace,
  });
  const found = await create(transport, options);
  options.signal?.throwIfAborted();
  // Once the namespace is there, which stands for the lab among those who use them; before what start/ puts in, which may rely on them.
  const { addons = [] } = lab.definition;
  if (addons.length > 0) await options.addons?.(addons, says);
  options.signal?.throwIfAborted();
  if (found.metadata.annotations?.[started] === undefined) {
    await withFilled(lab, join(lab.dir, "start/cluster"), namespace, async (cluster) => {
      const all = existsSync(cluster) ? manifests(cluster) : [];
      const files = all.filter((file) => !options.without?.includes(basename(file)));
      if (files.length > 0) says("putting in what the lab begins with");
      await apply(files, {
        kubectl: options.kubectl ?? "kubectl",
        kubeconfig: options.kubeconfig,
        namespace,
        ...(options.signal && { signal: options.signal }),
      });
    });
    // Last, so that an interrupted start is done again.
    await transport.json(`/api/v1/namespaces/${namespace}`, {
      method: "PATCH",
      contentType: "application/merge-patch+json",
      body: { metadata: { annotations: { [started]: new Date().toISOString() } } },
    });
  }
  return { namespace, ...places };
}

/** Whether a file, named by its path in the folder, is one of those that are applied from there. */
export const isManifest = (file: string): boolean => !file.includes("/") && /\.ya?ml$/.test(file);

/** The YAML files of a folder, in order. */
export const manifests = (dir: string): string[] =>
  readdirSync(dir)
    .filter(isManifest)
    .sort()
    .map((name) => join(dir, name));

/**
 * What {{name}} stands for in what a lab puts in: of an exam's task every fact of its seed, of a lab its namespace, where a name must be the
 * learner's own in the whole cluster, as a route's host must.
 */
const filledIn = (lab: LoadedLab, namespace: string): Readonly<Record<string, unknown>> =>
  lab.exam === undefined ? { namespace } : lab.facts(namespace);

/** A copy of the folder with the facts filled in, for as long as `use` takes; the folder itself where it is not there. */
export async function withFilled<T>(
  lab: LoadedLab,
  dir: string,
  namespace: string,
  use: (dir: string) => Promise<T>,
): Promise<T> {
  if (!existsSync(dir)) return use(dir);
  const copy = mkdtempSync(join(tmpdir(), "workbook-filled-"));
  try {
    copyFilled(dir, copy, filledIn(lab, namespace));
    return await use(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function copyStart(lab: LoadedLab, folder: string, namespace: string): void {
  mkdirSync(folder, { recursive: true });
  const files = join(lab.dir, "start/files");
  if (existsSync(files)) copyFilled(files, folder, filledIn(lab, namespace), true);
  if (Object.keys(lab.definition.answers ?? {}).length > 0) mkdirSync(join(folder, "answers"), { recursive: true });
}

async function create(transport: Transport, options: EnterOptions): Promise<Namespace> {
  const { lab, namespace, says = () => {} } = options;
  const there = await find(transport, namespace);
  if (there && !there.metadata.deletionTimestamp) return there;
  if (there) {
    says("waiting for the old namespace to go away");
    await untilGone(transport, namespace, options.signal);
  }
  const labels = { ...options.labels, "workbook.local/lab": lab.slug, "app.kubernetes.io/managed-by": "workbook" };
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } };
  const made = await transport
    .json<Namespace>("/api/v1/namespaces", { method: "POST", body })
    .catch(async (error: unknown) => {
      const other = error instanceof Conflict ? await find(transport, namespace) : undefined;
      if (other) return other;
      throw error;
    });
  await accountReady(transport, namespace, options.signal);
  return made;
}

/** Pods are refused until the namespace has its default ServiceAccount; that takes a moment after it was created. */
async function accountReady(transport: Transport, namespace: string, signal?: AbortSignal): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
  await poll(() => transport.json(path).catch(missing), {
    clock: systemClock,
    within: 15_000,
    done: (account) => account !== undefined,
    ...(signal && { signal }),
    pauses: [20, 50, 100, 250],
  });
}

async function untilGone(
  transport: Transport,
  namespace: string,
  signal?: AbortSignal,
  within = goneLimit,
): Promise<void> {
  let ended = Number.NEGATIVE_INFINITY;
  const { done, value } = await poll(
    async () => {
      const left = await find(transport, namespace);
      // Again and again: a pod may have been on its way in. Not each time: it costs the API server more than all the looking.
      if (left && systemClock.now() - ended >= endAgain) {
        ended = systemClock.now();
        await endPods(transport, namespace);
      }
      return left;
    },
    {
      clock: systemClock,
      within,
      done: (left) => left === undefined,
      ...(signal && { signal }),
      pauses: [100, 250, 500],
    },
  );
  signal?.throwIfAborted();
  if (done) return;
  const why = value?.status?.conditions
    ?.filter((one) => one.status === "True" && one.message)
    .map((one) => one.message);
  throw new LookError(
    `The namespace ${namespace} does not go away: ${why?.join("; ") || "the API server gives no reason"}.`,
    `An object in it probably has a finalizer nobody serves. Find it with: kubectl api-resources --verbs=list --namespaced -o name | xargs -n1 kubectl get -n ${namespace} --ignore-not-found; remove its metadata.finalizers, then reset again.`,
  );
}

/** Ends pods without their grace period: a learner's preStop of a minute must not hold up a reset. */
const endPods = (transport: Transport, namespace: string): Promise<unknown> =>
  transport
    .json(`/api/v1/namespaces/${namespace}/pods`, {
      method: "DELETE",
      body: { gracePeriodSeconds: 0, propagationPolicy: "Background" },
    })
    .catch(missing);

/**
 * Deletes a namespace with everything in it, at once. Resolves when it is gone; also when it was not there. Rejects with what holds
 * it when it is still there after `within` milliseconds.
 */
export async function deleteNamespace(
  transport: Transport,
  namespace: string,
  signal?: AbortSignal,
  within = goneLimit,
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}`;
  // The namespace first: then nothing can put new pods into it.
  await transport.json(path, { method: "DELETE" }).catch((error: unknown) => {
    if (error instanceof NotFound || error instanceof Conflict) return undefined;
    throw error;
  });
  await untilGone(transport, namespace, signal, within);
}

/**
 * Brings a lab back to its start. The working folder is saved first (to `saved`; "" when it was empty), progress is not touched. The folder
 * itself stays in place, so that open terminals stay in it. Safe to repeat, also after an interruption.
 */
export async function resetLab(options: EnterOptions): Promise<Entered & { saved: string }> {
  const { lab, paths, says = () => {} } = options;
  const { folder, kubeconfig } = placesOf(lab, paths);
  const transport = await Transport.open({ kubeconfig: options.kubeconfig });
  try {
    const saved = saveFolder(lab, paths.labs, folder);
    says("deleting what is in the namespace");
    await deleteNamespace(transport, options.namespace, options.signal);
    if (existsSync(folder))
      for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
    rmSync(kubeconfig, { force: true });
    return { ...(await enterOver(transport, options)), saved };
  } finally {
    transport.close();
  }
}

function saveFolder(lab: LoadedLab, root: string, folder: string): string {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return "";
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-");
  const saved = join(root, ".saved", `${lab.slug}-${stamp}`);
  mkdirSync(join(root, ".saved"), { recursive: true });
  cpSync(folder, saved, { recursive: true, verbatimSymlinks: true });
  return saved;
}
