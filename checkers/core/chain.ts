import { createHash } from "node:crypto";

/** One change of a check's verdict, as the process record keeps it. */
export interface RecordRow {
  check: string;
  state: string;
  code?: string;
  says?: string;
  /** ISO time. */
  at: string;
}
export interface ChainedRow extends RecordRow {
  /** SHA-256, hex. */
  hash: string;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The hash before the first row of a lab's record. */
export const chainStart = (lab: string): string => sha256(`workbook/record/1\n${lab}`);

/** A row's own hash: sha256 over the hash before it and its fields in a fixed order, so that no row can be changed, dropped or put in between unnoticed. */
export const chainHash = (before: string, row: RecordRow): string =>
  sha256(`${before}\n${JSON.stringify([row.check, row.state, row.code ?? null, row.says ?? null, row.at])}`);

/** Index of the first row whose hash does not follow from what is before it, or undefined where the chain holds. */
export function brokenAt(lab: string, rows: readonly ChainedRow[]): number | undefined {
  let before = chainStart(lab);
  for (const [index, row] of rows.entries()) {
    if (row.hash !== chainHash(before, row)) return index;
    before = row.hash;
  }
  return undefined;
}
