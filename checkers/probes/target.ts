import type { Target } from "../core/check.ts";
import { LookError } from "../core/errors.ts";
import { kinds } from "../core/port.ts";
import { FreshCluster } from "../kube/fresh.ts";
import type { Transport } from "../kube/transport.ts";

/** Which port of this machine's loopback a node port is mapped to; undefined where it is not. */
export type NodePorts = (nodePort: number) => number | undefined;

/** A node port of the cluster, and the port of this machine's loopback that leads to it. */
export interface MappedPort {
  container: number;
  host: number;
}

/** Node ports of a cluster of which these are mapped to this machine; the others are asked from inside. */
export const mapped =
  (nodePorts: readonly MappedPort[] = []): NodePorts =>
  (port) =>
    nodePorts.find(({ container }) => container === port)?.host;

/** A target as one URL, and where it has to be asked from. */
export interface Address {
  url: string;
  from: "inside" | "here";
}

/**
 * Where a target is. A NodePort that is mapped to this machine is asked from here, as the learner does; one that is not, from inside
 * the cluster at a node's own address. Rejects with LookError for what is no address, before anything is sent.
 */
export async function addressOf(
  transport: Transport,
  target: Target,
  own: string,
  nodePorts: NodePorts,
): Promise<Address> {
  const path = `/${(target.path ?? "/").replace(/^\//, "")}`;
  if (target.nodePort !== undefined) {
    const host = nodePorts(target.nodePort);
    if (host !== undefined) return { url: checked(`http://127.0.0.1:${host}${path}`), from: "here" };
    return { url: checked(`http://${await nodeAddress(transport)}:${target.nodePort}${path}`), from: "inside" };
  }
  const { service, port = 80, namespace = own } = target;
  if (!service) throw new LookError("A request needs a Service or a NodePort to go to.");
  return { url: checked(`http://${service}.${namespace}.svc.cluster.local:${port}${path}`), from: "inside" };
}

/** Where somebody at this machine finds a node port: "localhost:30080" where it is mapped, else at a node's own address. */
export async function outside(transport: Transport, nodePort: number, nodePorts: NodePorts): Promise<string> {
  const host = nodePorts(nodePort);
  return host === undefined ? `${await nodeAddress(transport)}:${nodePort}` : `localhost:${host}`;
}

function checked(url: string): string {
  if (/^[\x21-\x7e]+$/.test(url) && !/["\\]/.test(url)) return url;
  throw new LookError(`${JSON.stringify(url)} is not an address that can be asked.`);
}

async function nodeAddress(transport: Transport): Promise<string> {
  const nodes = await new FreshCluster(transport, "").list(kinds.Node);
  const ready = nodes.find((node) =>
    node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
  );
  const address = ready?.status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
  if (!address) throw new LookError("No node is ready, so its NodePorts cannot be reached.");
  return address.includes(":") ? `[${address}]` : address;
}

/** A target's method, headers and body as they are sent. A body is JSON unless a header says otherwise, and makes it a POST. */
export function requestOf(target: Target): { method: string; headers: Record<string, string>; body?: string } {
  const { body } = target;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(target.headers ?? {})) {
    if (!/^[\w-]+$/.test(name) || /[\r\n]/.test(value)) throw new LookError(`${name} is no header that can be sent.`);
    headers[name.toLowerCase()] = value;
  }
  if (body !== undefined) headers["content-type"] ??= "application/json";
  return {
    method: target.method ?? (body === undefined ? "GET" : "POST"),
    headers,
    ...(body !== undefined && { body }),
  };
}
