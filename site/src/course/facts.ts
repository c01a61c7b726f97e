/**
 * What stands in the built page where the learner's namespace belongs. The server puts the real one in when it sends
 * the page; one word, so that no highlighter cuts it in two.
 *
 * @param slug the lab's folder name, "01-cluster-and-kubectl"
 */
export const placeholder = (slug: string): string => `wbns${slug.slice(0, 2)}wb`;

const lookUp = (facts: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (value, key) =>
        typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined,
      facts,
    );

/**
 * Replaces every [[name]] in a text by the fact of that name; [[a.b]] reaches into a nested one. Bash's own
 * `[[ test ]]` has spaces inside and stays.
 *
 * @param file named in the error when a fact is unknown
 * @throws Error with the file, the line and the names there are
 */
export const fillFacts = (text: string, facts: unknown, file: string): string =>
  text.replace(/\[\[([A-Za-z_][\w.]*)\]\]/g, (_whole, name: string, at: number) => {
    const value = lookUp(facts, name);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
    const line = text.slice(0, at).split("\n").length;
    const known = Object.keys((facts ?? {}) as object).join(", ");
    throw new Error(`${file}:${line}: [[${name}]] is not a fact of this lab. facts.ts has: ${known}.`);
  });
