import { existsSync } from "node:fs";
import { chmod, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { missingCapabilities } from "./capability.ts";
import { type Engine, kindEnv } from "./engine.ts";
import type { Paths } from "./paths.ts";
import { run } from "./run.ts";
import { ClusterError, type ImageSource } from "./types.ts";
import { imagePrefix } from "./versions.ts";

/** What must be remembered about a cluster of ours. */
export interface ClusterRecord {
  name: string;
  engine: "docker" | "podman";
  image: string;
  source: ImageSource;
  workers: number;
  apiPort: number;
  /** Host port for each of nodePorts. */
  hostPorts: readonly number[];
  createdAt: string;
  /** False while kind is at work: what an interrupted creation left is deleted, not used. */
  complete: boolean;
}

export const nodePorts = [30080, 30081, 30082] as const;
const podSubnet = "10.244.0.0/16";

const suffix = (name: string) => (name === "workbook" ? "" : `-${name}`);

/** kubeconfig of the checkers, which names this cluster alone. */
export function adminKubeconfig(at: Paths, name: string): string {
  return join(at.kube, `admin${suffix(name)}.yaml`);
}

function recordFile(at: Paths, name: string): string {
  return join(at.state, `cluster${suffix(name)}.json`);
}

/** Lock of whoever changes this cluster or what it is made of. */
export function clusterLock(at: Paths, name: string): string {
  return join(at.cache, `cluster${suffix(name)}.lock`);
}

export async function readRecord(at: Paths, name: string): Promise<ClusterRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(recordFile(at, name), "utf8")) as ClusterRecord & { hostPort?: number };
    // A cluster made before all of its ports were kept has that of the first.
    const { hostPort, hostPorts = hostPort ? [hostPort] : [], ...rest } = record;
    return rest.name === name && hostPorts.length > 0 ? { ...rest, hostPorts } : undefined;
  } catch {
    return undefined;
  }
}

async function privately(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, text, { mode: 0o600 });
  await chmod(temporary, 0o600);
  await rename(temporary, file);
}

/**
 * Rewrites the checkers' kubeconfig as JSON, which is YAML as well: a command that only checks then need not load a YAML library,
 * which takes longer than its checks do.
 */
export async function plainKubeconfig(file: string): Promise<void> {
  const text = await readFile(file, "utf8");
  if (!text.startsWith("{")) await privately(file, `${JSON.stringify(parse(text))}\n`);
}

export async function writeRecord(at: Paths, record: ClusterRecord): Promise<void> {
  await privately(recordFile(at, record.name), `${JSON.stringify(record, null, 2)}\n`);
}

export async function forget(at: Paths, name: string): Promise<void> {
  await rm(recordFile(at, name), { force: true });
  await rm(adminKubeconfig(at, name), { force: true });
}

/** Whether nothing listens on this port of the loopback (0 asks for any). Resolves to the port or undefined. */
export function freePort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      const got = typeof address === "object" && address ? address.port : undefined;
      server.close(() => resolve(got));
    });
  });
}

/** The wanted port if it is free, else the next free one that isn't taken already. */
async function portNear(wanted: number, taken: Set<number>): Promise<number> {
  for (let port = wanted; port < wanted + 1000; port += 10) {
    if (!taken.has(port) && (await freePort(port)) !== undefined) {
      taken.add(port);
      return port;
    }
  }
  const any = await freePort(0);
  if (any === undefined)
    throw new ClusterError(
      "No free port on the loopback.",
      "Nothing was changed.",
      "Close some programs and try again.",
    );
  taken.add(any);
  return any;
}

export interface KindConfigOptions {
  name: string;
  workers: number;
  apiPort: number;
  /** Host port for each of nodePorts. */
  hostPorts: readonly number[];
  /** Images come from our own build: names without an upstream's. */
  ownImages: boolean;
  /** Capabilities this machine can't grant. */
  missing: readonly string[];
}

/** kind's configuration as YAML. */
export function kindConfig(options: KindConfigOptions): string {
  const constrained = options.missing.includes("CAP_SYS_RESOURCE");
  const patches: string[] = [];
  if (options.ownImages) patches.push(stringify({ kind: "ClusterConfiguration", imageRepository: imagePrefix }));
  // Labs run on small disks: nothing is evicted or collected because a laptop is nearly full.
  patches.push(
    stringify({
      kind: "KubeletConfiguration",
      imageGCHighThresholdPercent: 100,
      evictionHard: { "nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%" },
    }),
  );
  return stringify({
    kind: "Cluster",
    apiVersion: "kind.x-k8s.io/v1alpha4",
    name: options.name,
    ...(constrained && { featureGates: { KubeletInUserNamespace: true } }),
    networking: {
      ipFamily: "ipv4",
      kubeProxyMode: "nftables",
      podSubnet,
      apiServerAddress: "127.0.0.1",
      apiServerPort: options.apiPort,
    },
    kubeadmConfigPatches: patches,
    nodes: [
      {
        role: "control-plane",
        extraPortMappings: nodePorts.map((containerPort, index) => ({
          containerPort,
          hostPort: options.hostPorts[index],
          listenAddress: "127.0.0.1",
          protocol: "TCP",
        })),
      },
      ...Array.from({ length: options.workers }, () => ({ role: "worker" })),
    ],
  });
}

export interface NodeContainer {
  name: string;
  running: boolean;
}

/** Node containers of a cluster, running or not, control plane first. */
export async function nodeContainers(
  engine: Pick<Engine, "command">,
  name: string,
  signal?: AbortSignal,
): Promise<NodeContainer[]> {
  const { stdout } = await run(
    engine.command,
    ["ps", "-a", "--filter", `label=io.x-k8s.kind.cluster=${name}`, "--format", "{{.Names}}\t{{.State}}"],
    { signal, timeout: 20_000 },
  );
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [node, state] = line.split("\t");
      return { name: node!, running: state === "running" };
    })
    .sort(
      (a, b) =>
        Number(b.name.includes("control-plane")) - Number(a.name.includes("control-plane")) ||
        a.name.localeCompare(b.name),
    );
}

export interface CreateOptions {
  engine: Engine;
  /** kind's binary. */
  kind: string;
  name: string;
  image: string;
  source: ImageSource;
  workers: number;
  at: Paths;
  log: string;
  signal: AbortSignal;
  detail: (text: string) => void;
}

/** Creates the cluster; an interrupted or failed creation leaves none. */
export async function createCluster(options: CreateOptions): Promise<ClusterRecord> {
  const { engine, name, at, signal, detail, log } = options;
  const taken = new Set<number>();
  const hostPorts: number[] = [];
  for (const port of nodePorts) hostPorts.push(await portNear(port, taken));
  const apiPort = await portNear(26443, taken);
  const config = kindConfig({
    name,
    workers: options.workers,
    apiPort,
    hostPorts,
    ownImages: options.image.startsWith(`${imagePrefix}/`),
    missing: missingCapabilities(),
  });
  const kubeconfig = adminKubeconfig(at, name);
  const record: ClusterRecord = {
    name,
    engine: engine.command,
    image: options.image,
    source: options.source,
    workers: options.workers,
    apiPort,
    hostPorts,
    createdAt: new Date().toISOString(),
    complete: false,
  };
  await writeRecord(at, record);
  try {
    await run(
      options.kind,
      ["create", "cluster", "--name", name, "--image", options.image, "--kubeconfig", kubeconfig, "--config", "-"],
      {
        input: config,
        env: kindEnv(engine),
        signal,
        log,
        onLine: (line) =>
          detail(
            line
              .replace(/[^\x20-\x7e]/g, "")
              .replace(/^\s*\*\s*/, "")
              .trim(),
          ),
      },
    );
  } catch (error) {
    // Where nothing can be deleted (the engine is gone), the record stays and says that the creation was not finished.
    await deleteCluster(engine, options.kind, name, log).then(
      () => forget(at, name),
      () => {},
    );
    throw error;
  }
  await chmod(kubeconfig, 0o600);
  await startOnlyWhenAsked(engine, await nodeContainers(engine, name, signal), signal);
  record.complete = true;
  await writeRecord(at, record);
  return record;
}

interface Inspected {
  Config: { Image: string; Labels: Record<string, string> };
  Created: string;
  HostConfig: { PortBindings: Record<string, { HostPort: string }[] | null> };
}

/** Works out the record of a cluster whose own was lost (another state folder, a restored machine) from its containers. */
export async function adopt(
  engine: Pick<Engine, "command">,
  name: string,
  signal?: AbortSignal,
): Promise<ClusterRecord | undefined> {
  const nodes = await nodeContainers(engine, name, signal);
  const plane = nodes.find((node) => node.name === `${name}-control-plane`);
  if (!plane) return undefined;
  const { stdout } = await run(engine.command, ["inspect", plane.name], { signal, timeout: 20_000 });
  const [container] = JSON.parse(stdout) as Inspected[];
  const port = (inside: number) => Number(container?.HostConfig.PortBindings[`${inside}/tcp`]?.[0]?.HostPort);
  const [apiPort, hostPorts] = [port(6443), nodePorts.map(port)];
  if (!container || !apiPort || !hostPorts.every(Boolean)) return undefined;
  const image = container.Config.Image;
  return {
    name,
    engine: engine.command,
    image,
    source: image.startsWith(`${imagePrefix}/`) ? "source" : "registry",
    workers: nodes.length - 1,
    apiPort,
    hostPorts,
    createdAt: container.Created,
    complete: true,
  };
}

/** Deletes the cluster's node containers and volumes. */
export async function deleteCluster(
  engine: Pick<Engine, "command">,
  kind: string,
  name: string,
  log?: string,
): Promise<void> {
  if (existsSync(kind)) {
    await run(kind, ["delete", "cluster", "--name", name, "--kubeconfig", "/dev/null"], {
      env: kindEnv(engine),
      log,
      timeout: 120_000,
    });
    return;
  }
  const nodes = await nodeContainers(engine, name);
  if (nodes.length > 0)
    await run(engine.command, ["rm", "-f", "-v", ...nodes.map((node) => node.name)], { log, timeout: 120_000 });
}

/** Writes the admin kubeconfig again, for a cluster whose own was lost. */
export async function restoreKubeconfig(
  engine: Engine,
  kind: string,
  at: Paths,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const { stdout } = await run(kind, ["get", "kubeconfig", "--name", name], { env: kindEnv(engine), signal });
  await privately(adminKubeconfig(at, name), stdout);
}

/**
 * Leaves it to the workbook when nodes start. kind lets the engine start them again after any end that was not clean, as a stop is: a cluster nobody
 * asked for would then run beside another whenever the engine starts, and take half of a small machine.
 */
async function startOnlyWhenAsked(
  engine: Pick<Engine, "command">,
  nodes: readonly NodeContainer[],
  signal?: AbortSignal,
): Promise<void> {
  const names = nodes.map((node) => node.name);
  if (names.length === 0) return;
  // An engine that cannot do it starts a cluster too many, and that is all.
  await run(engine.command, ["update", "--restart=no", ...names], { signal, timeout: 20_000, allowFailure: true });
}

/** Starts node containers that are stopped. The control plane goes first, so that it gets its old address back. */
export async function startNodes(engine: Engine, nodes: readonly NodeContainer[], signal: AbortSignal): Promise<void> {
  await startOnlyWhenAsked(engine, nodes, signal);
  for (const node of nodes) {
    if (node.running) continue;
    try {
      await run(engine.command, ["start", node.name], { signal, timeout: 60_000 });
    } catch (error) {
      const port =
        /:(\d+) failed: port is already allocated|listen tcp4? [\d.]+:(\d+): bind: address already in use/.exec(
          String(error),
        );
      if (!port) throw error;
      throw new ClusterError(
        `Port ${port[1] ?? port[2]} of this machine, which the cluster uses, is taken by another program.`,
        "The cluster and its state are kept.",
        `Find it with \`ss -ltnp 'sport = :${port[1] ?? port[2]}'\`, stop it, and run \`./workbook up\` again.`,
      );
    }
  }
}

/** Stops node containers; they keep their state. */
export async function stopNodes(
  engine: Pick<Engine, "command">,
  nodes: readonly NodeContainer[],
  signal?: AbortSignal,
): Promise<void> {
  await startOnlyWhenAsked(engine, nodes, signal);
  const running = nodes.filter((node) => node.running).map((node) => node.name);
  if (running.length > 0) await run(engine.command, ["stop", "-t", "20", ...running], { signal, timeout: 120_000 });
}

/** When each node container was started, in milliseconds since the epoch. */
export async function nodeStarts(
  engine: Pick<Engine, "command">,
  nodes: readonly NodeContainer[],
  signal?: AbortSignal,
): Promise<Map<string, number>> {
  const names = nodes.map((node) => node.name);
  const { stdout } = await run(engine.command, ["inspect", "--format", "{{.Name}}\t{{.State.StartedAt}}", ...names], {
    signal,
    timeout: 20_000,
  });
  const starts = new Map<string, number>();
  for (const line of stdout.split("\n").filter(Boolean)) {
    const [name, time] = line.split("\t");
    starts.set(name!.replace(/^\//, ""), Date.parse(time!));
  }
  return starts;
}

interface NodeList {
  items: { metadata: { name: string }; status?: { conditions?: { type: string; status: string }[] } }[];
}

interface LeaseList {
  items: { metadata: { name: string }; spec: { renewTime?: string } }[];
}

interface PodList {
  items: {
    metadata: { name: string; deletionTimestamp?: string };
    spec: { nodeName?: string };
    status?: { podIP?: string; containerStatuses?: { ready: boolean; state?: { running?: { startedAt: string } } }[] };
  }[];
}

interface SliceList {
  items: { endpoints?: { addresses: string[]; conditions?: { ready?: boolean } }[] }[];
}

/**
 * What keeps the cluster from being ready, in a few words; undefined when nothing does. After a restart the API server repeats
 * what was so before until each kubelet reports again: only leases and containers newer than their node's start count. The addresses
 * behind the DNS Service follow later still, once a controller manager leads again: until then names are asked of pods that are gone.
 */
export function notReady(
  nodes: NodeList,
  leases: LeaseList,
  system: PodList,
  dns: SliceList,
  starts: ReadonlyMap<string, number>,
): string | undefined {
  const condition = (node: NodeList["items"][number]) =>
    node.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True");
  const renewed = new Map(leases.items.map((lease) => [lease.metadata.name, Date.parse(lease.spec.renewTime ?? "")]));
  const ready = nodes.items.filter((node) => {
    const { name } = node.metadata;
    return condition(node) && (renewed.get(name) ?? 0) > (starts.get(name) ?? 0);
  });
  if (ready.length < starts.size) return `${ready.length} of ${starts.size} nodes are ready`;
  const pods = system.items.filter((pod) => !pod.metadata.deletionTimestamp);
  const up = pods.filter((pod) => {
    // The API server gives whole seconds.
    const since = (starts.get(pod.spec.nodeName ?? "") ?? 0) - 1000;
    const containers = pod.status?.containerStatuses ?? [];
    return (
      containers.length > 0 &&
      containers.every((c) => c.ready && Date.parse(c.state?.running?.startedAt ?? "") >= since)
    );
  });
  // One proxy on each node, and DNS.
  if (up.length < starts.size + 1)
    return `all nodes are ready, DNS and Services are starting (${up.length} of ${pods.length})`;
  const endpoints = dns.items.flatMap((slice) => slice.endpoints ?? []);
  const answering = endpoints.filter(({ conditions }) => conditions?.ready !== false).flatMap((one) => one.addresses);
  const addresses = new Set(up.map((pod) => pod.status?.podIP));
  if (answering.length === 0 || answering.some((address) => !addresses.has(address)))
    return "all nodes are ready, the DNS Service does not lead to its pods yet";
  return undefined;
}

/** Waits until every node is Ready and Services and DNS work, or throws with what is missing after `timeout` ms. */
export async function waitReady(options: {
  kubectl: string;
  kubeconfig: string;
  /** When each node was started. */
  starts: ReadonlyMap<string, number>;
  timeout: number;
  signal: AbortSignal;
  detail: (text: string) => void;
}): Promise<void> {
  const { kubectl, kubeconfig, signal, detail } = options;
  const deadline = performance.now() + options.timeout;
  const get = async <T>(args: string[]): Promise<T> => {
    const command = ["--kubeconfig", kubeconfig, "--request-timeout=5s", "get", ...args, "-o", "json"];
    return JSON.parse((await run(kubectl, command, { signal, timeout: 15_000 })).stdout) as T;
  };
  for (;;) {
    let missing: string | undefined;
    try {
      const [nodes, leases, pods, dns] = await Promise.all([
        get<NodeList>(["nodes"]),
        get<LeaseList>(["leases", "-n", "kube-node-lease"]),
        get<PodList>(["pods", "-n", "kube-system", "-l", "k8s-app in (kube-dns,kube-proxy)"]),
        get<SliceList>(["endpointslices", "-n", "kube-system", "-l", "kubernetes.io/service-name=kube-dns"]),
      ]);
      missing = notReady(nodes, leases, pods, dns, options.starts);
    } catch {
      signal.throwIfAborted();
      missing = "the API server does not answer yet";
    }
    if (!missing) return;
    detail(missing);
    if (performance.now() > deadline) {
      throw new ClusterError(
        `The cluster was not ready within ${Math.round(options.timeout / 1000)} s: ${missing}.`,
        "The cluster and its state are kept.",
        "Run `./workbook doctor`, then `./workbook up` again; `./workbook down --delete` starts afresh.",
      );
    }
    await sleep(500, undefined, { signal });
  }
}
