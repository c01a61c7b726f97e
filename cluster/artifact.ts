import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { startTime } from "./lock.ts";
import { ClusterError } from "./types.ts";

/**
 * Makes a file or folder of the cache: `make` writes to a name of its own beside it, which takes the final name only when
 * complete. What an interrupted process left behind is removed.
 */
export async function artifact(path: string, make: (temporary: string) => Promise<void>): Promise<string> {
  if (existsSync(path)) return path;
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const prefix = `${basename(path)}.part-`;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length));
    if (pid === process.pid || startTime(pid) === undefined)
      await rm(join(folder, name), { recursive: true, force: true });
  }
  const temporary = join(folder, `${prefix}${process.pid}`);
  try {
    await make(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw diskFull(error, folder);
  }
  return path;
}

/** Turns "no space left" in any disguise into an error that says what to do; gives other errors back as they are. */
export function diskFull(error: unknown, folder: string): unknown {
  const text =
    error instanceof Error ? `${error.message} ${(error as { output?: string }).output ?? ""}` : String(error);
  if (error instanceof ClusterError || !/ENOSPC|EDQUOT|no space left on device|disk quota exceeded/i.test(text))
    return error;
  return new ClusterError(
    `The disk is full (writing under ${folder}).`,
    "Everything finished so far is kept in the cache.",
    "Free some space (a first run needs about 12 GB, see `./workbook doctor`), then run the same command again: it carries on where it stopped.",
    { cause: error },
  );
}
