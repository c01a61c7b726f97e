import { createReadStream, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createGunzip } from "node:zlib";
import { create, Parser, type ReadEntry } from "tar";
import { LookError } from "../core/errors.ts";
import { caps } from "./schema.ts";

/** A submission that cannot be read, and why: for the gradebook. */
export class SubmissionError extends LookError {}

/** Paths that stay where they are put, on every system. */
export const plainPath = (path: string): boolean =>
  path.length > 0 &&
  path.length <= caps.path &&
  !/[\\\0:]/.test(path) &&
  !/[\u0000-\u001f]/.test(path) &&
  path.split("/").every((part) => part !== "" && part !== "." && part !== "..");

/**
 * Writes parts into one .tar.gz: in order of their paths, without times, owners or modes of this machine, so that the same parts make
 * the same bytes.
 */
export async function writeArchive(file: string, parts: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const staging = mkdtempSync(join(tmpdir(), "workbook-submit-"));
  try {
    const paths = [...parts.keys()].sort();
    for (const path of paths) {
      if (!plainPath(path))
        throw new SubmissionError(`${JSON.stringify(path)} cannot be packed: its name is not portable.`);
      mkdirSync(dirname(join(staging, path)), { recursive: true });
      writeFileSync(join(staging, path), parts.get(path) as Uint8Array, { mode: 0o644 });
    }
    await create(
      { file, cwd: staging, gzip: { level: 9 }, portable: true, mtime: new Date(0), noDirRecurse: true },
      paths,
    );
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** What is wrong with a chunk that comes out of the decompressor, by all that came before it. */
function excess(chunk: Buffer, before: number): string | undefined {
  // A tar in a gzip in a gzip is nothing `submit` makes, and the inner one would escape the count.
  if (before === 0 && chunk[0] === 0x1f && chunk[1] === 0x8b) return "It is compressed twice.";
  return before + chunk.length > caps.unpacked
    ? `It unpacks to more than ${caps.unpacked / 1024 / 1024} MiB.`
    : undefined;
}

/**
 * Reads an archive into memory, part by part, within the caps. Rejects with SubmissionError when it is damaged, too big, or holds anything but
 * plain files under plain paths: nothing is ever written to where an archive says.
 */
export async function readArchive(file: string): Promise<Map<string, Buffer>> {
  const { size } = statSync(file);
  if (size > caps.file) throw new SubmissionError(`It is bigger than ${caps.file / 1024 / 1024} MiB.`);
  const parts = new Map<string, Buffer>();
  let problem: SubmissionError | undefined;
  const refuse = (says: string): void => {
    problem ??= new SubmissionError(says);
  };
  const parser = new Parser({ strict: true, maxMetaEntrySize: 64 * 1024 });
  parser.on("entry", (entry: ReadEntry) => {
    const path = String(entry.path);
    const told = JSON.stringify(path.slice(0, 100));
    if (entry.type === "Directory") return void entry.resume();
    if (entry.type !== "File" && entry.type !== "OldFile") refuse(`${told} is a ${entry.type}, not a file.`);
    else if (!plainPath(path)) refuse(`${told} leads out of the archive or has no plain name.`);
    else if (parts.has(path)) refuse(`${told} is there twice.`);
    else if ((entry.size ?? 0) > caps.part) refuse(`${told} is bigger than ${caps.part / 1024 / 1024} MiB.`);
    else if (parts.size >= caps.parts) refuse(`It holds more than ${caps.parts} files.`);
    if (problem) {
      entry.resume();
      return;
    }
    const chunks: Buffer[] = [];
    parts.set(path, Buffer.alloc(0));
    entry.on("data", (chunk: Buffer) => chunks.push(chunk));
    entry.on("end", () => parts.set(path, Buffer.concat(chunks)));
  });
  parser.on("error", (error: Error) => refuse(`It is damaged: ${error.message.split("\n")[0]}.`));
  const ended = new Promise<void>((resolve) => parser.once("end", resolve).once("error", () => resolve()));
  const source = createReadStream(file, { highWaterMark: 1024 * 1024 });
  // Big pieces: each is a trip to another thread.
  const unpacked = createGunzip({ chunkSize: 1024 * 1024 });
  source.once("error", (error) => unpacked.destroy(error)).pipe(unpacked);
  let bytes = 0;
  try {
    // Chunk by chunk, so that what a bomb would blow up is never in memory.
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      const says = excess(chunk, bytes);
      bytes += chunk.length;
      if (says) refuse(says);
      else parser.write(chunk);
      if (problem) throw problem;
    }
    parser.end();
    await ended;
  } catch (error) {
    if (error instanceof SubmissionError) throw error;
    throw new SubmissionError(`It is damaged: ${(error as Error).message.split("\n")[0]}.`, undefined, {
      cause: error,
    });
  } finally {
    source.destroy();
    unpacked.destroy();
  }
  if (problem) throw problem;
  return parts;
}
