import { brokenAt } from "../core/chain.ts";
import { readArchive, SubmissionError } from "./archive.ts";
import { sha256 } from "./hashes.ts";
import type { KubeObject } from "./normalize.ts";
import {
  caps,
  folderPart,
  type LearnerRecord,
  manifestPart,
  objectsPart,
  objectsSchema,
  problemsOf,
  recordPart,
  recordSchema,
  type Submission,
  submissionSchema,
} from "./schema.ts";

export interface ReadSubmission {
  submission: Submission;
  objects: KubeObject[];
  record: LearnerRecord;
  /** Paths below the working folder, and what is in them. */
  folder: ReadonlyMap<string, Buffer>;
  /** What the instructor should know about it. */
  notes: string[];
}

function json(parts: ReadonlyMap<string, Buffer>, path: string): unknown {
  const part = parts.get(path);
  if (!part) throw new SubmissionError(`It holds no ${path}: it was not made by ./workbook submit.`);
  let value: unknown;
  try {
    value = JSON.parse(part.toString("utf8"));
  } catch {
    throw new SubmissionError(`${path} is not JSON.`);
  }
  if (tooDeep(value)) throw new SubmissionError(`${path} is nested more than ${caps.depth} levels deep.`);
  return value;
}

/** Looked at without recursion: a document made to exhaust the stack is what this is for. */
function tooDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > caps.depth) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return false;
}

/**
 * Reads and verifies one submission: caps, shape, and the hash of every part; nothing may be there that is not listed. The hashes tell damage and
 * careless editing, not forgery: whoever can change a part can change its hash. Rejects with SubmissionError.
 */
export async function readSubmission(file: string): Promise<ReadSubmission> {
  const parts = await readArchive(file);
  const manifest = submissionSchema.safeParse(json(parts, manifestPart));
  if (!manifest.success)
    throw new SubmissionError(`${manifestPart} is not as it should be: ${problemsOf(manifest.error)}.`);
  const submission = manifest.data;
  const listed = new Map(submission.parts.map((part) => [part.path, part]));
  if (listed.size !== submission.parts.length) throw new SubmissionError(`${manifestPart} lists a part twice.`);
  for (const [path, data] of parts) {
    if (path === manifestPart) continue;
    const part = listed.get(path);
    if (!part) throw new SubmissionError(`${JSON.stringify(path)} is in the file but not in its list.`);
    if (part.bytes !== data.length || part.sha256 !== sha256(data)) {
      throw new SubmissionError(`${JSON.stringify(path)} was changed after it was packed: its hash does not fit.`);
    }
    if (path !== objectsPart && path !== recordPart && !path.startsWith(folderPart)) {
      throw new SubmissionError(`${JSON.stringify(path)} is no part of a submission.`);
    }
  }
  const missing = submission.parts.find(({ path }) => !parts.has(path));
  if (missing) throw new SubmissionError(`${JSON.stringify(missing.path)} is listed and not there.`);
  const objects = objectsSchema.safeParse(json(parts, objectsPart));
  if (!objects.success)
    throw new SubmissionError(`${objectsPart} is not as it should be: ${problemsOf(objects.error)}.`);
  const record = recordSchema.safeParse(json(parts, recordPart));
  if (!record.success) throw new SubmissionError(`${recordPart} is not as it should be: ${problemsOf(record.error)}.`);
  const notes: string[] = [];
  const broken = brokenAt(
    submission.lab.slug,
    record.data.verdicts.map(({ code, says, ...row }) => ({
      ...row,
      ...(code !== undefined && { code }),
      ...(says !== undefined && { says }),
    })),
  );
  if (broken !== undefined) {
    notes.push(`The process record does not hold together from row ${broken + 1} on: its chain of hashes is broken.`);
  }
  if (submission.secrets === "keys" && objects.data.some(({ kind }) => kind === "Secret")) {
    notes.push("Secrets came without their values; placeholders stand for them.");
  }
  return {
    submission,
    objects: objects.data as unknown as KubeObject[],
    record: record.data,
    folder: new Map(
      [...parts]
        .filter(([path]) => path.startsWith(folderPart))
        .map(([path, data]) => [path.slice(folderPart.length), data]),
    ),
    notes,
  };
}
