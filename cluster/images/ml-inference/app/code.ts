/**
 * The two codes of lab 01: one that only the pod's inside shows, one that only its admin port tells.
 * They depend on the namespace alone, so a restart or another replica gives the same ones.
 */
import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Environment } from "./config.ts";

export type Purpose = "inside" | "port";

const salt = "ml-inference: look inside, ask the port";
/** No 0, 1, I, L, O or U: a code is read off one screen and typed on another. */
const letters = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/** The code of a namespace for one purpose, such as "K7QX-2M9F". */
export function code(namespace: string, purpose: Purpose): string {
  const digest = createHmac("sha256", salt).update(`${namespace}\0${purpose}`).digest();
  const picked = Array.from(digest.subarray(0, 8), (byte) => letters[byte % letters.length]);
  return `${picked.slice(0, 4).join("")}-${picked.slice(4).join("")}`;
}

/** The namespace this process runs in: the mounted service account, else $POD_NAMESPACE, else "default". */
export function ownNamespace(env: Environment, file = namespaceFile): string {
  try {
    const mounted = readFileSync(file, "utf8").trim();
    if (mounted !== "") return mounted;
  } catch {
    // No service account is mounted: outside a cluster, or automountServiceAccountToken is false.
  }
  return env.POD_NAMESPACE?.trim() || "default";
}

/** Where the inside code lies: /tmp/inside-code, or under $TMPDIR. */
function insideCodeFile(): string {
  return join(tmpdir(), "inside-code");
}

/** Writes the inside code; false where that can't be, as on a read-only root file system. */
export function writeInsideCode(namespace: string): boolean {
  try {
    writeFileSync(insideCodeFile(), `${code(namespace, "inside")}\n`);
    return true;
  } catch {
    return false;
  }
}
