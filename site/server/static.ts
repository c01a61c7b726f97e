import { createHash } from "node:crypto";
import { type Dirent, existsSync, readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { type BrotliOptions, brotliCompress, constants, gunzip, gzip, type ZlibOptions } from "node:zlib";
import type { MappedPort } from "../../cluster/types.ts";
import { inlineScriptHashes } from "./csp.ts";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
  ".avif": "image/avif",
  ".gif": "image/gif",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".woff": "font/woff",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
  ".xml": "application/xml; charset=utf-8",
  ".webmanifest": "application/manifest+json",
};
const compressible = new Set([
  ".html",
  ".css",
  ".js",
  ".mjs",
  ".json",
  ".svg",
  ".txt",
  ".xml",
  ".wasm",
  ".webmanifest",
]);
/** Stands for the namespace of lab NN in built pages. */
const sentinel = /wbns(\d\d)wb/g;
/** A port of the reader's own machine. */
const local = /\blocalhost(:| port )(\d+)\b/g;
type Squeeze<Options> = (data: string | Buffer, options?: Options) => Promise<Buffer<ArrayBuffer>>;
const brotli = promisify(brotliCompress) as Squeeze<BrotliOptions>;
const zip = promisify(gzip) as Squeeze<ZlibOptions>;
const unzip = promisify(gunzip) as Squeeze<ZlibOptions>;

type Encoding = "identity" | "br" | "gzip";

interface Asset {
  file: string;
  extension: string;
  /** Modification time in milliseconds, size, and ports that moved: a change drops what was made of it. */
  stamp: string;
  body?: Promise<Buffer<ArrayBuffer>>;
  etag?: string;
  encoded: Map<Encoding, Promise<Buffer<ArrayBuffer>>>;
}

export interface Served {
  status: 200 | 304;
  headers: Record<string, string>;
  body: Buffer<ArrayBuffer> | null;
}

export type Found = { kind: "asset"; asset: Asset } | { kind: "redirect"; to: string } | undefined;

/** What built pages cannot know. */
export interface LearnersOwn {
  /** The namespace of lab NN. */
  namespaceOf(number: string): string | undefined;
  /** Node ports that a port of this machine leads to; none are known before there is a cluster. */
  nodePorts(): readonly MappedPort[];
}

/**
 * The built site. Only what a walk of the folder found is served, by exact path, so no path leads out of it.
 * Compressed copies and pages with what is the learner's own filled in are made on first request and kept.
 */
export class StaticSite {
  #dist: string;
  readonly #learner: LearnersOwn;
  #assets = new Map<string, Asset>();
  #hashes: string[] = [];
  #built = "";

  constructor(dist: string, learner: LearnersOwn) {
    this.#dist = dist;
    this.#learner = learner;
  }

  /** Hashes of all inline scripts of all pages, for the Content-Security-Policy. */
  get scriptHashes(): readonly string[] {
    return this.#hashes;
  }

  /** Walks the folder if it was built anew since the last walk. Returns whether there is a site. */
  async refresh(): Promise<boolean> {
    const index = stampOf(join(this.#dist, "index.html"));
    if (index === undefined) {
      this.#assets.clear();
      this.#built = "";
      return false;
    }
    // The build writes this one last, when all others are there.
    const moved = this.#moved();
    const built = `${index} ${stampOf(join(this.#dist, ".built-from"))} ${moved.length > 0 ? JSON.stringify(moved) : ""}`;
    if (built === this.#built) return true;
    const assets = new Map<string, Asset>();
    for (const [path, file] of walk(this.#dist)) {
      const found = stampOf(file);
      if (found === undefined) continue;
      const stamp = `${found} ${JSON.stringify(moved)}`;
      const known = this.#assets.get(path);
      assets.set(
        path,
        known?.stamp === stamp ? known : { file, extension: extname(file).toLowerCase(), stamp, encoded: new Map() },
      );
    }
    const hashes: string[] = [];
    for (const asset of assets.values()) {
      if (asset.extension === ".html") hashes.push(...inlineScriptHashes((await this.#body(asset)).toString("utf8")));
    }
    this.#assets = assets;
    this.#hashes = [...new Set(hashes)];
    this.#built = built;
    return true;
  }

  /** path: decoded URL path, starting with a slash. */
  find(path: string): Found {
    const asset = this.#assets.get(path.endsWith("/") ? `${path}index.html` : path) ?? this.#assets.get(`${path}.html`);
    if (asset) return { kind: "asset", asset };
    if (this.#assets.has(`${path}/index.html`)) return { kind: "redirect", to: `${encodeURI(path)}/` };
    return undefined;
  }

  async serve(asset: Asset, request: { acceptEncoding?: string; ifNoneMatch?: string }): Promise<Served> {
    const body = await this.#body(asset);
    const encoding = compressible.has(asset.extension) && body.length > 512 ? best(request.acceptEncoding) : "identity";
    const etag = `"${asset.etag}${encoding === "identity" ? "" : `-${encoding}`}"`;
    const headers: Record<string, string> = {
      "content-type": types[asset.extension] ?? "application/octet-stream",
      // Astro names the files in _astro by their content.
      "cache-control": asset.file.startsWith(join(this.#dist, "_astro"))
        ? "public, max-age=31536000, immutable"
        : "no-cache",
      etag,
      vary: "accept-encoding",
    };
    if (request.ifNoneMatch?.split(",").some((one) => one.trim().replace(/^W\//, "") === etag)) {
      return { status: 304, headers, body: null };
    }
    if (encoding !== "identity") headers["content-encoding"] = encoding;
    const encoded = await this.#encoded(asset, body, encoding);
    headers["content-length"] = String(encoded.length);
    return { status: 200, headers, body: encoded };
  }

  #body(asset: Asset): Promise<Buffer<ArrayBuffer>> {
    asset.body ??= readFile(asset.file).then(
      async (raw) => {
        const body = await this.#filledIn(raw, asset.extension);
        asset.etag = createHash("sha256").update(body).digest("base64url").slice(0, 22);
        return body;
      },
      (error: unknown) => {
        asset.body = undefined;
        throw error;
      },
    );
    return asset.body;
  }

  /** Node ports that this machine has at another port than their own, because that was taken. */
  #moved(): readonly MappedPort[] {
    return this.#learner.nodePorts().filter(({ container, host }) => container !== host);
  }

  /** Pages, and the excerpts that the search shows of them (gzipped JSON), with the learner's namespaces and ports filled in. */
  async #filledIn(raw: Buffer<ArrayBuffer>, extension: string): Promise<Buffer<ArrayBuffer>> {
    if (extension !== ".html" && extension !== ".pf_fragment") return raw;
    const zipped = extension === ".pf_fragment";
    const text = (zipped ? await unzip(raw) : raw).toString("utf8");
    const named = text.replace(sentinel, (whole, number: string) => {
      const namespace = this.#learner.namespaceOf(number);
      return namespace !== undefined && /^[a-z0-9-]{1,63}$/.test(namespace) ? namespace : whole;
    });
    const ports = new Map(this.#moved().map(({ container, host }) => [String(container), host]));
    const filled = named.replace(local, (whole, sign: string, port: string) =>
      ports.has(port) ? `localhost${sign}${ports.get(port)}` : whole,
    );
    if (filled === text) return raw;
    return zipped ? zip(filled) : Buffer.from(filled, "utf8");
  }

  #encoded(asset: Asset, body: Buffer<ArrayBuffer>, encoding: Encoding): Promise<Buffer<ArrayBuffer>> {
    let made = asset.encoded.get(encoding);
    if (!made) {
      made =
        encoding === "br"
          ? brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 7 } })
          : encoding === "gzip"
            ? zip(body, { level: 7 })
            : Promise.resolve(body);
      asset.encoded.set(encoding, made);
    }
    return made;
  }
}

function best(accept: string | undefined): Encoding {
  const offered = new Set(
    (accept ?? "")
      .split(",")
      .map((one) => one.trim().split(";"))
      .filter(([, q]) => !/^\s*q=0(\.0*)?$/.test(q ?? ""))
      .map(([name]) => name),
  );
  return offered.has("br") ? "br" : offered.has("gzip") ? "gzip" : "identity";
}

function stampOf(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const { mtimeMs, size } = statSync(file);
  return `${mtimeMs}-${size}`;
}

/** URL path and file of everything in a folder. Links are not followed and dot files not shown. */
function* walk(folder: string, under = "/"): Generator<[string, string]> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort(byName)) {
    if (entry.name.startsWith(".")) continue;
    const file = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(file, `${under}${entry.name}/`);
    else if (entry.isFile()) yield [`${under}${entry.name}`, file];
  }
}

const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : 1);
