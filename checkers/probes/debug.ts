import { randomBytes } from "node:crypto";
import type { V1EphemeralContainer, V1Pod } from "@kubernetes/client-node";
import { systemClock } from "../clock.ts";
import { LookError } from "../core/errors.ts";
import { poll } from "../core/poll.ts";
import { kinds } from "../core/port.ts";
import { NotFound } from "../kube/errors.ts";
import { FreshCluster } from "../kube/fresh.ts";
import { statusMessage, type Transport } from "../kube/transport.ts";
import { type ExecResult, type ExecTarget, exec } from "./exec.ts";

const image = "workbook.local/toolbox:1.0";
const prefix = "workbook-debug-";
/** Seconds such a container lives. */
const life = 300;
/** Milliseconds until it must run. */
const startLimit = 30_000;

/**
 * A command beside a running container, as `kubectl debug --target` has it: in an ephemeral container that shares its processes (1 is the
 * application) and network and brings sh, ps, curl and the like, for images without a shell. The pod keeps its mark, as an
 * ephemeral container cannot be removed; it ends by itself after 5 minutes and is used again until then. Where pod security refuses one
 * that may look into other users' processes, it runs as the user the pod names.
 */
export async function debug(
  transport: Transport,
  target: ExecTarget,
  command: readonly string[],
  signal: AbortSignal,
): Promise<ExecResult> {
  const cluster = new FreshCluster(transport, target.namespace, signal);
  const read = async (): Promise<V1Pod> => {
    const pod = await cluster.get(kinds.Pod, target.pod);
    if (!pod) throw new NotFound(`pods "${target.pod}" not found.`);
    return pod;
  };
  const pod = await read();
  const container = target.container ?? pod.spec?.containers[0]?.name ?? "";
  const name = runningFor(pod, container) ?? (await add(transport, pod, container, signal));
  let why = "it is starting";
  const { done } = await poll(
    async () => {
      const { state } = (await read()).status?.ephemeralContainerStatuses?.find((one) => one.name === name) ?? {};
      why = state?.waiting?.reason ?? state?.terminated?.reason ?? why;
      return state?.running !== undefined;
    },
    { clock: systemClock, within: startLimit, done: Boolean, signal, pauses: [100, 200, 400] },
  );
  signal.throwIfAborted();
  if (!done) throw new LookError(`The container that looks into pod/${target.pod} does not run: ${why}.`);
  return exec(transport, { ...target, container: name }, command, signal);
}

/** One of ours beside this container that still runs. */
function runningFor({ spec, status }: V1Pod, container: string): string | undefined {
  const runs = (name: string): boolean =>
    status?.ephemeralContainerStatuses?.some((one) => one.name === name && one.state?.running) ?? false;
  return spec?.ephemeralContainers?.find(
    (one) => one.name.startsWith(prefix) && one.targetContainerName === container && runs(one.name),
  )?.name;
}

async function add(transport: Transport, pod: V1Pod, target: string, signal: AbortSignal): Promise<string> {
  const { name: podName = "", namespace = "" } = pod.metadata ?? {};
  const name = `${prefix}${randomBytes(3).toString("hex")}`;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(podName)}/ephemeralcontainers`;
  const container = pod.spec?.containers.find((one) => one.name === target);
  let message = "";
  for (const securityContext of [
    // To see the environment and files of another user's process takes ptrace.
    { runAsUser: 0, runAsNonRoot: false, capabilities: { add: ["SYS_PTRACE"] } },
    {
      ...(container?.securityContext?.runAsUser && { runAsUser: container.securityContext.runAsUser }),
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
  ]) {
    const one: V1EphemeralContainer = {
      name,
      image,
      imagePullPolicy: "IfNotPresent",
      targetContainerName: target,
      command: ["sleep", String(life)],
      securityContext,
    };
    const answer = await transport.raw(path, {
      method: "PATCH",
      contentType: "application/strategic-merge-patch+json",
      body: { spec: { ephemeralContainers: [one] } },
      signal,
    });
    if (answer.status < 400) return name;
    message = statusMessage(answer.body) ?? `HTTP ${answer.status}`;
    if (answer.status !== 403) break;
  }
  throw new LookError(`Nothing can be put beside pod/${podName} to look into it: ${message}.`);
}
