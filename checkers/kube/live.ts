import { systemClock } from "../clock.ts";
import type { Clock } from "../core/poll.ts";
import type { Cluster, Kind, Scope } from "../core/port.ts";
import { Unreachable } from "./errors.ts";
import { everywhere, keyOf, matches, placeOf } from "./objects.ts";
import type { Transport } from "./transport.ts";
import { Watch } from "./watch.ts";

/** Told the key of every read source whose objects, or whose ability to be read, changed. */
export type ChangeListener = (key: string) => void;

/**
 * The cluster as it is now, out of memory: each (resource, namespace) is listed and watched from its first read on.
 * Reads throw while the API server cannot be reached and recover by themselves; what is not there is just not there.
 */
export class LiveCluster implements Cluster {
  readonly #transport: Transport;
  readonly #namespace: string;
  readonly #clock: Clock;
  readonly #watches = new Map<string, Watch>();
  readonly #listeners = new Set<ChangeListener>();
  readonly #holders = new Map<string, number>();
  #closed = false;

  constructor(transport: Transport, namespace = "default", clock: Clock = systemClock) {
    this.#transport = transport;
    this.#namespace = namespace;
    this.#clock = clock;
  }

  get<T>(kind: Kind<T>, name: string, scope?: Scope): Promise<T | undefined> {
    return this.#get(this.#namespace, kind, name, scope);
  }
  list<T>(kind: Kind<T>, scope?: Scope): Promise<T[]> {
    return this.#list(this.#namespace, kind, scope);
  }

  /** The same cache with another namespace for reads that name none. */
  in(namespace: string): Cluster {
    return {
      get: (kind, name, scope) => this.#get(namespace, kind, name, scope),
      list: (kind, scope) => this.#list(namespace, kind, scope),
    };
  }

  /** Calls the listener on each change; returns what ends that. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps the watches of one namespace open until the returned function was called by everyone who asked. */
  hold(namespace: string): () => void {
    this.#holders.set(namespace, (this.#holders.get(namespace) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.#holders.get(namespace) ?? 1) - 1;
      this.#holders.set(namespace, left);
      if (left === 0) this.#drop(namespace);
    };
  }

  #drop(namespace: string): void {
    this.#holders.delete(namespace);
    for (const [key, watch] of this.#watches) {
      if (!key.endsWith(` in ${namespace}`)) continue;
      watch.stop();
      this.#watches.delete(key);
    }
  }

  /** Ends every watch. The transport stays its owner's. */
  close(): void {
    this.#closed = true;
    for (const watch of this.#watches.values()) watch.stop();
    this.#watches.clear();
    this.#listeners.clear();
  }

  async #get<T>(own: string, kind: Kind<T>, name: string, scope?: Scope): Promise<T | undefined> {
    const place = placeOf(kind, scope, own);
    const watch = this.#watch(kind, place);
    await watch.ready();
    const object = watch.objects.get(`${place === everywhere ? "" : place}/${name}`);
    return object && matches(object, scope?.labels) ? (object as T) : undefined;
  }

  async #list<T>(own: string, kind: Kind<T>, scope?: Scope): Promise<T[]> {
    const watch = this.#watch(kind, placeOf(kind, scope, own));
    await watch.ready();
    const found: T[] = [];
    for (const object of watch.objects.values()) if (matches(object, scope?.labels)) found.push(object as T);
    return found;
  }

  #watch(kind: Kind, place: string): Watch {
    if (this.#closed) throw new Unreachable("The cluster is no longer being watched.");
    const key = keyOf(kind, place);
    let watch = this.#watches.get(key);
    if (!watch) {
      watch = new Watch({
        transport: this.#transport,
        kind,
        place,
        clock: this.#clock,
        changed: () => {
          for (const listener of this.#listeners) listener(key);
        },
      });
      this.#watches.set(key, watch);
    }
    return watch;
  }
}
