import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import * as z from "zod";
import { type Log, silent } from "./deps.ts";
import { writePrivate } from "./private-file.ts";

const day = 24 * 60 * 60_000;
/** How long a session and its cookie live, in milliseconds. */
export const sessionLife = 30 * day;
/** How long a one-time code waits to be used. */
const codeLife = 60 * 60_000;
const mostSessions = 64;
const mostCodes = 64;
/** Wrong codes allowed within failureWindow before every code is refused until it is over. */
const mostFailures = 10;
const failureWindow = 60_000;

const digest = (secret: string): Buffer => createHash("sha256").update(secret).digest();
const secret = (): string => randomBytes(32).toString("base64url");

/** Equal in constant time, whatever the lengths. */
export const sameSecret = (given: string, expected: string): boolean =>
  timingSafeEqual(digest(given), digest(expected));

const saved = z.object({
  sessions: z.array(z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/), created: z.number() })),
});

interface Dated {
  hash: Buffer;
  created: number;
}

/** Looks at every entry, so that the time taken says nothing about which one matched. */
const find = (list: readonly Dated[], given: string): Dated | undefined => {
  const hash = digest(given);
  let found: Dated | undefined;
  for (const one of list) if (timingSafeEqual(one.hash, hash)) found = one;
  return found;
};

export interface AuthOptions {
  /** File of the sessions (mode 0600); only hashes are kept in it. */
  file: string;
  port: number;
  log?: Log;
  now?: () => number;
}

/**
 * One-time codes and the sessions they are exchanged for. Sessions outlive the process, so that a restart of the server logs
 * nobody out; endAll() ends them.
 */
export class Auth {
  /** Cookies ignore ports: the name carries it, so that two workbooks do not log each other out. */
  readonly cookie: string;
  #file: string;
  #log: Log;
  #now: () => number;
  #sessions: Dated[] = [];
  #codes: Dated[] = [];
  #failures: number[] = [];
  #ended = new Set<() => void>();

  constructor({ file, port, log = silent, now = Date.now }: AuthOptions) {
    this.cookie = `workbook_${port}`;
    this.#file = file;
    this.#log = log;
    this.#now = now;
    this.#sessions = this.#load();
  }

  /** A code for one exchange within the hour. */
  mintCode(): string {
    const code = secret();
    this.#codes = [...this.#fresh(this.#codes, codeLife), { hash: digest(code), created: this.#now() }].slice(
      -mostCodes,
    );
    return code;
  }

  /** Exchanges a code for a session token. "limited": too many wrong codes lately, none is looked at for a while. */
  redeem(code: string): { token: string } | "unknown" | "limited" {
    const now = this.#now();
    this.#failures = this.#failures.filter((at) => now - at < failureWindow);
    if (this.#failures.length >= mostFailures) return "limited";
    this.#codes = this.#fresh(this.#codes, codeLife);
    const found = find(this.#codes, code);
    if (!found) {
      this.#failures.push(now);
      return "unknown";
    }
    this.#codes = this.#codes.filter((one) => one !== found);
    const token = secret();
    this.#sessions = [...this.#fresh(this.#sessions, sessionLife), { hash: digest(token), created: now }].slice(
      -mostSessions,
    );
    this.#save();
    return { token };
  }

  /** Whether a Cookie header carries a live session. */
  holds(header: string | undefined): boolean {
    const token = cookieValue(header, this.cookie);
    if (token === undefined) return false;
    const found = find(this.#sessions, token);
    return found !== undefined && this.#now() - found.created < sessionLife;
  }

  /** Ends every session, also those of pages that are open now. */
  endAll(): void {
    this.#sessions = [];
    this.#codes = [];
    this.#save();
    for (const listener of this.#ended) listener();
  }

  onEnd(listener: () => void): () => void {
    this.#ended.add(listener);
    return () => this.#ended.delete(listener);
  }

  setCookie(token: string): string {
    return `${this.cookie}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${sessionLife / 1000}`;
  }

  #fresh(list: readonly Dated[], life: number): Dated[] {
    const now = this.#now();
    return list.filter((one) => now - one.created < life);
  }

  #load(): Dated[] {
    let text: string;
    try {
      text = readFileSync(this.#file, "utf8");
    } catch {
      return [];
    }
    try {
      const { sessions } = saved.parse(JSON.parse(text));
      return sessions.map((one) => ({ hash: Buffer.from(one.hash, "hex"), created: one.created }));
    } catch {
      this.#log.warn({ file: this.#file }, "the file of sessions is damaged: everybody has to open the workbook anew");
      return [];
    }
  }

  #save(): void {
    const sessions = this.#sessions.map((one) => ({ hash: one.hash.toString("hex"), created: one.created }));
    writePrivate(this.#file, `${JSON.stringify({ sessions })}\n`);
  }
}

function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(";") ?? []) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
