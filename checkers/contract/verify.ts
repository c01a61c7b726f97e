import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import { currentCluster } from "../../cluster/current.ts";
import { nodePorts } from "../../cluster/kind.ts";
import { paths } from "../../cluster/paths.ts";
import type { Io } from "../commands/io.ts";
import { spoken } from "../core/duration.ts";
import { LookError } from "../core/errors.ts";
import { deleteNamespace } from "../enter.ts";
import { Transport } from "../kube/transport.ts";
import { type LoadedLab, labFolders, labRoots, loadLabAt, provable, shortName, stationFolders } from "../labs.ts";
import { withLease } from "../probes/lease.ts";
import type { MappedPort } from "../probes/target.ts";
import { changedLabs } from "./changed.ts";
import { Durations } from "./durations.ts";
import { Places, Pool } from "./gates.ts";
import { type LedgerLine, ledgerOf } from "./ledger.ts";
import { type Failed, type Part, type Proof, proveOnCluster, proveStatic, type Step } from "./prove.ts";
import { type Ground, runLabel } from "./stand.ts";

export interface VerifyOptions {
  /** Numbers or slugs; all labs when there is none. */
  labs: readonly string[];
  /** More roots, as given with --labs. */
  roots?: readonly string[];
  only?: Part;
  /** Of exams' tasks nothing that takes the cluster. */
  tasksStatic?: boolean;
  io: Io;
  signal: AbortSignal;
  /** WORKBOOK_TEST_KUBECONFIG, else the admin kubeconfig under WORKBOOK_HOME; the pinned tools' folder is looked for there too. */
  env?: NodeJS.ProcessEnv;
  /** Runs at the same time; default: one more than there are processors, and more as long as those are not busy. */
  jobs?: number;
  /** Whether what failed is run once more, alone; default true. */
  again?: boolean;
  /** Only labs that differ, or whose code does, from what was last agreed on in git. */
  changed?: boolean;
  /** Say nothing on the way. */
  quiet?: boolean;
  /** Told each state that was proved and can be graded again without a cluster. */
  recorded?: NonNullable<Proof["recorded"]>;
}
export interface VerifyResult {
  passed: number;
  failed: number;
  steps: Step[];
  ledger: LedgerLine[];
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
  const named =
    options.labs.length === 0
      ? [...labFolders(roots), ...stationFolders(roots)]
      : options.labs.flatMap((name) => provable(name, roots));
  const folders = options.changed ? onlyChanged(named, options) : named;
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
    if (lab && !(options.tasksStatic && lab.exam !== undefined)) fit.push(lab);
  }
  if (only !== "static" && fit.length > 0 && !signal.aborted) {
    await onCluster(fit, { ...options, env }, done);
  }
  const addons = new Map(fit.map((lab) => [lab.slug, lab.definition.addons ?? []]));
  const ledger = ledgerOf(steps, (lab) => addons.get(lab) ?? []);
  if (!options.quiet) tellLedger(io, ledger);
  const passed = steps.filter((step) => step.ok).length;
  return { passed, failed: steps.length - passed, steps, ledger };
}

async function onCluster(
  labs: LoadedLab[],
  options: VerifyOptions & { env: NodeJS.ProcessEnv },
  done: (step: Step) => void,
): Promise<void> {
  const { env, signal, io } = options;
  const processors = availableParallelism();
  const kubeconfig = env.WORKBOOK_TEST_KUBECONFIG || currentCluster(env)?.kubeconfig;
  if (!kubeconfig || !existsSync(kubeconfig)) {
    throw new LookError(
      "There is no cluster to prove labs on.",
      'Run "./workbook up" first, or set WORKBOOK_TEST_KUBECONFIG. "--only static" needs none.',
    );
  }
  const transport = await Transport.open({ kubeconfig });
  const removals: Promise<void>[] = [];
  const durations = new Durations(join(paths(env).cache, "proofs.json"));
  let release = async (): Promise<void> => {};
  try {
    const ground: Ground = {
      transport,
      kubeconfig,
      kubectl: kubectlOf(env),
      run: randomBytes(4).toString("hex"),
      env,
      signal,
      nodePorts: mappedPorts(kubeconfig, env),
    };
    removals.push(...(await sweep(transport)));
    release = await bring(labs, ground, options);
    const waiting = (what: string): void => {
      if (!options.quiet) io.out(io.style("dim", `  waiting for ${what}, on this cluster too`));
    };
    // Two at once would take each other's processors, and call right answers slow.
    const turn = { says: `a proof of ${labs.map((lab) => lab.slug).join(", ")}`, wait: longest, waiting };
    await withLease(transport, "proof", turn, signal, async (held) => {
      const proof: Proof = {
        ground: { ...ground, signal: held },
        durations,
        places: options.jobs ? new Places(options.jobs) : Places.on(processors, false),
        doors: new Pool(await freeDoors(transport)),
        only: options.only,
        ...(options.recorded && { recorded: options.recorded }),
        done: (step) => {
          if (step.ok) durations.note(step, step.took);
          done(step);
        },
        failed: (step) => {
          if (options.again === false || options.quiet || held.aborted) return;
          io.out(io.style("dim", `  ${shown(step)} failed beside others: once more, alone, at the end`));
        },
        removing: (gone) => removals.push(gone),
      };
      const failed: Failed[] = [];
      for (const beside of apart(labs)) {
        const quiet = options.jobs === undefined && beside.some(sensitive);
        const own = quiet ? { ...proof, places: Places.on(processors, true) } : proof;
        failed.push(...(await Promise.all(beside.map((lab) => proveOnCluster(lab, own)))).flat());
      }
      await secondTries(failed, proof.done, options.again !== false && !held.aborted);
    });
  } finally {
    durations.write();
    const left = (await Promise.allSettled(removals)).filter((one) => one.status === "rejected");
    for (const one of left) io.err(`✗ ${(one.reason as Error).message}`);
    await release();
    transport.close();
  }
}

/** Whether a lab judges what any neighbor would change: it has the machine to itself. */
const sensitive = (lab: LoadedLab): boolean =>
  Object.values(lab.checks("apart")).some(({ alone }) => alone === "machine");

/** Labs that have the machine to themselves, one after the other, then all others beside each other. */
function apart(labs: readonly LoadedLab[]): LoadedLab[][] {
  return [...labs.filter(sensitive).map((lab) => [lab]), labs.filter((lab) => !sensitive(lab))];
}

/** So many failures are no accident: they are told as they are. */
const mostAgain = 12;

/**
 * Several places at once on a machine that has processors for two: a step may fail because of its neighbors. One that did is run once more with
 * nothing beside it. What it says then counts; what it failed at first becomes a note.
 */
async function secondTries(failed: readonly Failed[], done: (step: Step) => void, wanted: boolean): Promise<void> {
  for (const { step, again } of failed) {
    if (!wanted || failed.length > mostAgain) {
      done(step);
      continue;
    }
    const second = await again();
    const before = step.problems.map(({ says }) => `failed beside others: ${says}`);
    done({ ...second, notes: [...second.notes, ...before] });
  }
}

/** Milliseconds between two lines of progress where nobody watches: a build tells of itself a hundred times a minute. */
const logged = 20_000;

/** Milliseconds a proof may need its add-ons for; a killed one holds them no longer. */
const longest = 2 * 60 * 60_000;

/**
 * Brings the add-ons of all labs once, before the runs: one that had to wait for its add-on would be called slow, or wrong. Resolves to
 * what says that they are needed no longer; they stay a little, since the next proof often follows.
 */
async function bring(
  labs: readonly LoadedLab[],
  ground: Ground,
  { io, quiet }: Pick<VerifyOptions, "io" | "quiet">,
): Promise<() => Promise<void>> {
  const names = [...new Set(labs.flatMap((lab) => lab.definition.addons ?? []))];
  if (names.length === 0) return async () => {};
  // Loaded where it is needed only: it brings along whatever builds images.
  const { addonPlace, ensureAddons, keepAddons } = await import("../../cluster/addons/index.ts");
  const { kubeconfig, run, signal } = ground;
  const place = await addonPlace(kubeconfig, signal);
  const user = `contract-${run}`;
  let told = Number.NEGATIVE_INFINITY;
  const says = (text: string): void => {
    if (quiet || (!io.tty && performance.now() - told < logged)) return;
    told = performance.now();
    io.out(io.style("dim", `  ${text}`));
  };
  await ensureAddons(place, names, { user, until: Date.now() + longest, signal, says });
  return () => keepAddons(place, names, { user }).catch(() => {});
}

/** How the cluster's node ports are reached from this machine: known of the one the last `up` ended with, and of one that tests made. */
function mappedPorts(kubeconfig: string, env: NodeJS.ProcessEnv): readonly MappedPort[] {
  if (env.WORKBOOK_TEST_NODE_PORTS) return JSON.parse(env.WORKBOOK_TEST_NODE_PORTS) as MappedPort[];
  const current = currentCluster(env);
  return current?.kubeconfig === kubeconfig ? current.nodePorts : [];
}

/**
 * Node ports that runs may open side by side: those our own clusters map to this machine, without what a Service of the cluster has already, as one of an
 * open lab. Where none is left, the first: the API server then says whose it is.
 */
async function freeDoors(transport: Transport): Promise<number[]> {
  const { items } = await transport.json<{ items: { spec?: { ports?: { nodePort?: number }[] } }[] }>(
    "/api/v1/services",
  );
  const taken = new Set(items.flatMap(({ spec }) => spec?.ports ?? []).map(({ nodePort }) => nodePort));
  const free = nodePorts.filter((port) => !taken.has(port));
  return free.length > 0 ? free : [nodePorts[0]];
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

const shown = ({ lab, name }: Step): string => `${shortName(lab)} ${name}`;

function tell(io: Io, step: Step): void {
  const mark = step.ok ? io.style("green", "✓") : io.style("red", "✗");
  io.out(`${mark} ${shown(step).padEnd(47)} ${io.style("dim", spoken(step.took) + whereTo(step))}`);
  for (const { where, says, todo } of step.problems) {
    io.out(`    ${where}: ${says}`);
    io.out(`    ${io.style("bold", "→")} ${todo}`);
  }
  for (const note of step.notes) io.out(`    ${io.style("yellow", "note")} ${note}`);
}

/** Where the time of a long run went, for an author who wants it shorter. */
function whereTo({ took, spent, inPlace }: Step): string {
  if (inPlace) return " in place";
  if (!spent || took < 20_000) return "";
  const looking = took - spent.start - spent.answer;
  return ` (start ${spoken(spent.start)}, answer ${spoken(spent.answer)}, checks ${spoken(looking)})`;
}

function tellLedger(io: Io, lines: readonly LedgerLine[]): void {
  io.out();
  for (const { lab, proved, failed, wall, runs, slow } of lines) {
    const counts = `${String(proved).padStart(3)} proved ${String(failed).padStart(3)} not`;
    io.out(`${lab.padEnd(40)} ${counts}  ${minutes(wall)} by the clock, ${minutes(runs)} of runs`);
    if (slow) {
      io.out(
        `    ${io.style("yellow", "note")} more than 3 min: let checks wait for what they need instead of for a time, join mutants, and say alone: false where it is so`,
      );
    }
  }
}

const minutes = (ms: number): string => `${(ms / 60_000).toFixed(1)} min`;

function onlyChanged(
  named: { slug: string; dir: string }[],
  { io, quiet }: Pick<VerifyOptions, "io" | "quiet">,
): { slug: string; dir: string }[] {
  const changed = changedLabs(named);
  if (!quiet) {
    for (const { lab, why } of changed) io.out(io.style("dim", `  ${lab.slug}: ${why}`));
    if (changed.length === 0) io.out("Nothing that a lab is made of has changed.");
  }
  return changed.map(({ lab }) => lab);
}
