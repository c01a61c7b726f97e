import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { currentCluster } from "../../cluster/current.ts";
import { addonPlace, ensureAddons } from "../../cluster/index.ts";
import { type Paths, paths } from "../../cluster/paths.ts";
import { ExamBook } from "../exams/book.ts";
import { now } from "../exams/clock.ts";
import { type ExamGround, Examiner } from "../exams/examiner.ts";
import { bookFile } from "../exams/guard.ts";
import { KubeconfigError } from "../kube/errors.ts";
import { labRoots, userOf } from "../labs.ts";

/** The cluster the last `up` ended with, as an exam needs it. Throws with a sentence where there is none. */
function groundHere(at: Paths): ExamGround {
  const current = currentCluster();
  if (!current) throw new KubeconfigError("There is no cluster yet.", 'Run "./workbook up" first.');
  const { kubeconfig, provider, nodePorts } = current;
  return {
    kubeconfig,
    kubectl: join(at.bin, "kubectl"),
    user: userOf(provider),
    nodePorts,
    addons: async (namespace, names, until, says, signal) =>
      ensureAddons(await addonPlace(kubeconfig, signal), names, { user: namespace, until, signal, says }),
  };
}

/** Who holds exams on this machine: the course and every command make one of these over the same book. Close its book. */
export function examinerHere(extra: readonly string[] | undefined): Examiner {
  const at = paths();
  const exams = join(at.state, "exams");
  mkdirSync(exams, { recursive: true, mode: 0o700 });
  return new Examiner({
    book: new ExamBook(bookFile(at.state)),
    paths: { labs: at.labs, kube: at.kube, exams },
    roots: labRoots(extra),
    now,
    ground: () => groundHere(at),
  });
}
