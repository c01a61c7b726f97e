import { readFile, realpath, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import type { Learner } from "../core/check.ts";
import { LookError } from "../core/errors.ts";
import { parseKubeconfig } from "../kube/config.ts";

/** A file larger than this is nothing a check reads, in bytes. */
const limit = 1024 * 1024;
const key = /^[a-z0-9][a-z0-9._-]*$/i;

/** The learner's side of a lab: the terminal's kubeconfig and the working folder. */
export function makeLearner(at: { kubeconfig: string; folder: string }): Learner {
  const file = async (path: string): Promise<string | undefined> => {
    try {
      // Through real paths, so that a symbolic link leads out of the folder no more than ".." does.
      const root = await realpath(at.folder);
      const real = await realpath(resolve(root, path));
      if (!real.startsWith(root + sep)) return undefined;
      const found = await stat(real);
      return found.isFile() && found.size <= limit ? await readFile(real, "utf8") : undefined;
    } catch {
      return undefined;
    }
  };
  return {
    file,
    async answer(name) {
      if (!key.test(name)) return undefined;
      const text = (await file(join("answers", `${name}.txt`)))?.trim();
      return text || undefined;
    },
    async currentNamespace() {
      const text = await readFile(at.kubeconfig, "utf8").catch((cause: unknown) => {
        throw new LookError("The terminal's kubeconfig is not there.", "Open the lab again: that writes it.", {
          cause,
        });
      });
      const config = await parseKubeconfig(text, "of the terminal");
      const current = config.contexts?.find((one) => one.name === config["current-context"]);
      return current?.context?.namespace || "default";
    },
  };
}
