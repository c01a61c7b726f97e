import type { Cluster, Kind, Scope } from "../core/port.ts";
import { NotFound } from "./errors.ts";
import { type AnyObject, matches, pathOf, placeOf, tidy } from "./objects.ts";
import type { Transport } from "./transport.ts";

/**
 * Reads from the API server anew each time: for grading and for one-off checks. Identical reads under way at the same time are one
 * request, so a dozen checks that start together cost a few LISTs. Lists are filtered here, which lets differing selectors share one.
 */
export class FreshCluster implements Cluster {
  readonly #transport: Transport;
  readonly #namespace: string;
  readonly #signal: AbortSignal | undefined;
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(transport: Transport, namespace: string, signal?: AbortSignal) {
    this.#transport = transport;
    this.#namespace = namespace;
    this.#signal = signal;
  }

  async get<T>(kind: Kind<T>, name: string, scope?: Scope): Promise<T | undefined> {
    const object = await this.#read(pathOf(kind, placeOf(kind, scope, this.#namespace), name));
    return object !== undefined && matches(object as AnyObject, scope?.labels) ? (object as T) : undefined;
  }

  async list<T>(kind: Kind<T>, scope?: Scope): Promise<T[]> {
    const list = (await this.#read(pathOf(kind, placeOf(kind, scope, this.#namespace)))) as { items?: T[] } | undefined;
    return (list?.items ?? []).filter((object) => matches(object as AnyObject, scope?.labels));
  }

  #read(path: string): Promise<unknown> {
    const running = this.#underWay.get(path);
    if (running) return running;
    const reading = this.#transport
      .json<unknown>(path, { ...(this.#signal && { signal: this.#signal }) })
      .then(tidy)
      .catch((error: unknown) => {
        if (error instanceof NotFound) return undefined;
        throw error;
      })
      .finally(() => this.#underWay.delete(path));
    this.#underWay.set(path, reading);
    return reading;
  }
}
