import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { parse } from "yaml";

export interface Target {
  server: string;
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  token?: string;
}

interface Kubeconfig {
  "current-context"?: string;
  contexts?: { name: string; context: { cluster: string; user: string } }[];
  clusters?: { name: string; cluster: { server: string; "certificate-authority-data"?: string } }[];
  users?: { name: string; user: { "client-certificate-data"?: string; "client-key-data"?: string; token?: string } }[];
}

const decode = (data: string | undefined) => (data ? Buffer.from(data, "base64") : undefined);

/** What the current context of a flattened kubeconfig says about reaching its API server. */
export function target(text: string): Target | undefined {
  const config = parse(text) as Kubeconfig | null;
  const context = config?.contexts?.find((entry) => entry.name === config["current-context"])?.context;
  const cluster = config?.clusters?.find((entry) => entry.name === context?.cluster)?.cluster;
  const user = config?.users?.find((entry) => entry.name === context?.user)?.user;
  if (!cluster) return undefined;
  return {
    server: cluster.server,
    ca: decode(cluster["certificate-authority-data"]),
    cert: decode(user?.["client-certificate-data"]),
    key: decode(user?.["client-key-data"]),
    token: user?.token,
  };
}

function get(to: Target, path: string, timeout: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, to.server),
      {
        ca: to.ca,
        cert: to.cert,
        key: to.key,
        agent: false,
        timeout,
        headers: to.token ? { authorization: `Bearer ${to.token}` } : {},
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          if (incoming.statusCode !== 200)
            reject(new Error(`the API server answered ${incoming.statusCode} to ${path}`));
          else resolve(JSON.parse(text));
        });
      },
    );
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeout} ms`)), timeout);
    outgoing.on("close", () => clearTimeout(timer));
    outgoing.on("error", reject);
    outgoing.end();
  });
}

export type Answer =
  | { ok: true; version: string; nodes: { name: string; ready: boolean }[] }
  | { ok: false; problem: string };

interface NodeList {
  items: { metadata: { name: string }; status?: { conditions?: { type: string; status: string }[] } }[];
}

/** Asks the API server for its version and nodes without any client library, within `timeout` milliseconds. Never throws. */
export async function apiAnswers(kubeconfig: string, timeout: number): Promise<Answer> {
  try {
    const to = target(await readFile(kubeconfig, "utf8"));
    if (!to) return { ok: false, problem: `${kubeconfig} has no current context` };
    const [version, nodes] = (await Promise.all([get(to, "/version", timeout), get(to, "/api/v1/nodes", timeout)])) as [
      { gitVersion: string },
      NodeList,
    ];
    return {
      ok: true,
      version: version.gitVersion,
      nodes: nodes.items.map((node) => ({
        name: node.metadata.name,
        ready: node.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false,
      })),
    };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}
