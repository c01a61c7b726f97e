import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import { findEngine } from "../engine.ts";
import { findGoOrGet } from "../go-toolchain.ts";
import { imageSteps, loadInto } from "../images.ts";
import { nodeContainers } from "../kind.ts";
import { paths } from "../paths.ts";
import { runSteps, type Step } from "../steps.ts";
import { ClusterError, type ClusterHandle } from "../types.ts";
import { type Addon, type AddonName, addonLabel, type Making, namespaceOf } from "./addon.ts";
import { gateway } from "./gateway.ts";
import { Kubectl } from "./kubectl.ts";
import { leased } from "./lease.ts";
import * as ledgers from "./ledger.ts";
import { metricsServer } from "./metrics-server.ts";
import { prometheus } from "./prometheus.ts";

const addons: Readonly<Record<AddonName, Addon>> = {
  "metrics-server": metricsServer,
  prometheus,
  gateway,
};

/** The names labs may ask for. */
export const addonNames = Object.keys(addons) as AddonName[];

/** Milliseconds for which a user is recorded: whoever still needs an add-on says so again before. */
export const heldFor = 15 * 60_000;
/** Milliseconds after its end at which a user's record goes. */
const forgottenAfter = 60 * 60_000;
/** Marks an add-on the cluster brings along. */
const provided = "provided";

export interface AddonOptions {
  /** Who uses them, as recorded in the cluster: the lab's namespace, or a name of one's own. */
  user: string;
  /** Milliseconds since 1970; default: `heldFor` from now. */
  until?: number;
  /** Whether software may be installed on this machine without asking (a Go compiler, where it has none). Default false. */
  yes?: boolean;
  signal: AbortSignal;
  /** What is going on, in a few words; called only when something has to be done. */
  says?: (text: string) => void;
}

interface Listed {
  metadata: { labels?: Record<string, string> };
  status?: { availableReplicas?: number };
}

/** The part of a cluster's handle that add-ons need. */
export type AddonPlace = Pick<ClusterHandle, "provider" | "name" | "kubeconfig" | "bin" | "engine">;

const kubectlOf = (place: AddonPlace, signal?: AbortSignal): Kubectl =>
  new Kubectl(join(place.bin, "kubectl"), place.kubeconfig, {
    log: join(paths().log, "addons.log"),
    ...(signal && { signal }),
  });

/** The same from a kubeconfig alone: whether its cluster is one of kind's on this machine, whose nodes images can be loaded into. */
export async function addonPlace(kubeconfig: string, signal: AbortSignal): Promise<AddonPlace> {
  const { bin } = paths();
  const file = parse(await readFile(kubeconfig, "utf8")) as { "current-context"?: string } | null;
  const context = file?.["current-context"] ?? "";
  const name = /^kind-(.+)$/.exec(context)?.[1];
  const engine = name ? await findEngine(signal) : undefined;
  if (name && engine && (await nodeContainers(engine, name, signal)).length > 0)
    return { provider: "kind", name, kubeconfig, bin, engine: engine.command };
  return { provider: "context", name: context, kubeconfig, bin };
}

const imageOf = (place: AddonPlace, addon: Addon): string => (place.provider === "kind" ? addon.image : addon.upstream);

/** Changes with everything that is applied: an add-on of an earlier version of the workbook is brought up to date. */
const fingerprint = (addon: Addon, image: string): string =>
  createHash("sha256")
    .update(JSON.stringify(addon.objects(image)))
    .digest("hex")
    .slice(0, 16);

/**
 * Makes sure the cluster has these add-ons, working, and records who uses them. Quick (a read and a write of the API) where they are there already.
 * Safe to repeat, to interrupt, and to do from several processes at once. Throws ClusterError with what to do.
 */
export async function ensureAddons(
  place: AddonPlace,
  names: readonly AddonName[],
  options: AddonOptions,
): Promise<void> {
  if (names.length === 0) return;
  const { user, signal, says = () => {} } = options;
  const until = options.until ?? Date.now() + heldFor;
  const kubectl = kubectlOf(place, signal);
  const wanted = names.map((name) => addons[name]);
  const fresh = (ledger: ledgers.Ledger, available: ReadonlySet<string>) =>
    wanted.filter((addon) => {
      const has = ledger.installed.get(addon.name);
      return has !== provided && (has !== fingerprint(addon, imageOf(place, addon)) || !available.has(addon.name));
    });
  // Registered before it is known to be there: who removes it meanwhile sees us, or we see in the answer that it is gone.
  const [ledger, ready] = await Promise.all([ledgers.use(kubectl, names, user, until), available(kubectl)]);
  if (ledger && fresh(ledger, ready).length === 0) return;
  await ledgers.open(kubectl);
  await leased(kubectl, { signal, says }, async () => {
    const now = await ledgers.use(kubectl, names, user, until);
    for (const addon of now ? fresh(now, await available(kubectl)) : wanted) {
      await install(place, kubectl, addon, { yes: options.yes === true, signal, says });
    }
  });
}

/** The add-ons that have a pod that is available. */
async function available(kubectl: Kubectl): Promise<ReadonlySet<string>> {
  const list = await kubectl.get<{ items: Listed[] }>(["deployments", "-A", "-l", addonLabel]);
  const ready = list?.items.filter((one) => (one.status?.availableReplicas ?? 0) > 0) ?? [];
  return new Set(ready.map((one) => one.metadata.labels?.[addonLabel] ?? ""));
}

async function install(place: AddonPlace, kubectl: Kubectl, addon: Addon, options: Making): Promise<void> {
  const { signal } = options;
  const says = (text: string) => options.says(`${addon.title}: ${text}`);
  try {
    if (await addon.provided?.(kubectl)) {
      await working(kubectl, addon, says, signal);
      await ledgers.installed(kubectl, addon.name, provided);
      return;
    }
    if (place.provider === "kind") await bring(place, addon.image, { ...options, says });
    await addon.prepare?.(kubectl, { ...options, says });
    says("installing");
    const image = imageOf(place, addon);
    await kubectl.apply(addon.objects(image));
    await rolledOut(kubectl, addon, says, signal);
    await working(kubectl, addon, says, signal);
    await ledgers.installed(kubectl, addon.name, fingerprint(addon, image));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ClusterError) throw error;
    throw new ClusterError(
      `${addon.title} could not be installed: ${(error as Error).message}`,
      "Whatever was built or installed already is kept.",
      `Try again; what was tried is in ${join(paths().log, "addons.log")}.`,
      { cause: error },
    );
  }
}

/** Makes an add-on's image, from its sources where it must be, and loads it into the nodes that lack it. */
async function bring(place: AddonPlace, image: string, { yes, signal, says }: Making): Promise<void> {
  const at = paths();
  const log = join(at.log, "addons.log");
  let go = "go";
  const makers = imageSteps([image], {
    at,
    engine: { command: place.engine ?? "docker" },
    online: false,
    log,
    needs: [],
    goCommand: () => go,
  });
  const compiler: Step = {
    id: "go",
    title: "Go compiler",
    lane: "io",
    estimate: 30_000,
    done: async () => {
      for (const step of makers) if (step.needs?.includes("go") && !(await step.done())) return false;
      return true;
    },
    run: async ({ detail, signal: stop }) => {
      go = await findGoOrGet({ cache: at.cache, yes, signal: stop, log, detail });
    },
  };
  let said = "";
  await runSteps([compiler, ...makers], {
    signal,
    durations: join(at.cache, "durations.json"),
    onChange: (steps) => {
      const now = steps.find((step) => step.state === "running");
      if (!now) return;
      const left = Math.max(0, now.estimate - now.elapsed);
      const about = left > 60_000 ? `, about ${Math.ceil(left / 60_000)} min left` : "";
      const line = `${now.title}${now.detail ? `: ${now.detail}` : ""}${about} (once on this machine)`;
      if (line !== said) says(line);
      said = line;
    },
  });
  await loadInto(place as ClusterHandle, [image], { at, signal, log, detail: (text) => says(`loading ${text}`) });
}

interface Pods {
  items: {
    metadata: { name: string; deletionTimestamp?: string };
    status?: {
      phase?: string;
      conditions?: { type: string; status: string; message?: string }[];
      containerStatuses?: {
        ready: boolean;
        state?: { waiting?: { reason?: string; message?: string }; terminated?: { reason?: string } };
      }[];
    };
  }[];
}

/** Why its pod does not run yet, in a few words. */
async function podSays(kubectl: Kubectl, addon: Addon): Promise<string> {
  const pods = await kubectl.get<Pods>(["pods", "-n", namespaceOf(addon.name)]);
  const pod = pods?.items.find((one) => !one.metadata.deletionTimestamp);
  if (!pod) return "it has no pod yet";
  const { waiting, terminated } = pod.status?.containerStatuses?.[0]?.state ?? {};
  const refused = pod.status?.conditions?.find((one) => one.type === "PodScheduled" && one.status === "False");
  return refused?.message ?? waiting?.reason ?? terminated?.reason ?? `its pod is ${pod.status?.phase ?? "new"}`;
}

async function rolledOut(
  kubectl: Kubectl,
  addon: Addon,
  says: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const by = Date.now() + 120_000;
  for (;;) {
    const wait = await kubectl.try([
      "rollout",
      "status",
      `deployment/${addon.name}`,
      "-n",
      namespaceOf(addon.name),
      "--timeout=5s",
    ]);
    if (wait.code === 0) return;
    const why = await podSays(kubectl, addon);
    if (Date.now() > by) throw new Error(`its pod does not get ready (${why})`);
    says(`starting (${why})`);
    await sleep(200, undefined, { signal });
  }
}

async function working(
  kubectl: Kubectl,
  addon: Addon,
  says: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const by = Date.now() + addon.within;
  let said: string | undefined;
  for (;;) {
    const lacking = await addon.lacks(kubectl);
    if (lacking === undefined) return;
    if (Date.now() > by) throw new Error(`it runs, but ${lacking}`);
    if (lacking !== said) says(`waiting: ${lacking}`);
    said = lacking;
    await sleep(500, undefined, { signal });
  }
}

/** Says that a user needs add-ons still, or (with an `until` that is near) no longer. */
export async function keepAddons(
  place: AddonPlace,
  names: readonly AddonName[],
  options: Pick<AddonOptions, "user" | "until"> & { signal?: AbortSignal },
): Promise<void> {
  const { user, until = Date.now() + heldFor } = options;
  await ledgers.use(kubectlOf(place, options.signal), names, user, until);
}

/** Removes the add-ons that nobody uses any more. Returns their names. */
export async function sweepAddons(
  place: AddonPlace,
  options: { signal: AbortSignal; says?: (text: string) => void },
): Promise<AddonName[]> {
  const { signal, says = () => {} } = options;
  const kubectl = kubectlOf(place, signal);
  const idle = (ledger: ledgers.Ledger): AddonName[] =>
    [...ledger.installed.keys()].filter(
      (name) => name in addons && ![...(ledger.users.get(name)?.values() ?? [])].some((until) => until > Date.now()),
    );
  const before = await ledgers.read(kubectl);
  // Long gone: nobody renews such a record in the moment it is struck off.
  const old = [...before.users].flatMap(([name, users]) =>
    [...users].filter(([, until]) => until < Date.now() - forgottenAfter).map(([user]) => [name, user] as const),
  );
  if (old.length > 0) await ledgers.forget(kubectl, old);
  if (idle(before).length === 0) return [];
  return leased(kubectl, { signal, says }, async () => {
    const removed: AddonName[] = [];
    for (;;) {
      const now = await ledgers.read(kubectl);
      const [next] = idle(now);
      if (!next) return removed;
      // Somebody came meanwhile: look again.
      if (!(await ledgers.strike(kubectl, next, now))) continue;
      says(`${addons[next].title}: removing, no lab uses it`);
      if (now.installed.get(next) !== provided) await remove(kubectl, addons[next]);
      const gone = [...(now.users.get(next)?.keys() ?? [])].map((user) => [next, user] as const);
      if (gone.length > 0) await ledgers.forget(kubectl, gone);
      removed.push(next);
    }
  });
}

async function remove(kubectl: Kubectl, addon: Addon): Promise<void> {
  for (const kind of addon.scattered) {
    await kubectl.try([
      "delete",
      kind,
      "-A",
      "-l",
      `${addonLabel}=${addon.name}`,
      "--ignore-not-found",
      "--wait=false",
    ]);
  }
  await kubectl.run([
    "delete",
    "namespace",
    namespaceOf(addon.name),
    "--ignore-not-found",
    "--wait=true",
    "--timeout=55s",
  ]);
}
