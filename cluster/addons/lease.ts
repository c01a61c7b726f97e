import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { startTime } from "../lock.ts";
import { ClusterError } from "../types.ts";
import type { Kubectl } from "./kubectl.ts";

/** Namespace of what the workbook itself keeps in a cluster. */
export const systemNamespace = "workbook-system";
const name = "workbook-addons";
/** Seconds after which a holder that said nothing has lost the lease. */
const duration = 40;
const renewEvery = 10_000;

interface Lease {
  metadata: { resourceVersion?: string };
  spec?: { holderIdentity?: string; renewTime?: string; leaseDurationSeconds?: number };
}

/** Names this process even after its number has been given to another, and each of its own holds. */
const identity = (): string =>
  `${hostname()}/${process.pid}/${startTime(process.pid) ?? ""}/${Math.random().toString(36).slice(2, 10)}`;

/** Whether a holder cannot be at work any more: its time ran out, or it was a process of this machine that ended. */
function abandoned(lease: Lease, now = Date.now()): boolean {
  const { holderIdentity = "", renewTime } = lease.spec ?? {};
  if (!renewTime || now - Date.parse(renewTime) > duration * 1000) return true;
  const [host, pid, start] = holderIdentity.split("/");
  if (host !== hostname()) return false;
  const running = startTime(Number(pid));
  return running === undefined || (running !== "" && start !== "" && running !== start);
}

const microTime = () => new Date().toISOString().replace("Z", "000Z");

/**
 * Runs `work` while nobody else on any machine changes the cluster's add-ons: a Lease in the cluster itself, renewed while it lasts,
 * taken over from a process that died. Waits for its turn; rejects with the signal's reason.
 */
export async function leased<T>(
  kubectl: Kubectl,
  options: { signal: AbortSignal; says: (text: string) => void },
  work: () => Promise<T>,
): Promise<T> {
  const { signal, says } = options;
  const me = identity();
  const body = (resourceVersion?: string) => ({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name, namespace: systemNamespace, ...(resourceVersion && { resourceVersion }) },
    spec: { holderIdentity: me, leaseDurationSeconds: duration, acquireTime: microTime(), renewTime: microTime() },
  });
  for (let waited = 0; ; waited++) {
    signal.throwIfAborted();
    const made = await kubectl.try(["create", "-f", "-"], body());
    if (made.code === 0) break;
    if (!/AlreadyExists|already exists/.test(made.stderr)) {
      throw new ClusterError(
        `The cluster does not let the workbook keep its add-ons: ${made.stderr.trim().split("\n").at(-1)}`,
        "Nothing was changed.",
        "See that the cluster answers (./workbook status), then try again.",
      );
    }
    const held = await kubectl.get<Lease>(["lease", name, "-n", systemNamespace]);
    if (!held) continue;
    if (abandoned(held) && (await kubectl.try(["replace", "-f", "-"], body(held.metadata.resourceVersion))).code === 0)
      break;
    if (waited === 2) says("waiting: another workbook process is busy with the add-ons");
    await sleep(500, undefined, { signal });
  }
  const renewal = setInterval(() => {
    const patch = JSON.stringify({ spec: { renewTime: microTime() } });
    kubectl.try(["patch", "lease", name, "-n", systemNamespace, "--type=merge", "-p", patch]).catch(() => {});
  }, renewEvery);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    const after = kubectl.detached();
    const held = await after.get<Lease>(["lease", name, "-n", systemNamespace]).catch(() => undefined);
    if (held?.spec?.holderIdentity === me)
      await after.try(["delete", "lease", name, "-n", systemNamespace, "--wait=false"]).catch(() => {});
  }
}
