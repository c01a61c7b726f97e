import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LookError } from "../core/errors.ts";
import type { GradedSubmission } from "./one.ts";

export const stateName = "workbook/grading-state/1";
const fileOf = (out: string): string => join(out, "state.json");

/** What a grading has reached: enough to carry on after an interruption or a crash. */
export interface GradingState {
  schema: typeof stateName;
  /** Marks its namespaces on the cluster. */
  run: string;
  /** ISO time. */
  began: string;
  /** By submission's SHA-256: the same file is the same work. */
  results: Record<string, GradedSubmission>;
}

/** The state of an earlier grading into this folder, or undefined. Rejects when the file is there and cannot be used. */
export function readState(out: string): GradingState | undefined {
  if (!existsSync(fileOf(out))) return undefined;
  try {
    const state = JSON.parse(readFileSync(fileOf(out), "utf8")) as GradingState;
    if (state.schema === stateName && typeof state.results === "object") return state;
  } catch {
    // Told below, as any other file that is none.
  }
  throw new LookError(`${fileOf(out)} is no state of a grading.`, "Move it away, or give another folder with --out.");
}

/** Writes it as a whole or not at all. */
export function writeState(out: string, state: GradingState): void {
  const next = `${fileOf(out)}.${process.pid}`;
  writeFileSync(next, JSON.stringify(state));
  renameSync(next, fileOf(out));
}
