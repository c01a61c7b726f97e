import { chmodSync, existsSync, renameSync, statSync } from "node:fs";
import { type Logger, pino } from "pino";

const largest = 5_000_000;

/** A log of JSON lines, kept private and to one earlier file of 5 MB. */
export function fileLog(file: string): Logger {
  if (existsSync(file) && statSync(file).size > largest) renameSync(file, `${file}.1`);
  const destination = pino.destination({ dest: file, sync: true, mkdir: true, mode: 0o600 });
  if (existsSync(file)) chmodSync(file, 0o600);
  return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}
