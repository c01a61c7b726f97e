import type { Kind, Scope } from "../core/port.ts";

/** An object as the API server sends it, as far as every kind has it. */
export interface AnyObject {
  metadata?: {
    name?: string;
    namespace?: string;
    resourceVersion?: string;
    labels?: Record<string, string>;
    managedFields?: { time?: Date | string }[];
  };
}

/** "apps/v1/deployments": a resource type in one word. */
const resourceOf = (kind: Kind): string => `${kind.group === "" ? "" : `${kind.group}/`}${kind.version}/${kind.plural}`;

/** Every namespace. */
export const everywhere = "*";

/** Where a read looks: a namespace, or "*" for all of them and for cluster-scoped kinds. */
export const placeOf = (kind: Kind, scope: Scope | undefined, own: string): string =>
  kind.namespaced ? (scope?.namespace ?? own) || everywhere : everywhere;

/** What names a read's source: "apps/v1/deployments in lab-02", "v1/nodes in *". */
export const keyOf = (kind: Kind, place: string): string => `${resourceOf(kind)} in ${place}`;

/** The path of a collection, or of one object in it. */
export function pathOf(kind: Kind, place: string, name?: string): string {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const namespace = kind.namespaced && place !== everywhere ? `/namespaces/${encodeURIComponent(place)}` : "";
  return `${root}${namespace}/${kind.plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
}

/** Whether an object has every pair of an equality-based selector. */
export const matches = (object: AnyObject, labels: Scope["labels"]): boolean =>
  labels === undefined || Object.entries(labels).every(([key, value]) => object.metadata?.labels?.[key] === value);

/** Fields that the client types call Date; the API server sends text. */
const timestamps = new Set([
  "creationTimestamp",
  "deletionTimestamp",
  "startTime",
  "completionTime",
  "startedAt",
  "finishedAt",
  "lastTransitionTime",
  "lastProbeTime",
  "lastUpdateTime",
  "lastHeartbeatTime",
  "lastScheduleTime",
  "lastSuccessfulTime",
  "lastScaleTime",
  "firstTimestamp",
  "lastTimestamp",
]);
/** Maps whose keys belong to the user: nothing in them is a field. */
const opaque = new Set(["annotations", "labels", "matchLabels", "data", "stringData", "binaryData"]);

/**
 * Makes an object as checks see it, in place: of managedFields (half its size) only the time of the last change, timestamps as Date as the types
 * say, and frozen, because the cache hands the same object to every check.
 */
export function tidy<T>(object: T): T {
  const { metadata } = object as AnyObject;
  if (metadata?.managedFields) {
    const times = metadata.managedFields.flatMap(({ time }) => (time ? [new Date(time).getTime()] : []));
    metadata.managedFields = times.length > 0 ? [{ time: new Date(Math.max(...times)) }] : [];
  }
  walk(object);
  return object;
}

function walk(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  if (Array.isArray(value)) for (const item of value) walk(item);
  else {
    const record = value as Record<string, unknown>;
    for (const key in record) {
      const field = record[key];
      if (typeof field === "string" && timestamps.has(key)) record[key] = new Date(field);
      else if (opaque.has(key)) Object.freeze(field);
      else walk(field);
    }
  }
  Object.freeze(value);
}
