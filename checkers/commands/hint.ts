import { paths } from "../../cluster/paths.ts";
import { Store } from "../../site/server/store.ts";
import { type HintArgs, hintCommand } from "./hinting.ts";
import type { Io } from "./io.ts";

/** The next hint for a check, remembered together with those asked for on the page. */
export async function hint(args: HintArgs, io: Io): Promise<number> {
  const store = new Store(paths().db);
  try {
    return await hintCommand(args, io, {
      shown: (lab, check, code) => store.hintsShown(lab, check, code),
      add: (lab, check, code, step) => store.hintShown(lab, check, code, step),
    });
  } finally {
    store.close();
  }
}
