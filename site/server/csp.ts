import { createHash } from "node:crypto";

const scripts = /<script\b([^>]*)>([\s\S]*?)<\/script\s*>/gi;

/** Hashes of the inline scripts that a browser would run in this page; data blocks (application/json …) need none. */
export function inlineScriptHashes(html: string): string[] {
  const hashes: string[] = [];
  for (const [, attributes = "", body = ""] of html.matchAll(scripts)) {
    if (/\bsrc\s*=/i.test(attributes) || body === "") continue;
    const type = /\btype\s*=\s*["']?([^"'\s>]+)/i.exec(attributes)?.[1]?.toLowerCase() ?? "";
    if (!["", "module", "text/javascript", "application/javascript", "importmap"].includes(type)) continue;
    // A browser hashes the text after the parser has normalised line ends.
    hashes.push(`'sha256-${createHash("sha256").update(body.replace(/\r\n?/g, "\n")).digest("base64")}'`);
  }
  return hashes;
}

/**
 * The policy of every page of the site. One for all of them: the client router runs the scripts of the page it goes to under
 * the policy of the page it came from. Styles may be inline because xterm and the code frames set them; scripts may not.
 */
export function sitePolicy(port: number, hashes: Iterable<string>): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'wasm-unsafe-eval' ${[...new Set(hashes)].sort().join(" ")}`.trimEnd(),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src 'self' ws://127.0.0.1:${port} ws://localhost:${port}`,
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
