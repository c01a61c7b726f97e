import { join } from "node:path";
import { paths } from "../../cluster/paths.ts";
import { openRunning, statusOfRunning } from "../../site/server/control.ts";
import { Store } from "../../site/server/store.ts";
import { enterLab } from "../enter.ts";
import { type LoadedLab, labFolders, labRoots, loadLab, loadLabAt } from "../labs.ts";
import { bringAddons } from "./addons.ts";
import { openBrowser } from "./browser.ts";
import { interruptible } from "./interrupt.ts";
import { type Io, UserError } from "./io.ts";
import { clusterOf } from "./lab-place.ts";

export interface GotoArgs {
  lab: string;
  open: boolean;
  labs?: string[];
}

/**
 * For latecomers: opens a lab although those before it were not done. Every lab has a namespace, a start and facts of its own, so what earlier
 * solutions leave is in its start already; the earlier labs it builds on are noted as skipped, which is no pass, and can be done any time.
 */
export async function goto(args: GotoArgs, io: Io): Promise<number> {
  const roots = labRoots(args.labs);
  const lab = await loadLab(args.lab, roots);
  if (lab.exam !== undefined) {
    throw new UserError(`${args.lab} is a task of the exam "${lab.exam}".`, {
      kept: "Nothing was changed.",
      todo: `Begin the exam: ./workbook exam start ${lab.exam}`,
    });
  }
  const at = paths();
  const { kubeconfig, namespace } = clusterOf(lab);
  const says = (step: string): void => io.out(io.style("dim", `  ${step}`));
  const entered = await interruptible((signal) =>
    enterLab({
      lab,
      kubeconfig,
      namespace,
      paths: { labs: at.labs, kube: at.kube },
      kubectl: join(at.bin, "kubectl"),
      signal,
      addons: bringAddons(kubeconfig, namespace, signal),
      says,
    }),
  );
  const skipped = noteSkipped(at.db, lab, await before(lab, roots));
  io.out(`✓ ${lab.number} ${lab.definition.title} is ready.`);
  io.out(`  Namespace       ${namespace}, with what the lab begins with`);
  io.out(`  Working folder  ${entered.folder}`);
  io.out(`  kubectl         export KUBECONFIG=${entered.kubeconfig}`);
  if (skipped.length > 0) {
    io.out(`  Skipped         ${skipped.join(", ")}: noted, not passed; do them any time`);
  }
  await openPage(at.state, lab, args.open, io);
  return 0;
}

/** Notes the labs this one builds on, directly or through others, of which not everything was passed. Returns their names. */
function noteSkipped(db: string, lab: LoadedLab, earlier: readonly LoadedLab[]): string[] {
  const store = new Store(db);
  try {
    return earlier
      .filter(({ slug, ...one }) => {
        const passed = store.passed(slug);
        return !Object.keys(one.checks("")).every((id) => passed.includes(id)) && store.marked(slug) !== "solved";
      })
      .map(({ slug }) => {
        if (store.marked(slug) !== "skipped") store.mark(slug, "skipped", `The learner went on to ${lab.slug}.`);
        return slug;
      });
  } finally {
    store.close();
  }
}

/** Everything a lab names as its prerequisite, and what those name, in course order. One that is not here is passed over. */
async function before(lab: LoadedLab, roots: readonly string[]): Promise<LoadedLab[]> {
  const folders = labFolders(roots);
  const found = new Map<string, LoadedLab>();
  const add = async (one: LoadedLab): Promise<void> => {
    for (const slug of one.definition.prerequisites ?? []) {
      const folder = folders.find((other) => other.slug === slug);
      if (!folder || slug === lab.slug || found.has(slug)) continue;
      const earlier = await loadLabAt(folder.dir, slug);
      found.set(slug, earlier);
      await add(earlier);
    }
  };
  await add(lab);
  return [...found.values()].sort((a, b) => a.slug.localeCompare(b.slug));
}

async function openPage(state: string, lab: LoadedLab, open: boolean, io: Io): Promise<void> {
  const running = await statusOfRunning(state);
  if (!running) {
    io.out("  The course is not running: ./workbook up opens it.");
    return;
  }
  const page = `/labs/${lab.slug}/`;
  const url = open ? await openRunning(state) : undefined;
  // A fresh address opens one browser; whoever is in the course already needs none.
  const address = url ? `${url}&to=${encodeURIComponent(page)}` : `${running.url}${page}`;
  io.out(`  Page            ${address}`);
  if (url) openBrowser(address);
}
