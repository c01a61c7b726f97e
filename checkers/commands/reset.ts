import { resetLab } from "../enter.ts";
import { confirm } from "./confirm.ts";
import type { Io } from "./io.ts";
import { localLab } from "./local.ts";

/** Brings a lab back to its start. The working folder is saved first; progress stays. */
export async function reset(options: { lab: string; yes?: boolean; labs?: string[] }, io: Io): Promise<number> {
  const { lab, ...local } = await localLab(options.lab, options);
  if (!options.yes) {
    const question = `Start ${lab.slug} again? Everything in the namespace ${local.namespace} is deleted; your working folder is saved first.`;
    if (!(await confirm(question, io))) {
      io.out("Nothing was changed.");
      return 2;
    }
  }
  const abort = new AbortController();
  const interrupt = () => abort.abort(new Error("Interrupted. Run it again to finish: it can be repeated."));
  process.on("SIGINT", interrupt);
  try {
    const { saved } = await resetLab({
      lab,
      kubeconfig: local.kubeconfig,
      namespace: local.namespace,
      paths: local.paths,
      kubectl: local.kubectl,
      signal: abort.signal,
      says: (step) => io.out(io.style("dim", `  ${step}`)),
    });
    io.out(`✓ ${lab.slug} is back at its start.`);
    if (saved) io.out(`Your files are kept in ${saved}`);
    return 0;
  } finally {
    process.off("SIGINT", interrupt);
  }
}
