import { join } from "node:path";
import { paths } from "../../cluster/paths.ts";
import { Store } from "../../site/server/store.ts";
import { resetLab } from "../enter.ts";
import { labRoots, loadLab } from "../labs.ts";
import { bringAddons } from "./addons.ts";
import { asAttempted } from "./attempted.ts";
import { confirm } from "./confirm.ts";
import { interruptible } from "./interrupt.ts";
import type { Io } from "./io.ts";
import { clusterOf } from "./lab-place.ts";

/** Brings a lab back to its start. The working folder is saved first; progress stays. */
export async function reset(options: { lab: string; yes?: boolean; labs?: string[] }, io: Io): Promise<number> {
  const lab = asAttempted(await loadLab(options.lab, labRoots(options.labs)));
  const at = paths();
  const { kubeconfig, namespace } = clusterOf(lab);
  if (!options.yes) {
    const question = `Start ${lab.slug} again? Everything in the namespace ${namespace} is deleted; your working folder is saved first.`;
    if (!(await confirm(question, io))) {
      io.out("Nothing was changed.");
      return 2;
    }
  }
  const { saved } = await interruptible((signal) =>
    resetLab({
      lab,
      kubeconfig,
      namespace,
      paths: { labs: at.labs, kube: at.kube },
      kubectl: join(at.bin, "kubectl"),
      signal,
      addons: bringAddons(kubeconfig, namespace, signal),
      says: (step) => io.out(io.style("dim", `  ${step}`)),
    }),
  );
  const store = new Store(at.db);
  try {
    store.begunAgain(lab.slug);
  } finally {
    store.close();
  }
  io.out(`✓ ${lab.slug} is back at its start.`);
  if (saved) io.out(`Your files are kept in ${saved}`);
  return 0;
}
