import type { AddonName } from "./addon.ts";
import type { Kubectl } from "./kubectl.ts";
import { systemNamespace } from "./lease.ts";

const name = "workbook-addons";
/** What is recorded in the cluster: which add-ons it has, and who uses them. */
export interface Ledger {
  /** Fingerprint of what was installed, by add-on; "provided" where the cluster brings its own. */
  installed: Map<AddonName, string>;
  /** Users by add-on, and until when they need it (milliseconds since 1970). */
  users: Map<AddonName, Map<string, number>>;
  version?: string;
}

interface ConfigMap {
  metadata: { resourceVersion?: string };
  data?: Record<string, string>;
}

/** "prometheus" holds the fingerprint, "prometheus.lab-12" a user of it. */
const keyOf = (addon: AddonName, user: string): string => `${addon}.${user}`;

export function readLedger(map: ConfigMap | undefined): Ledger {
  const ledger: Ledger = { installed: new Map(), users: new Map() };
  if (map?.metadata.resourceVersion) ledger.version = map.metadata.resourceVersion;
  for (const [key, value] of Object.entries(map?.data ?? {})) {
    const dot = key.indexOf(".");
    const addon = (dot < 0 ? key : key.slice(0, dot)) as AddonName;
    if (dot < 0) ledger.installed.set(addon, value);
    else {
      const users = ledger.users.get(addon) ?? new Map<string, number>();
      users.set(key.slice(dot + 1), Date.parse(value) || 0);
      ledger.users.set(addon, users);
    }
  }
  return ledger;
}

/** Records a user of add-ons and until when (milliseconds since 1970). Returns what is recorded now; undefined where nothing is. */
export async function use(
  kubectl: Kubectl,
  addons: readonly AddonName[],
  user: string,
  until: number,
): Promise<Ledger | undefined> {
  return patch(kubectl, Object.fromEntries(addons.map((addon) => [keyOf(addon, user), new Date(until).toISOString()])));
}

/** Records that an add-on has been installed. */
export const installed = (kubectl: Kubectl, addon: AddonName, fingerprint: string): Promise<Ledger | undefined> =>
  patch(kubectl, { [addon]: fingerprint });

/** Removes users. */
export const forget = (
  kubectl: Kubectl,
  gone: readonly (readonly [AddonName, string])[],
): Promise<Ledger | undefined> =>
  patch(kubectl, Object.fromEntries(gone.map(([addon, user]) => [keyOf(addon, user), null])));

async function patch(kubectl: Kubectl, data: Record<string, string | null>): Promise<Ledger | undefined> {
  const args = ["patch", "configmap", name, "-n", systemNamespace, "--type=merge", "-o", "json"];
  const { code, stdout } = await kubectl.try([...args, "-p", JSON.stringify({ data })]);
  return code === 0 ? readLedger(JSON.parse(stdout) as ConfigMap) : undefined;
}

/** What is recorded now; nothing before the first add-on. */
export const read = async (kubectl: Kubectl): Promise<Ledger> =>
  readLedger(await kubectl.get<ConfigMap>(["configmap", name, "-n", systemNamespace]));

/** Makes the record, and the namespace it lies in, where there is none. */
export async function open(kubectl: Kubectl): Promise<void> {
  if ((await read(kubectl)).version !== undefined) return;
  await kubectl.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: systemNamespace } }]);
  const metadata = { name, namespace: systemNamespace, labels: { "app.kubernetes.io/managed-by": "workbook" } };
  // Another process may be quicker.
  await kubectl.try(["create", "-f", "-"], { apiVersion: "v1", kind: "ConfigMap", metadata });
}

/**
 * Strikes an add-on off, if nobody has come to use it since `ledger` was read: whoever registers later sees that it is gone and installs
 * it again. False: somebody has.
 */
export async function strike(kubectl: Kubectl, addon: AddonName, ledger: Ledger): Promise<boolean> {
  const change = [
    { op: "test", path: "/metadata/resourceVersion", value: ledger.version },
    { op: "remove", path: `/data/${addon}` },
  ];
  const args = ["patch", "configmap", name, "-n", systemNamespace, "--type=json", "-p", JSON.stringify(change)];
  return (await kubectl.try(args)).code === 0;
}
