import { existsSync } from "node:fs";
import { paths } from "../../cluster/paths.ts";
import { ExamBook } from "../exams/book.ts";
import { bookFile } from "../exams/guard.ts";
import { type LoadedLab, withSeed } from "../labs.ts";

/** An exam's task with the names and numbers of the last attempt it was part of; any other lab as it is. */
export function asAttempted(lab: LoadedLab): LoadedLab {
  const file = bookFile(paths().state);
  if (lab.exam === undefined || !existsSync(file)) return lab;
  const book = new ExamBook(file);
  try {
    const last = book.attempts(lab.exam).find(({ stations }) => stations.some(({ slug }) => slug === lab.slug));
    return last ? withSeed(lab, last.seed) : lab;
  } finally {
    book.close();
  }
}
