import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { deleteNamespace, type EnterOptions, enterLab, manifests, resetLab } from "../../checkers/enter.ts";
import { Transport } from "../../checkers/kube/transport.ts";
import { apply } from "../../checkers/kubectl.ts";
import { type LoadedLab, labFolders, loadLabAt } from "../../checkers/labs.ts";
import { paths } from "../../cluster/paths.ts";
import { type Figure, figure } from "./figures.ts";
import type { Bench, Measured, Part } from "./part.ts";
import { adminKubeconfig } from "./stage.ts";

const rounds = 3;

/** Enters, solves and resets each lab in a namespace of its own. Add-ons are there already: what they take is another matter. */
async function run(bench: Bench): Promise<Measured> {
  const { signal } = bench;
  const kubeconfig = adminKubeconfig();
  const kubectl = join(paths().bin, "kubectl");
  const transport = await Transport.open({ kubeconfig });
  bench.after(() => transport.close());
  const home = join(bench.scratch, "labs");
  mkdirSync(home, { recursive: true });
  const figures: Figure[] = [];
  const notes: string[] = [];
  for (const { dir, slug } of labFolders()) {
    const lab: LoadedLab = await loadLabAt(dir, slug);
    const namespace = `workbook-bench-lab-${lab.number}`;
    bench.after(() => deleteNamespace(transport, namespace, AbortSignal.timeout(120_000)));
    const options: EnterOptions = {
      lab,
      kubeconfig,
      kubectl,
      namespace,
      paths: { labs: join(home, "work"), kube: join(home, "kube") },
      signal,
    };
    // A fixed node port belongs to whoever works on the lab: its Service is not made a second time.
    const solve = lab.definition.requires?.nodePort === undefined;
    if (!solve) notes.push(`${slug} was reset from its start: its node port may be in use.`);
    const entered: number[] = [];
    const reset: number[] = [];
    for (let round = 0; round < rounds; round++) {
      bench.says(`${slug}, round ${round + 1} of ${rounds}`);
      await deleteNamespace(transport, namespace, signal);
      const began = performance.now();
      await enterLab(options);
      entered.push((performance.now() - began) / 1000);
      if (solve) {
        await apply(manifests(join(dir, "solution")), { kubectl, kubeconfig, namespace, signal });
      }
      const again = performance.now();
      await resetLab(options);
      reset.push((performance.now() - again) / 1000);
    }
    await deleteNamespace(transport, namespace, signal);
    figures.push(
      figure(`${lab.number} entered`, "s", entered, { limit: 5, sense: "at most", of: "max" }),
      figure(`${lab.number} solved, then reset`, "s", reset, { limit: 10, sense: "at most", of: "max" }),
    );
  }
  return { figures, notes };
}

export const labs: Part = { name: "labs", says: "entering each lab, and going back to its start", run };
