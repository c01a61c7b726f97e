import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { currentCluster } from "../../cluster/current.ts";
import { paths } from "../../cluster/paths.ts";
import type { Io } from "../commands/io.ts";
import { spoken } from "../core/duration.ts";
import { LookError } from "../core/errors.ts";
import { deleteNamespace } from "../enter.ts";
import { Transport } from "../kube/transport.ts";
import { findLab, type LoadedLab, labFolders, labRoots, loadLabAt } from "../labs.ts";
import { Slots } from "./gates.ts";
import { type Part, type Proof, proveOnCluster, proveStatic, type Step } from "./prove.ts";
import { type Ground, runLabel } from "./stand.ts";

export interface VerifyOptions {
  /** Numbers or slugs; all labs when there is none. */
  labs: readonly string[];
  /** More roots, as given with --labs. */
  roots?: readonly string[];
  only?: Part;
  io: Io;
  signal: AbortSignal;
  /** WORKBOOK_TEST_KUBECONFIG, else the admin kubeconfig under WORKBOOK_HOME; the pinned tools' folder is looked for there too. */
  env?: NodeJS.ProcessEnv;
  /** Runs at the same time. */
  jobs?: number;
  /** Say nothing on the way. */
  quiet?: boolean;
}
export interface VerifyResult {
  passed: number;
  failed: number;
  steps: Step[];
}

/** A proof that was killed cannot tidy up; the next one removes what is older than this, in milliseconds. */
const stale = 60 * 60_000;

/**
 * Proves labs: static, then on the cluster. Namespaces are deleted whatever happens, also when the signal aborts. Rejects when
 * there is no such lab or no cluster.
 */
export async function verifyLabs(options: VerifyOptions): Promise<VerifyResult> {
  const { io, signal, only, env = process.env } = options;
  const roots = labRoots(options.roots);
  const folders = options.labs.length === 0 ? labFolders(roots) : options.labs.map((name) => findLab(name, roots));
  const steps: Step[] = [];
  const done = (step: Step): void => {
    steps.push(step);
    if (!options.quiet) tell(io, step);
  };
  const fit: LoadedLab[] = [];
  for (const folder of folders) {
    const step = await proveStatic(folder);
    if (only === undefined || only === "static") done(step);
    const lab = await loadLabAt(folder.dir, folder.slug).catch((error: Error) => {
      if (only !== undefined && only !== "static") throw error;
    });
    if (lab) fit.push(lab);
  }
  if (only !== "static" && fit.length > 0 && !signal.aborted) {
    await onCluster(fit, { ...options, env }, done);
  }
  if (!options.quiet) ledger(io, steps);
  const passed = steps.filter((step) => step.ok).length;
  return { passed, failed: steps.length - passed, steps };
}

async function onCluster(
  labs: LoadedLab[],
  options: VerifyOptions & { env: NodeJS.ProcessEnv },
  done: (step: Step) => void,
): Promise<void> {
  const { env, signal, io } = options;
  const kubeconfig = env.WORKBOOK_TEST_KUBECONFIG || currentCluster(env)?.kubeconfig;
  if (!kubeconfig || !existsSync(kubeconfig)) {
    throw new LookError(
      "There is no cluster to prove labs on.",
      'Run "./workbook up" first, or set WORKBOOK_TEST_KUBECONFIG. "--only static" needs none.',
    );
  }
  const transport = await Transport.open({ kubeconfig });
  const removals: Promise<void>[] = [];
  try {
    const ground: Ground = {
      transport,
      kubeconfig,
      kubectl: kubectlOf(env),
      run: randomBytes(4).toString("hex"),
      env,
      signal,
    };
    removals.push(...(await sweep(transport)));
    const proof: Proof = {
      ground,
      stands: new Slots(options.jobs ?? 4),
      measure: new Slots(1),
      nodePort: new Slots(1),
      only: options.only,
      done,
      removing: (gone) => removals.push(gone),
    };
    await Promise.all(labs.map((lab) => proveOnCluster(lab, proof)));
  } finally {
    const left = (await Promise.allSettled(removals)).filter((one) => one.status === "rejected");
    for (const one of left) io.err(`✗ ${(one.reason as Error).message}`);
    transport.close();
  }
}

/** The pinned kubectl, else the one on PATH. */
function kubectlOf(env: NodeJS.ProcessEnv): string {
  const pinned = join(paths(env).bin, "kubectl");
  if (existsSync(pinned)) return pinned;
  const found = (env.PATH ?? "").split(delimiter).find((dir) => existsSync(join(dir, "kubectl")));
  if (found) return join(found, "kubectl");
  throw new LookError("There is no kubectl.", 'Run "./workbook up": it fetches the one that fits the cluster.');
}

/** Removes namespaces that a killed proof left behind. */
async function sweep(transport: Transport): Promise<Promise<void>[]> {
  const { items } = await transport.json<{ items: { metadata: { name: string; creationTimestamp: string } }[] }>(
    `/api/v1/namespaces?labelSelector=${encodeURIComponent(runLabel)}`,
  );
  return items
    .filter(({ metadata }) => Date.now() - Date.parse(metadata.creationTimestamp) > stale)
    .map(({ metadata }) => {
      const gone = deleteNamespace(transport, metadata.name);
      // Told at the end, with the others; until then nobody listens.
      gone.catch(() => {});
      return gone;
    });
}

function tell(io: Io, step: Step): void {
  const mark = step.ok ? io.style("green", "✓") : io.style("red", "✗");
  io.out(`${mark} ${step.lab.slice(0, 2)} ${step.name.padEnd(44)} ${io.style("dim", spoken(step.took))}`);
  for (const { where, says, todo } of step.problems) {
    io.out(`    ${where}: ${says}`);
    io.out(`    ${io.style("bold", "→")} ${todo}`);
  }
  for (const note of step.notes) io.out(`    ${io.style("yellow", "note")} ${note}`);
}

/** What each lab's proof cost, so that a slow one is noticed. Runs overlap: the sum is machine time, not waiting time. */
function ledger(io: Io, steps: Step[]): void {
  io.out();
  for (const lab of new Set(steps.map((step) => step.lab))) {
    const own = steps.filter((step) => step.lab === lab);
    const failed = own.filter((step) => !step.ok).length;
    const total = own.reduce((sum, step) => sum + step.took, 0);
    io.out(
      `${lab.padEnd(40)} ${String(own.length - failed).padStart(3)} proved ${String(failed).padStart(3)} not  ${spoken(total)} of runs`,
    );
  }
}
