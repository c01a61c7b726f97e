import { resolve } from "node:path";
import { exportBundle, importBundle } from "../../cluster/index.ts";
import { interruptible } from "./interrupt.ts";
import type { Io } from "./io.ts";

const interrupted = "Interrupted. Nothing half-written was left.";

/** Writes everything built or pulled here into one file, for a machine with no network. */
export async function bundleExport(file: string, io: Io): Promise<number> {
  await interruptible((signal) => exportBundle(resolve(file), { signal, log: (line) => io.out(line) }), interrupted);
  io.out(`✓ ${resolve(file)}`);
  io.out("On the other machine: ./workbook bundle import FILE, then ./workbook up");
  return 0;
}

/** Takes in what bundleExport wrote, after comparing every checksum. */
export async function bundleImport(file: string, io: Io): Promise<number> {
  await interruptible((signal) => importBundle(resolve(file), { signal, log: (line) => io.out(line) }), interrupted);
  io.out("✓ Imported. ./workbook up needs no network now.");
  return 0;
}
