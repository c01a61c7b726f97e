import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { handSignals } from "./hand-signals.ts";
import { type Io, UserError } from "./io.ts";

const main = fileURLToPath(new URL("../../test/bench/main.ts", import.meta.url));

/** Measures what people wait for, in a process of its own. Resolves to its exit code: 0 measured, 2 something could not be. */
export async function bench(options: { parts: string[]; json?: boolean }, _io: Io): Promise<number> {
  if (!existsSync(main)) {
    throw new UserError("The benchmark is not part of this copy of the workbook.", {
      todo: "Run it in a clone of the repository.",
    });
  }
  const args = [...process.execArgv, main, ...(options.json ? ["--json"] : []), ...options.parts];
  // The channel tells it when we are gone.
  const child = spawn(process.execPath, args, { detached: true, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const end = handSignals(child);
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]));
    });
  } finally {
    end();
  }
}
