import type { Cluster } from "../core/port.ts";
import { keyOf, placeOf } from "./objects.ts";

/** The same cluster, noting in `keys` what is read through it. `own` is the namespace of reads that name none. */
export function tracked(cluster: Cluster, own: string, keys: Set<string>): Cluster {
  return {
    get: (kind, name, scope) => {
      keys.add(keyOf(kind, placeOf(kind, scope, own)));
      return cluster.get(kind, name, scope);
    },
    list: (kind, scope) => {
      keys.add(keyOf(kind, placeOf(kind, scope, own)));
      return cluster.list(kind, scope);
    },
  };
}
