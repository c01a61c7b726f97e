import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { KubeconfigError } from "./errors.ts";

/** What a TLS connection to the API server needs. */
interface TlsOptions {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  servername?: string;
  rejectUnauthorized?: boolean;
}

export interface Connection {
  /** Origin and path prefix of the API server, without a trailing slash: "https://127.0.0.1:6443". */
  server: string;
  context: string;
  /** The context's namespace as kubectl would use it. */
  namespace: string;
  /** Credentials may be short-lived, so both are asked for anew. */
  tls(): Promise<TlsOptions>;
  headers(): Promise<Record<string, string>>;
}

export interface KubeconfigFile {
  "current-context"?: string;
  clusters?: { name: string; cluster: Record<string, unknown> }[];
  users?: { name: string; user: Record<string, unknown> }[];
  contexts?: { name: string; context: { cluster: string; user: string; namespace?: string } }[];
}

const restore = 'Run "./workbook up": it writes a fresh one.';

/** Parses a kubeconfig. JSON is YAML too and parses without loading a YAML library. */
export async function parseKubeconfig(text: string, path: string): Promise<KubeconfigFile> {
  try {
    const parsed: unknown = text.trimStart().startsWith("{")
      ? JSON.parse(text)
      : ((await import("yaml")).parse(text) as unknown);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as KubeconfigFile;
  } catch (cause) {
    throw new KubeconfigError(`The kubeconfig ${path} cannot be parsed: ${firstLine(cause)}.`, restore, { cause });
  }
  throw new KubeconfigError(`The kubeconfig ${path} is empty or not a mapping.`, restore);
}

const firstLine = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).split("\n")[0]?.replace(/[.:]$/, "") ?? "";

/** The kubeconfig files kubectl would read, in order. */
function defaultKubeconfigs(env: NodeJS.ProcessEnv = process.env): string[] {
  const named = env.KUBECONFIG?.split(delimiter).filter(Boolean);
  return named?.length ? named : [join(homedir(), ".kube", "config")];
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "is not there" : `cannot be read (${code ?? "unknown"})`;
    throw new KubeconfigError(`The kubeconfig ${path} ${why}.`, 'Run "./workbook up" to start the cluster.', { cause });
  }
}

/** Base64 data in the file, or the file it names (relative to the kubeconfig). */
function material(from: Record<string, unknown>, key: string, base: string): Buffer | undefined {
  const data = from[`${key}-data`];
  if (typeof data === "string" && data !== "") return Buffer.from(data, "base64");
  const file = from[key];
  if (typeof file !== "string" || file === "") return undefined;
  return Buffer.from(readText(resolve(base, file)));
}

function refuseExpired(cert: Buffer, path: string): void {
  let until: Date;
  try {
    until = new X509Certificate(cert).validToDate;
  } catch (cause) {
    throw new KubeconfigError(`The client certificate in ${path} cannot be parsed.`, restore, { cause });
  }
  if (until.getTime() < Date.now()) {
    throw new KubeconfigError(
      `The client certificate in ${path} expired on ${until.toISOString().slice(0, 10)}.`,
      'Run "./workbook up": it renews the credentials, or says how to.',
    );
  }
}

export interface ConnectionOptions {
  /** Default: what kubectl would read. */
  kubeconfig?: string;
  /** Default: the file's current context. */
  context?: string;
}

/**
 * Reads a kubeconfig's context. Certificates, tokens and token files are read here; a user that logs in with a program or a
 * provider goes through @kubernetes/client-node, which takes a second to load and is loaded for nothing else.
 * Throws KubeconfigError: missing, unreadable, incomplete or expired.
 */
export async function loadConnection(options: ConnectionOptions = {}): Promise<Connection> {
  const paths = options.kubeconfig ? [options.kubeconfig] : defaultKubeconfigs();
  if (paths.length > 1) return viaClientNode(undefined, options.context);
  const path = paths[0] as string;
  const file = await parseKubeconfig(readText(path), path);
  const context = options.context ?? file["current-context"];
  const missing = (what: string): KubeconfigError => new KubeconfigError(`The kubeconfig ${path} ${what}.`, restore);
  if (!context) throw missing("has no current context");
  const chosen = file.contexts?.find((one) => one.name === context)?.context;
  if (!chosen) throw missing(`has no context "${context}"`);
  const cluster = file.clusters?.find((one) => one.name === chosen.cluster)?.cluster;
  if (!cluster || typeof cluster.server !== "string") throw missing(`has no cluster "${chosen.cluster}" with a server`);
  const user = file.users?.find((one) => one.name === chosen.user)?.user;
  if (!user) throw missing(`has no user "${chosen.user}"`);
  if (user.exec || user["auth-provider"] || cluster["proxy-url"]) return viaClientNode(options.kubeconfig, context);

  const base = dirname(resolve(path));
  const ca = material(cluster, "certificate-authority", base);
  const cert = material(user, "client-certificate", base);
  const key = material(user, "client-key", base);
  if (cert) refuseExpired(cert, path);
  const tls: TlsOptions = {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(typeof cluster["tls-server-name"] === "string" && { servername: cluster["tls-server-name"] }),
    ...(cluster["insecure-skip-tls-verify"] === true && { rejectUnauthorized: false }),
  };
  return {
    server: httpsOnly(cluster.server, path),
    context,
    namespace: chosen.namespace || "default",
    tls: async () => tls,
    headers: async () => bearer(user, base),
  };
}

function bearer(user: Record<string, unknown>, base: string): Record<string, string> {
  const file = user.tokenFile;
  const token = typeof file === "string" && file !== "" ? readText(resolve(base, file)).trim() : user.token;
  if (typeof token === "string" && token !== "") return { authorization: `Bearer ${token}` };
  if (typeof user.username === "string") {
    const pair = `${user.username}:${String(user.password ?? "")}`;
    return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
  }
  return {};
}

function httpsOnly(server: string, path: string): string {
  if (/^https:\/\//.test(server)) return server.replace(/\/+$/, "");
  throw new KubeconfigError(
    `The kubeconfig ${path} has a server without TLS (${server}).`,
    'Use a context whose server is https, or let "./workbook up" make a cluster.',
  );
}

async function viaClientNode(path: string | undefined, context: string | undefined): Promise<Connection> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  const from = path ?? defaultKubeconfigs().join(", ");
  try {
    if (path) config.loadFromFile(path);
    else config.loadFromDefault();
    if (context) config.setCurrentContext(context);
  } catch (cause) {
    throw new KubeconfigError(`The kubeconfig ${from} cannot be used: ${firstLine(cause)}.`, restore, { cause });
  }
  const cluster = config.getCurrentCluster();
  const chosen = config.getContextObject(config.getCurrentContext());
  if (!cluster || !chosen) throw new KubeconfigError(`The kubeconfig ${from} has no usable current context.`, restore);
  if (cluster.proxyUrl) {
    throw new KubeconfigError(
      `The context "${chosen.name}" goes through a proxy (proxy-url).`,
      "Use a context that reaches its server directly.",
    );
  }
  const apply = async (): Promise<TlsOptions & { headers?: Record<string, string> }> => {
    const options: TlsOptions & { headers?: Record<string, string> } = {};
    try {
      await config.applyToHTTPSOptions(options as Parameters<typeof config.applyToHTTPSOptions>[0]);
    } catch (cause) {
      throw new KubeconfigError(
        `Logging in to "${chosen.name}" failed: ${firstLine(cause)}.`,
        'See that "kubectl get namespaces" works, then try again.',
        { cause },
      );
    }
    return options;
  };
  return {
    server: httpsOnly(cluster.server, from),
    context: chosen.name,
    namespace: chosen.namespace || "default",
    tls: async () => {
      const { ca, cert, key, servername, rejectUnauthorized } = await apply();
      return {
        ...(ca && { ca }),
        ...(cert && { cert }),
        ...(key && { key }),
        ...(servername && { servername }),
        ...(rejectUnauthorized === false && { rejectUnauthorized }),
      };
    },
    headers: async () => {
      const { headers = {} } = await apply();
      return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
    },
  };
}
