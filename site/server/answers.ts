import { constants } from "node:fs";
import { lstat, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "./fault.ts";

/**
 * Writes answers/KEY.txt in the working folder, where checks and the learner find it. The folder is the learner's: links in it
 * are not followed. key: one the lab declares.
 */
export async function writeAnswer(folder: string, key: string, text: string): Promise<void> {
  const answers = join(folder, "answers");
  await mkdir(answers, { recursive: true });
  if (!(await lstat(answers)).isDirectory()) {
    throw new Fault(409, "answers in your working folder is not a folder.", "Move it away, then hand in again.");
  }
  const next = join(answers, `.${key}.new`);
  await rm(next, { force: true });
  const file = await open(
    next,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o644,
  );
  try {
    await file.writeFile(`${text.trim()}\n`);
  } finally {
    await file.close();
  }
  await rename(next, join(answers, `${key}.txt`));
}

/** What was handed in under these keys. */
export async function readAnswers(folder: string, keys: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const key of keys) {
    const text = await readFile(join(folder, "answers", `${key}.txt`), "utf8").catch(() => undefined);
    if (text !== undefined) found[key] = text.slice(0, 8192).trim();
  }
  return found;
}
