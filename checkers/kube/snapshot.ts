import { LookError } from "../core/errors.ts";
import type { Cluster, Kind, Scope } from "../core/port.ts";
import { type AnyObject, everywhere, keyOf, matches, placeOf, tidy } from "./objects.ts";

/** Recorded objects, as plain JSON. */
export interface Snapshot {
  schema: "workbook/snapshot/1";
  /** Of reads that name none. */
  namespace: string;
  /** ISO time. */
  recordedAt: string;
  /** Key of a read ("v1/pods in lab-02") to all objects there were. */
  objects: Record<string, unknown[]>;
}

/** Records whole collections: everything a check may read later. Secrets are recorded as they are: keep such a file private. */
export async function record(
  cluster: Cluster,
  namespace: string,
  reads: readonly { kind: Kind; scope?: Scope }[],
  now: Date = new Date(),
): Promise<Snapshot> {
  const entries = await Promise.all(
    reads.map(async ({ kind, scope }) => {
      const place = placeOf(kind, scope, namespace);
      const list = await cluster.list(kind, { namespace: place === everywhere ? "" : place });
      return [keyOf(kind, place), list] as const;
    }),
  );
  return {
    schema: "workbook/snapshot/1",
    namespace,
    recordedAt: now.toISOString(),
    objects: Object.fromEntries(entries),
  };
}

/** Reads a recording. What was recorded as empty is empty; what was not recorded cannot be looked at, which is an error. */
export class SnapshotCluster implements Cluster {
  readonly #snapshot: Snapshot;
  readonly #tidied = new Map<string, AnyObject[]>();

  constructor(snapshot: Snapshot) {
    if (snapshot.schema !== "workbook/snapshot/1") {
      throw new LookError(`This is not a snapshot this version can read (schema ${JSON.stringify(snapshot.schema)}).`);
    }
    this.#snapshot = snapshot;
  }

  async get<T>(kind: Kind<T>, name: string, scope?: Scope): Promise<T | undefined> {
    const found = (await this.list(kind, scope)).find((object) => (object as AnyObject).metadata?.name === name);
    return found;
  }

  async list<T>(kind: Kind<T>, scope?: Scope): Promise<T[]> {
    const place = placeOf(kind, scope, this.#snapshot.namespace);
    const exact = this.#at(keyOf(kind, place));
    const all = exact ?? this.#at(keyOf(kind, everywhere))?.filter((object) => object.metadata?.namespace === place);
    if (!all) throw new LookError(`The snapshot holds no ${keyOf(kind, place)}.`);
    return all.filter((object) => matches(object, scope?.labels)) as T[];
  }

  #at(key: string): AnyObject[] | undefined {
    const recorded = this.#snapshot.objects[key];
    if (!recorded) return undefined;
    let tidied = this.#tidied.get(key);
    if (!tidied) {
      tidied = structuredClone(recorded).map((object) => tidy(object as AnyObject));
      this.#tidied.set(key, tidied);
    }
    return tidied;
  }
}
