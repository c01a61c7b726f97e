import type { IncomingHttpHeaders } from "node:http";

/** Names under which a browser may reach us. Anything else is DNS rebinding or a proxy we know nothing of. */
export class Gate {
  #hosts: ReadonlySet<string>;

  constructor(port: number) {
    this.#hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  }

  /** Why this request is refused, or undefined. An upgrade always names its Origin; other requests may. */
  refuses(headers: IncomingHttpHeaders, upgrade: boolean): string | undefined {
    const { host, origin } = headers;
    if (host === undefined || !this.#hosts.has(host)) return "This address does not belong to the workbook.";
    if (origin === undefined) return upgrade ? "A connection must say where it comes from." : undefined;
    return origin === `http://${host}` ? undefined : "This comes from another site.";
  }
}
