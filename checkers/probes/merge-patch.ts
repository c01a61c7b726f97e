type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

/**
 * The JSON merge patch (RFC 7396) that takes another one back, given the object as it was before: fields it set get their former
 * values, fields it added go. Lists are replaced whole, as a merge patch does.
 */
export function inverse(patch: Json, before: Json): Json {
  return Object.fromEntries(
    Object.entries(patch).map(([key, value]) => {
      const former = before[key];
      if (former === undefined) return [key, null];
      return [key, isObject(value) && isObject(former) ? inverse(value, former) : former];
    }),
  );
}
