import type { Clock } from "../core/poll.ts";
import type { Kind } from "../core/port.ts";
import { Expired, NotFound, Unreachable } from "./errors.ts";
import { type AnyObject, pathOf, tidy } from "./objects.ts";
import type { Transport } from "./transport.ts";

interface List {
  metadata?: { resourceVersion?: string };
  items?: AnyObject[];
}
interface Event {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: AnyObject & { code?: number; message?: string; metadata?: { resourceVersion?: string } };
}

/** Pauses after failures, in milliseconds; the last one repeats. */
const pauses = [50, 250, 500, 1_000, 2_000];
/** The same while a kind is not served: its definition may be installed any moment. */
const missingPauses = [500, 1_000, 2_000, 5_000];
const at = (list: readonly number[], index: number): number => list[Math.min(index, list.length - 1)] as number;

/**
 * One collection kept in memory: listed once, then watched. Goes on from its last resource version when the server ends the
 * watch; lists anew when that is too old, or when the server had been away. While it cannot look, reads throw why.
 */
export class Watch {
  readonly objects = new Map<string, AnyObject>();
  readonly #transport: Transport;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #stop = new AbortController();
  #error: unknown;
  #synced = false;
  #resourceVersion: string | undefined;
  #waiters: (() => void)[] = [];

  constructor(options: { transport: Transport; kind: Kind; place: string; clock: Clock; changed: () => void }) {
    this.#transport = options.transport;
    this.#path = pathOf(options.kind, options.place);
    this.#clock = options.clock;
    this.#changed = options.changed;
    void this.#run();
  }

  /** Resolves when the objects are the server's; rejects when it could not look. */
  async ready(): Promise<void> {
    if (!this.#synced && this.#error === undefined && !this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    if (this.#error !== undefined) throw this.#error;
    if (!this.#synced) throw new Unreachable("The cluster is no longer being watched.");
  }

  stop(): void {
    this.#stop.abort();
    this.#wake();
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #settled(error?: unknown): void {
    const tell = !this.#synced || says(this.#error) !== says(error);
    this.#error = error;
    if (error === undefined) this.#synced = true;
    this.#wake();
    if (tell) this.#changed();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    let missing = 0;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list();
        missing = 0;
        await this.#watch(() => {
          failures = 0;
          this.#settled();
        });
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Expired) {
          this.#resourceVersion = undefined;
          continue;
        }
        if (error instanceof NotFound) {
          this.#resourceVersion = undefined;
          const had = this.objects.size > 0;
          this.objects.clear();
          this.#settled();
          if (had) this.#changed();
          await this.#clock.sleep(at(missingPauses, missing++), signal);
          continue;
        }
        // A first break is often a restart within the blink of an eye: go on from where it was before saying anything.
        if (failures > 0 || !this.#synced) {
          this.#resourceVersion = undefined;
          this.#settled(error);
        }
        await this.#clock.sleep(at(pauses, failures++), signal);
      }
    }
  }

  async #list(): Promise<void> {
    const list = await this.#transport.json<List>(this.#path, { signal: this.#stop.signal });
    this.objects.clear();
    for (const object of list.items ?? []) this.objects.set(keyOf(object), tidy(object));
    this.#resourceVersion = list.metadata?.resourceVersion ?? "";
    const known = this.#synced && this.#error === undefined;
    this.#settled();
    if (known) this.#changed();
  }

  async #watch(opened: () => void): Promise<void> {
    const query = new URLSearchParams({
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: this.#resourceVersion ?? "",
      timeoutSeconds: String(240 + Math.floor(Math.random() * 120)),
    });
    const ended = new AbortController();
    let problem: unknown;
    const line = (text: string): void => {
      try {
        this.#take(JSON.parse(text) as Event);
      } catch (error) {
        problem = error;
        ended.abort();
      }
    };
    const signal = AbortSignal.any([this.#stop.signal, ended.signal]);
    await this.#transport.lines(`${this.#path}?${query}`, { line, open: opened }, signal);
    if (problem !== undefined) throw problem;
  }

  #take({ type, object }: Event): void {
    if (type === "ERROR") {
      if (object.code === 410) throw new Expired(object.message ?? "too old");
      throw new Unreachable(`The API server ended a watch: ${object.message ?? "no reason given"}.`);
    }
    this.#resourceVersion = object.metadata?.resourceVersion ?? this.#resourceVersion;
    if (type === "BOOKMARK") return;
    if (type === "DELETED") this.objects.delete(keyOf(object));
    else this.objects.set(keyOf(object), tidy(object));
    this.#changed();
  }
}

const says = (error: unknown): string | undefined => (error === undefined ? undefined : String(error));

const keyOf = ({ metadata }: AnyObject): string => `${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;
