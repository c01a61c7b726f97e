import { systemClock } from "../clock.ts";
import { LookError } from "../core/errors.ts";
import { poll } from "../core/poll.ts";
import { Conflict, NotFound } from "../kube/errors.ts";
import type { Transport } from "../kube/transport.ts";

/** Where what the workbook itself runs in a cluster lives, so that no lab counts it. */
export const systemNamespace = "workbook-system";
const image = "workbook.local/load:1.0";
/** One for each version of the image, so that two versions of the workbook on one cluster do not take each other's away. */
const name = "workbook-load-1.0";
/** Milliseconds until the pod must run. */
const startLimit = 60_000;

interface ProbePod {
  metadata?: { deletionTimestamp?: string };
  spec?: { containers?: { image?: string }[] };
  status?: {
    phase?: string;
    containerStatuses?: { state?: { running?: object; waiting?: { reason?: string; message?: string } } }[];
  };
}

const labels = { "workbook.local/probe": "true", "app.kubernetes.io/managed-by": "workbook" };
const manifest = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels },
  spec: {
    terminationGracePeriodSeconds: 0,
    enableServiceLinks: false,
    automountServiceAccountToken: false,
    // Full names need no search through the cluster's domains: one query instead of four.
    dnsConfig: { options: [{ name: "ndots", value: "1" }] },
    containers: [
      {
        name: "load",
        image,
        imagePullPolicy: "IfNotPresent",
        command: ["sleep", "infinity"],
        resources: { requests: { cpu: "10m", memory: "16Mi" } },
      },
    ],
  },
};
const pods = `/api/v1/namespaces/${systemNamespace}/pods`;

/** The pod that measures from inside the cluster: made when there is none, reused by everyone afterwards. Resolves once it runs. */
export async function toolbox(transport: Transport, signal: AbortSignal): Promise<{ namespace: string; pod: string }> {
  let why = "it was not created";
  const { done } = await poll(
    async () => {
      const pod = await transport.json<ProbePod>(`${pods}/${name}`, { signal }).catch(unlessMissing);
      if (!pod) {
        await create(transport, signal);
        why = "it is starting";
        return false;
      }
      const { phase, containerStatuses } = pod.status ?? {};
      const state = containerStatuses?.[0]?.state;
      const stale = pod.spec?.containers?.[0]?.image !== image || phase === "Failed" || phase === "Succeeded";
      if (stale && !pod.metadata?.deletionTimestamp) {
        await transport
          .json(`${pods}/${name}`, { method: "DELETE", body: { gracePeriodSeconds: 0 }, signal })
          .catch(unlessMissing);
      }
      why = state?.waiting?.reason ?? phase ?? why;
      return phase === "Running" && state?.running !== undefined && !stale && !pod.metadata?.deletionTimestamp;
    },
    { clock: systemClock, within: startLimit, done: Boolean, signal, pauses: [100, 150, 250, 500] },
  );
  signal.throwIfAborted();
  if (!done) {
    throw new LookError(
      `The pod that measures from inside the cluster (${systemNamespace}/${name}) does not run: ${why}.`,
      `Look at it: kubectl describe pod ${name} -n ${systemNamespace}`,
    );
  }
  return { namespace: systemNamespace, pod: name };
}

const unlessMissing = (error: unknown): undefined => {
  if (error instanceof NotFound) return undefined;
  throw error;
};
const unlessThere = (error: unknown): void => {
  if (!(error instanceof Conflict)) throw error;
};

async function create(transport: Transport, signal: AbortSignal): Promise<void> {
  await ensureSystemNamespace(transport, signal);
  await transport.json(pods, { method: "POST", body: manifest, signal }).catch(unlessThere);
}

/** Makes the namespace of what the workbook itself keeps in the cluster, where it is not there yet. */
export async function ensureSystemNamespace(transport: Transport, signal: AbortSignal): Promise<void> {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: systemNamespace, labels } };
  await transport.json("/api/v1/namespaces", { method: "POST", body: namespace, signal }).catch(unlessThere);
}
