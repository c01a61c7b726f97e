import { resolve } from "node:path";
import { exportBundle, importBundle } from "../../cluster/index.ts";
import type { Io } from "./io.ts";

const interruptible = async (work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
  const abort = new AbortController();
  const stop = () => abort.abort(new Error("Interrupted. Nothing half-written was left."));
  process.on("SIGINT", stop);
  try {
    await work(abort.signal);
  } finally {
    process.off("SIGINT", stop);
  }
};

/** Writes everything built or pulled here into one file, for a machine with no network. */
export async function bundleExport(file: string, io: Io): Promise<number> {
  await interruptible((signal) => exportBundle(resolve(file), { signal, log: (line) => io.out(line) }));
  io.out(`✓ ${resolve(file)}`);
  io.out("On the other machine: ./workbook bundle import FILE, then ./workbook up");
  return 0;
}

/** Takes in what bundleExport wrote, after comparing every checksum. */
export async function bundleImport(file: string, io: Io): Promise<number> {
  await interruptible((signal) => importBundle(resolve(file), { signal, log: (line) => io.out(line) }));
  io.out("✓ Imported. ./workbook up needs no network now.");
  return 0;
}
