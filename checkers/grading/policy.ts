import { readFileSync } from "node:fs";
import { LookError } from "../core/errors.ts";
import type { Policy } from "./schema.ts";

export const defaultPolicy: Policy = { blocked: "left-out", process: "counted", weights: {} };

/**
 * Reads a policy file (YAML or JSON). Sections about submissions come back as they stand, for who grades them. Rejects with what
 * is wrong, field by field.
 */
export async function readPolicy(path: string): Promise<{ policy: Policy; submissions: Record<string, unknown> }> {
  const [{ parse }, z, { policyFileSchema }] = await Promise.all([
    import("yaml"),
    import("zod"),
    import("./schema.ts"),
  ]);
  const told = (what: string, todo: string): LookError => new LookError(`The policy ${path} ${what}.`, todo);
  let value: unknown;
  try {
    value = parse(readFileSync(path, "utf8"), { maxAliasCount: 20 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw told("is not there", "Give --policy the file's path.");
    throw told(`cannot be read: ${message.split("\n")[0]}`, "Mend the line it names.");
  }
  const parsed = policyFileSchema.safeParse(value ?? {});
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((one) => `${z.core.toDotPath(one.path) || "the file"}: ${one.message}`);
    throw told(
      `says what is no policy: ${wrong.join("; ")}`,
      "It may say blocked (left-out or lost), process (counted or left-out), weights (numbers by domain), and submissions.",
    );
  }
  const { submissions = {}, ...given } = parsed.data;
  return { policy: { ...defaultPolicy, ...given }, submissions };
}
