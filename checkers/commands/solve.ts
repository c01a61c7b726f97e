import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { paths } from "../../cluster/paths.ts";
import { Store } from "../../site/server/store.ts";
import { applyAnswer } from "../contract/answer.ts";
import { variantsOf } from "../contract/files.ts";
import { resetLab, withFilled } from "../enter.ts";
import { type LoadedLab, labRoots, loadLab, shortName } from "../labs.ts";
import { bringAddons } from "./addons.ts";
import { asAttempted } from "./attempted.ts";
import { checkCommand } from "./check.ts";
import { confirm } from "./confirm.ts";
import { interruptible } from "./interrupt.ts";
import { type Io, UserError } from "./io.ts";
import { clusterOf } from "./lab-place.ts";

export interface SolveArgs {
  lab: string;
  yes?: boolean;
  /** Another right way, by its folder's name. */
  variant?: string;
  labs?: string[];
}

/** The folder of the answer asked for. Throws with the variants there are. */
function answerOf(lab: LoadedLab, variant: string | undefined): string {
  if (variant === undefined) return join(lab.dir, "solution");
  const known = variantsOf(lab.dir);
  if (known.includes(variant)) return join(lab.dir, "variants", variant);
  throw new UserError(`${lab.slug} has no variant "${variant}".`, {
    kept: "Nothing was changed.",
    todo: known.length > 0 ? `It has: ${known.join(", ")}.` : "It has none: leave --variant out.",
  });
}

/**
 * Puts the lab's tested solution into the learner's own namespace and folder, from the lab's start, and shows what the checks say. Noted as
 * the workbook's doing, before anything is applied: no check that turns green by it is the learner's pass. Exit code as `check`.
 */
export async function solve(args: SolveArgs, io: Io): Promise<number> {
  const lab = asAttempted(await loadLab(args.lab, labRoots(args.labs)));
  const answer = answerOf(lab, args.variant);
  const at = paths();
  const { kubeconfig, namespace } = clusterOf(lab);
  if (!args.yes) {
    const question = `Put the workbook's solution of ${lab.slug} in place of yours? Everything in the namespace ${namespace} is deleted first; your working folder is saved.`;
    if (!(await confirm(question, io))) {
      io.out("Nothing was changed.");
      return 2;
    }
  }
  const says = (step: string): void => io.out(io.style("dim", `  ${step}`));
  const saved = await interruptible(async (signal) => {
    const kubectl = join(at.bin, "kubectl");
    const entered = await resetLab({
      lab,
      kubeconfig,
      namespace,
      paths: { labs: at.labs, kube: at.kube },
      kubectl,
      signal,
      addons: bringAddons(kubeconfig, namespace, signal),
      says,
    });
    signal.throwIfAborted();
    const how = args.variant === undefined ? "its solution" : `its variant ${args.variant}`;
    noteSolved(at.db, lab.slug, how);
    says(`applying ${how}`);
    const home = mkdtempSync(join(tmpdir(), "workbook-solve-"));
    const { folder } = entered;
    try {
      await withFilled(lab, answer, namespace, (dir) =>
        applyAnswer({
          dir,
          folder,
          kubeconfig: entered.kubeconfig,
          namespace,
          kubectl,
          env: process.env,
          home,
          signal,
        }),
      );
    } catch (error) {
      throw new UserError(`The solution could not be applied: ${(error as Error).message}`, {
        kept: entered.saved
          ? `Your files are in ${entered.saved}`
          : "There was nothing of yours in the working folder.",
        todo: `Run it again, or go back to the start: ./workbook reset ${shortName(lab.slug)}`,
        cause: error,
      });
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
    return entered.saved;
  });
  io.out(
    `✓ ${lab.slug} is solved by the workbook. That is no pass of yours: ./workbook reset ${shortName(lab.slug)} lets you do it yourself.`,
  );
  if (saved) io.out(`Your files are kept in ${saved}`);
  io.out();
  return checkCommand({ lab: lab.slug, ...(args.labs && { labs: args.labs }) }, io);
}

function noteSolved(db: string, lab: string, how: string): void {
  const store = new Store(db);
  try {
    store.mark(lab, "solved", `The workbook applied ${how}.`);
  } finally {
    store.close();
  }
}
