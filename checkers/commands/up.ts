import { join } from "node:path";
import { type ClusterHandle, clusterFinding, clusterName, NeedsConsent, paths } from "../../cluster/index.ts";
import { buildSite, dist, siteIsBuilt } from "../../site/build.ts";
import { openRunning } from "../../site/server/control.ts";
import { startServer } from "../../site/server/server.ts";
import { Store } from "../../site/server/store.ts";
import { loadLabs, userOf } from "../labs.ts";
import { openBrowser } from "./browser.ts";
import { ClusterManager } from "./cluster-manager.ts";
import { confirm } from "./confirm.ts";
import { courseDeps, served } from "./course.ts";
import { examinerHere } from "./exam-place.ts";
import { type Io, UserError } from "./io.ts";
import { fileLog } from "./log.ts";
import { clusterProgress } from "./progress.ts";

export interface UpOptions {
  yes?: boolean;
  provider?: "kind" | "context";
  context?: string;
  workers: string;
  port: string;
  open: boolean;
  json?: boolean;
  labs?: string[];
}

const launcher = new URL("../../workbook", import.meta.url).pathname;

const wholeNumber = (text: string, name: string, min: number, max: number): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UserError(`--${name} takes a whole number from ${min} to ${max}, not "${text}".`, {
    kept: "Nothing was changed.",
  });
};

/**
 * Opens the course and brings up its cluster. Stays until Ctrl-C, which stops the course and leaves the cluster running, or until
 * `./workbook down`. Where a course already runs, prints a fresh address of it and ends.
 */
export async function up(options: UpOptions, io: Io): Promise<number> {
  const port = wholeNumber(options.port, "port", 1, 65_535);
  const workers = wholeNumber(options.workers, "workers", 0, 10);
  const at = paths();
  const event = (type: string, fields: object = {}) => io.out(JSON.stringify({ type, ...fields }));

  const openTheOther = async (): Promise<boolean> => {
    const url = await openRunning(at.state);
    if (!url) return false;
    if (options.json) event("open", { url, already: true });
    else io.out(`✓ The course runs already.\n  Open  ${io.style("bold", url)}`);
    if (options.open) openBrowser(url);
    return true;
  };
  if (await openTheOther()) return 0;

  const abort = new AbortController();
  let interrupted = false;
  const interrupt = () => {
    if (interrupted) process.exit(130);
    interrupted = true;
    abort.abort(new Error("Interrupted."));
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt).on("SIGHUP", interrupt);
  const stopped = new Promise<void>((resolve) =>
    abort.signal.addEventListener("abort", () => resolve(), { once: true }),
  );

  if (!siteIsBuilt()) {
    if (!options.json) io.out("Building the pages (once after each update, about 20 s) ...");
    await buildSite({ signal: abort.signal });
  }
  if (options.json) event("pages", {});
  else io.out(`${io.style("green", "✓")} Pages are ready`);

  const labs = await loadLabs();
  const log = fileLog(join(at.log, "server.log"));
  const store = new Store(at.db, log);
  if (store.moved) io.err(store.moved);
  const cluster = new ClusterManager();
  const user = userOf(options.context ? "context" : options.provider);
  const deps = courseDeps({
    labs,
    at,
    user,
    handle: () => cluster.handle(),
    problem: (error) => log.warn({ error }, "add-ons could not be looked after"),
  });
  const examiner = examinerHere(options.labs);
  let server: Awaited<ReturnType<typeof startServer>> | undefined;
  try {
    const starting = startServer({
      port,
      dist,
      state: at.state,
      labs: await served(labs),
      store,
      cluster,
      deps,
      examiner,
      log,
      launcher,
      onStop: () => abort.abort(new Error("Stopped by ./workbook down.")),
    });
    try {
      server = await starting;
    } catch (error) {
      // Two started at the same moment: the other one has the port.
      if (await openTheOther()) return 0;
      throw error;
    }
    const url = server.openUrl();
    if (options.json) event("open", { url, already: false });
    else io.out(`  Open  ${io.style("bold", url)}`);
    if (options.open && openBrowser(url) && !options.json)
      io.out(io.style("dim", "  (your browser should have opened)"));

    const failed = await bringUp(cluster, { ...options, workers }, abort.signal, io, event);
    if (!abort.signal.aborted) {
      if (options.json) event("up", { cluster: cluster.view() });
      else if (failed) io.out("The lessons stay open meanwhile. Ctrl-C stops the course.");
      else {
        const ours = cluster.handle()?.provider === "kind" ? "; ./workbook down stops the cluster as well" : "";
        io.out(`${io.style("green", "✓")} Everything is ready. Ctrl-C stops the course${ours}.`);
        const made = ours ? await clusterFinding(at) : undefined;
        if (made?.state === "warn") {
          io.out(`${io.style("yellow", "!")} The cluster was ${made.detail}.`);
          io.out(`  ${io.style("bold", "→")} ${made.remedy}`);
        }
      }
    }
    let state = cluster.view().state;
    cluster.onView((view) => {
      if (view.state === state) return;
      state = view.state;
      if (options.json) event("cluster", { cluster: view });
      else if (view.error) io.report({ message: view.error.what, ...view.error });
      else io.out(`${io.style("green", "✓")} ${view.summary}`);
    });
    await stopped;
    return 0;
  } finally {
    if (server && !options.json) io.out("\nStopping the course ...");
    cluster.close();
    await server?.close();
    deps.close();
    examiner.book.close();
    store.close();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt).off("SIGHUP", interrupt);
    if (server && !options.json) {
      const left = cluster.handle();
      io.out(
        left?.provider === "kind"
          ? `✓ Stopped. Progress and files are kept; the cluster "${clusterName()}" goes on running (./workbook down stops it).`
          : "✓ Stopped. Progress, files and finished steps are kept.",
      );
    }
  }
}

/** Brings the cluster up with its progress shown; asks before anything is installed. Returns whether it failed: the course goes on without. */
async function bringUp(
  cluster: ClusterManager,
  options: Omit<UpOptions, "workers"> & { workers: number },
  signal: AbortSignal,
  io: Io,
  event: (type: string, fields?: object) => void,
): Promise<boolean> {
  const progress = clusterProgress(io);
  let shown = "";
  const stop = cluster.onView((view) => {
    if (options.json) {
      const key = JSON.stringify([view.state, view.steps.map((step) => step.state)]);
      if (key !== shown) event("cluster", { cluster: view });
      shown = key;
    } else progress.show(view);
  });
  const attempt = (yes: boolean): Promise<ClusterHandle> =>
    cluster.bringUp({
      yes,
      signal,
      workers: options.workers,
      provider: options.provider,
      context: options.context,
    });
  try {
    try {
      await attempt(options.yes === true);
    } catch (error) {
      if (!(error instanceof NeedsConsent) || options.json || !io.tty) throw error;
      progress.clear();
      io.out(error.message);
      for (const line of error.would) io.out(`  ${line}`);
      if (!(await confirm("Do it now?", io))) throw error;
      await attempt(true);
    }
    return false;
  } catch (error) {
    if (signal.aborted) return true;
    if (options.json) event("failed", { error: cluster.view().error });
    else io.report(error);
    process.exitCode = 2;
    return true;
  } finally {
    stop();
  }
}
