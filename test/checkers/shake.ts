/** Changes whatever a task leaves free, in recorded objects or in manifests: none of it may change a verdict. */
type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const mixed = [...list];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other] as T, mixed[at] as T];
  }
  return mixed;
}

/** The same value, its keys in another order throughout. */
export const reordered = (value: Json, random: () => number): Json => {
  if (Array.isArray(value)) return value.map((one) => reordered(one, random));
  if (!isObject(value)) return value;
  return Object.fromEntries(shuffled(Object.entries(value), random).map(([key, one]) => [key, reordered(one, random)]));
};

const withUnrelated = (metadata: Json | undefined, random: () => number): JsonObject => {
  const own = isObject(metadata) ? metadata : {};
  const more = (of: Json | undefined, key: string): JsonObject => ({
    ...(isObject(of) ? of : {}),
    [`example.org/${key}-${Math.floor(random() * 100)}`]: "unrelated",
  });
  return { ...own, labels: more(own.labels, "label"), annotations: more(own.annotations, "note") };
};

const renamed = (list: Json | undefined, tag: string | undefined): Json | undefined =>
  Array.isArray(list) && tag !== undefined
    ? list.map((one) => (isObject(one) && typeof one.name === "string" ? { ...one, name: `${one.name}-${tag}` } : one))
    : list;

const podSpec = (spec: Json | undefined, tag: string | undefined): Json | undefined =>
  isObject(spec) ? { ...spec, ...(spec.containers && { containers: renamed(spec.containers, tag) as Json }) } : spec;

/** Labels and annotations nobody asked for; with a tag, containers under another name: in a pod, in its status and in a template. */
export function shaken(object: Json, random: () => number, tag?: string): Json {
  if (!isObject(object)) return object;
  const { spec, status } = object;
  const template = isObject(spec) && isObject(spec.template) ? spec.template : undefined;
  const pod = isObject(spec) && Array.isArray(spec.containers);
  return {
    ...object,
    metadata: withUnrelated(object.metadata, random),
    ...(pod && { spec: podSpec(spec, tag) as Json }),
    ...(template && {
      spec: {
        ...(spec as JsonObject),
        template: {
          ...template,
          metadata: withUnrelated(template.metadata, random),
          spec: podSpec(template.spec, tag) as Json,
        },
      },
    }),
    ...(pod &&
      isObject(status) && {
        status: { ...status, containerStatuses: renamed(status.containerStatuses, tag) ?? [] },
      }),
  };
}
