import { existsSync } from "node:fs";
import { LookError } from "../core/errors.ts";
import { ExamBook } from "./book.ts";

/** Where the record of exams is, below the state folder. */
export const bookFile = (state: string): string => `${state}/exams/exams.db`;

/** Checks are withheld until an exam is handed in. */
export class Withheld extends LookError {}

/**
 * Throws while an exam is open that this lab or this namespace belongs to: nothing may be checked, graded, solved, hinted at or reset there before
 * its end.
 */
export function withheldDuringExam(state: string, about: { slug: string; namespace: string }): void {
  const file = bookFile(state);
  if (!existsSync(file)) return;
  const book = new ExamBook(file);
  try {
    const open = book.open();
    if (!open) return;
    const own = open.stations.some(({ slug, namespace }) => slug === about.slug || namespace === about.namespace);
    // Also when its time is up and nobody has looked yet: what ends it keeps its files first.
    if (!own) return;
    throw new Withheld(
      `The exam "${open.file.title}" is under way: what its checks say is withheld until it is handed in.`,
      "./workbook exam status tells how long it goes on; ./workbook exam submit hands it in.",
    );
  } finally {
    book.close();
  }
}
