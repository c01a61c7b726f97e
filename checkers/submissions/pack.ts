import { Buffer } from "node:buffer";
import type { LoadedLab } from "../labs.ts";
import { writeArchive } from "./archive.ts";
import { canonical, factsHash, labVersion, sha256 } from "./hashes.ts";
import { type KubeObject, withoutValues } from "./normalize.ts";
import {
  folderPart,
  type LearnerRecord,
  manifestPart,
  objectsPart,
  recordPart,
  type Submission,
  submissionSchemaName,
} from "./schema.ts";

export interface Packing {
  lab: LoadedLab;
  seed: number;
  namespace: string;
  /** Namespace of the learner's terminal. */
  terminal: string;
  identity: Submission["identity"];
  objects: readonly KubeObject[];
  podSecurity: Record<string, string>;
  /** Whether Secrets' values go in. */
  secrets: "keys" | "values";
  folder: ReadonlyMap<string, Buffer>;
  record: LearnerRecord;
  tools: Record<string, string>;
  /** ISO time. */
  madeAt: string;
}

/** Writes a submission; the same packing makes the same bytes. Gives back what submission.json says. */
export async function writeSubmission(file: string, packing: Packing): Promise<Submission> {
  const { lab, seed } = packing;
  const objects = packing.objects.map((one) =>
    one.kind === "Secret" && packing.secrets === "keys" ? withoutValues(one) : one,
  );
  const parts = new Map<string, Buffer>([
    [objectsPart, Buffer.from(`${JSON.stringify(JSON.parse(canonical(objects)), null, 1)}\n`)],
    [recordPart, Buffer.from(`${JSON.stringify(packing.record, null, 1)}\n`)],
    ...[...packing.folder].map(([path, data]) => [folderPart + path, data] as const),
  ]);
  const submission: Submission = {
    schema: submissionSchemaName,
    madeAt: packing.madeAt,
    identity: packing.identity,
    lab: { slug: lab.slug, version: labVersion(lab), facts: factsHash(lab, seed) },
    seed,
    namespace: packing.namespace,
    terminal: packing.terminal,
    podSecurity: packing.podSecurity,
    secrets: packing.secrets,
    tools: packing.tools,
    parts: [...parts]
      .map(([path, data]) => ({ path, bytes: data.length, sha256: sha256(data) }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
  parts.set(manifestPart, Buffer.from(`${JSON.stringify(submission, null, 1)}\n`));
  await writeArchive(file, parts);
  return submission;
}
