import { writeFileSync } from "node:fs";
import { LookError } from "../../core/errors.ts";

/** Writes what a format made up. Throws with a sentence where the file cannot be written. */
export function writeResult(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "its folder is not there" : code === "EACCES" ? "it may not be written" : message;
    throw new LookError(
      `The file ${path} could not be written: ${why}.`,
      "Give a path in a folder that is there and yours.",
    );
  }
}

export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
