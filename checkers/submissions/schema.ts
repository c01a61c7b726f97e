import * as z from "zod";

/** What a submission may weigh. Both sides keep to it: `submit` says so before packing, `grade` stops reading. */
export const caps = {
  /** Bytes of the file. */
  file: 24 * 1024 * 1024,
  /** Bytes of everything in it, unpacked. */
  unpacked: 48 * 1024 * 1024,
  /** Bytes of one part. */
  part: 8 * 1024 * 1024,
  /** Number of parts. */
  parts: 1_000,
  objects: 400,
  /** Levels an object may be nested: no Kubernetes type comes near. */
  depth: 60,
  /** Bytes of the working folder, and of one file in it. */
  folder: 16 * 1024 * 1024,
  folderFile: 2 * 1024 * 1024,
  /** Characters of a part's path. */
  path: 240,
  /** Rows of the process record. */
  rows: 20_000,
} as const;

export const submissionSchemaName = "workbook/submission/1";
export const manifestPart = "submission.json";
export const objectsPart = "objects.json";
export const recordPart = "record.json";
export const folderPart = "folder/";

const hash = z.string().regex(/^[0-9a-f]{64}$/, "is no SHA-256");
const line = z.string().trim().min(1).max(200);
const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "is no name of a namespace");
const time = z.iso.datetime({ offset: true });

/** submission.json: who, which lab, and the hash of every other part. */
export const submissionSchema = z.strictObject({
  schema: z.literal(submissionSchemaName),
  madeAt: time,
  identity: z.strictObject({ id: line.optional(), name: line, email: line }),
  lab: z.strictObject({
    slug: z.string().regex(/^(?:[a-z][a-z0-9-]{0,60}-)?\d{2}-[a-z0-9-]{1,80}$/),
    version: hash,
    facts: hash,
  }),
  seed: z.int().min(0),
  /** The learner's namespace of the lab. */
  namespace: label,
  /** Namespace of the learner's terminal. */
  terminal: label,
  /** The namespace's pod security labels. */
  podSecurity: z.record(z.string().startsWith("pod-security.kubernetes.io/").max(80), line),
  /** Whether Secrets came with their values or with their keys only. */
  secrets: z.enum(["keys", "values"]),
  tools: z.record(line, line),
  parts: z
    .array(
      z.strictObject({ path: z.string().min(1).max(caps.path), bytes: z.int().min(0).max(caps.part), sha256: hash }),
    )
    .max(caps.parts),
});
export type Submission = z.infer<typeof submissionSchema>;

/** An object as far as every kind has it; what is in the rest is admission's business. */
const object = z.looseObject({
  apiVersion: z.string().min(1).max(200),
  kind: z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,62}$/),
  metadata: z.looseObject({
    name: z.string().min(1).max(253),
    namespace: z.string().max(63).optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});
export const objectsSchema = z.array(object).max(caps.objects, `holds more than ${caps.objects} objects`);

const text = z.string().max(20_000);
const name = z.string().max(200);
/** record.json: what happened on the learner's machine, as it tells it. Attested: shown, and counted only where the policy says so. */
export const recordSchema = z.strictObject({
  verdicts: z
    .array(
      z.strictObject({
        check: name,
        state: name,
        code: name.optional(),
        says: text.optional(),
        at: time,
        hash,
      }),
    )
    .max(caps.rows),
  hints: z.array(z.strictObject({ check: name, code: name, shown: z.int(), at: time })).max(caps.rows),
  quiz: z
    .array(
      z.strictObject({
        item: name,
        choice: z.int().optional(),
        text: text.optional(),
        right: z.boolean().optional(),
        at: time,
      }),
    )
    .max(caps.rows),
  predictions: z.array(z.strictObject({ id: name, value: z.union([z.number(), text]), at: time })).max(caps.rows),
  measurements: z.array(z.unknown()).max(caps.rows),
  /** What the learner's machine says of its own score. */
  score: z.strictObject({ earned: z.number(), points: z.number(), passed: z.array(name) }),
});
export type LearnerRecord = z.infer<typeof recordSchema>;

/** Every mistake as "identity.email: …", at most five of them. */
export const problemsOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map((issue) => `${z.core.toDotPath(issue.path) || "the whole"}: ${issue.message}`)
    .join("; ");
