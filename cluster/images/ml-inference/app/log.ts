/** One JSON object per line on standard output, which is where a container's log belongs. */
import { type LogLevel, logLevels } from "./config.ts";

export type Fields = Record<string, string | number | boolean | undefined>;
export type Log = Record<LogLevel, (msg: string, fields?: Fields) => void>;

/** A log that writes lines of the level it is told, which may change, and above, each with the fields of `always`. */
export function createLog(level: () => LogLevel, always: Fields, write: (line: string) => void = toStdout): Log {
  const at = (name: LogLevel) => (msg: string, fields?: Fields) => {
    if (logLevels.indexOf(name) < logLevels.indexOf(level())) return;
    write(`${JSON.stringify({ time: new Date().toISOString(), level: name, msg, ...always, ...fields })}\n`);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

// A reader that went away must not take the service down.
process.stdout.on("error", () => {});

function toStdout(line: string): void {
  process.stdout.write(line);
}
