import { randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { systemClock } from "../clock.ts";
import { Busy, LookError } from "../core/errors.ts";
import { poll } from "../core/poll.ts";
import { Conflict, NotFound } from "../kube/errors.ts";
import type { Transport } from "../kube/transport.ts";
import { ensureSystemNamespace, systemNamespace } from "./toolbox.ts";

/** Held by what measures or disturbs while nothing else in the cluster may. */
export const measureLease = "measure";
/** Held by what measures in, or disturbs, one namespace. */
export const namespaceLease = (namespace: string): string => `lab.${namespace}`;

/** Seconds until a lease of someone who crashed is free again, and milliseconds between renewals. */
const duration = 30;
const renewEvery = 10_000;
/** Milliseconds. */
const requestLimit = 5_000;
const saysAnnotation = "workbook.local/says";

const leases = `/apis/coordination.k8s.io/v1/namespaces/${systemNamespace}/leases`;

interface Lease {
  metadata: { name: string; uid?: string; resourceVersion?: string; annotations?: Record<string, string> };
  spec: { holderIdentity?: string; leaseDurationSeconds?: number; acquireTime?: string; renewTime?: string };
}

export interface LeaseOptions {
  /** What it is held for, told to others who wait: "the check … in lab-04". */
  says: string;
  /** Milliseconds to wait for whoever holds it. */
  wait: number;
  /** Told once what is being waited for. */
  waiting?: (what: string) => void;
}

/**
 * Acts while holding a Lease (coordination.k8s.io/v1) of the cluster, so that measurements of several gradings, contract runs and open
 * labs on one cluster never overlap, whichever process or machine they are of. It is renewed every 10 s and free 30 s after its holder
 * crashed (at once on the same machine); given back when act ends, however it does. The signal act gets aborts when the lease was lost (the API server
 * was away for too long), as somebody else may measure by then. Rejects with Busy when it was not free in time.
 */
export async function withLease<T>(
  transport: Transport,
  name: string,
  options: LeaseOptions,
  signal: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const held = await acquire(transport, name, options, signal);
  const lost = new AbortController();
  const stopRenewing = keep(transport, held, lost);
  try {
    return await act(AbortSignal.any([signal, lost.signal]));
  } finally {
    await stopRenewing();
    await release(transport, held.lease);
  }
}

/** The lease as last written: whoever writes next must have seen this version. */
interface Held {
  lease: Lease;
}

async function acquire(transport: Transport, name: string, options: LeaseOptions, signal: AbortSignal): Promise<Held> {
  const identity = `${machine()}/${process.pid}/${randomBytes(4).toString("hex")}`;
  const seen: Seen = { version: "", since: 0 };
  let told = false;
  let holder = "";
  const { value, done } = await poll(
    async () => {
      const taken = await take(transport, name, { identity, says: options.says }, seen, signal);
      if (typeof taken === "string") {
        holder = taken;
        if (!told) options.waiting?.(holder);
        told = true;
      }
      return taken;
    },
    {
      clock: systemClock,
      within: options.wait,
      done: (taken) => typeof taken === "object",
      signal,
      pauses: [50, 100, 200, 300, 500],
    },
  );
  signal.throwIfAborted();
  if (done && typeof value === "object") return { lease: value };
  throw new Busy(`Another measurement is running on this cluster: ${holder}.`, "Wait for it to end, then try again.");
}

/** The version of somebody else's lease that was seen, and since when it has not changed, in milliseconds. */
interface Seen {
  version: string;
  since: number;
}

/** One try. Resolves with the lease, or with what holds it. */
async function take(
  transport: Transport,
  name: string,
  mine: { identity: string; says: string },
  seen: Seen,
  signal: AbortSignal,
): Promise<Lease | string> {
  const now = new Date().toISOString().replace(/Z$/, "000Z");
  const metadata = { name, annotations: { [saysAnnotation]: mine.says } };
  const spec = {
    holderIdentity: mine.identity,
    leaseDurationSeconds: duration,
    acquireTime: now,
    renewTime: now,
  };
  const body = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
  try {
    const there = await transport
      .json<Lease>(`${leases}/${name}`, { signal, timeout: requestLimit })
      .catch(unlessMissing);
    if (!there) return await create(transport, body, signal);
    const { resourceVersion = "" } = there.metadata;
    if (seen.version !== resourceVersion) Object.assign(seen, { version: resourceVersion, since: systemClock.now() });
    if (!abandoned(there, seen))
      return there.metadata.annotations?.[saysAnnotation] ?? there.spec.holderIdentity ?? "unknown";
    return await transport.json<Lease>(`${leases}/${name}`, {
      method: "PUT",
      body: { ...body, metadata: { ...metadata, resourceVersion } },
      signal,
      timeout: requestLimit,
    });
  } catch (error) {
    // Someone was faster.
    if (error instanceof Conflict || error instanceof NotFound) return "one that began this moment";
    throw error;
  }
}

/** What shares our process ids: the machine, and on Linux the pid namespace (a container has its own). */
const machine = (): string => {
  try {
    return `${hostname()}/${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
};

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
};

/**
 * Whether its holder is gone: the lease has stayed unchanged for its duration before our own eyes, as another machine's clock may be
 * wrong. Where it was a process of this machine, at once when there is none of that id any more.
 */
function abandoned({ spec }: Lease, seen: Seen): boolean {
  const { holderIdentity, leaseDurationSeconds = duration } = spec;
  if (!holderIdentity || systemClock.now() - seen.since > leaseDurationSeconds * 1_000) return true;
  const here = `${machine()}/`;
  return holderIdentity.startsWith(here) && !runs(Number(holderIdentity.slice(here.length).split("/")[0]));
}

async function create(transport: Transport, body: object, signal: AbortSignal): Promise<Lease> {
  const post = (): Promise<Lease> =>
    transport.json<Lease>(leases, { method: "POST", body, signal, timeout: requestLimit });
  return post().catch(async (error: unknown) => {
    if (!(error instanceof NotFound)) throw error;
    await ensureSystemNamespace(transport, signal);
    return post();
  });
}

/** Renews it until the returned function was called; that resolves when no renewal is under way any more. */
function keep(transport: Transport, held: Held, lost: AbortController): () => Promise<void> {
  let renewed = systemClock.now();
  let underWay: Promise<void> | undefined;
  const renew = async (): Promise<void> => {
    const { metadata, spec } = held.lease;
    const renewTime = new Date().toISOString().replace(/Z$/, "000Z");
    try {
      held.lease = await transport.json<Lease>(`${leases}/${metadata.name}`, {
        method: "PUT",
        body: { ...held.lease, spec: { ...spec, renewTime } },
        timeout: requestLimit,
      });
      renewed = systemClock.now();
    } catch (error) {
      const taken = error instanceof Conflict || error instanceof NotFound;
      // The others wait for the whole duration; we stop a while before they begin.
      if (!taken && systemClock.now() - renewed < (duration - 8) * 1_000) return;
      lost.abort(
        new LookError(
          "The measurement was stopped: the API server was away for too long to keep others from measuring too.",
        ),
      );
    }
  };
  const timer = setInterval(() => {
    underWay ??= renew().finally(() => {
      underWay = undefined;
    });
  }, renewEvery);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await underWay;
  };
}

/** Gives it back. A failure is no one's concern: it runs out by itself. */
async function release(transport: Transport, { metadata }: Lease): Promise<void> {
  const { name, uid, resourceVersion } = metadata;
  const body = { preconditions: { uid, resourceVersion } };
  await transport.raw(`${leases}/${name}`, { method: "DELETE", body, timeout: requestLimit }).catch(() => {});
}

const unlessMissing = (error: unknown): undefined => {
  if (error instanceof NotFound) return undefined;
  throw error;
};
