import { currentCluster } from "../../cluster/current.ts";
import { findCluster, paths } from "../../cluster/index.ts";
import { openRunning, statusOfRunning } from "../../site/server/control.ts";
import type { ClusterView } from "../core/report.ts";
import { answers } from "../kube/health.ts";
import { openBrowser } from "./browser.ts";
import type { Io } from "./io.ts";

/** Our own cluster, or the one of the context that the last `up` was told to use. */
async function lookAtCluster(): Promise<Pick<ClusterView, "state" | "summary">> {
  const current = currentCluster();
  if (current?.provider !== "context") return findCluster();
  const problem = await answers(current.kubeconfig);
  return problem
    ? { state: "unreachable", summary: `The cluster of your context does not answer: ${problem}` }
    : { state: "ready", summary: "Ready: the cluster of your context answers" };
}

/** Tells what is running. Exit code 0 when the course runs and its cluster is ready, else 1. */
export async function status(options: { json?: boolean }, io: Io): Promise<number> {
  const at = paths();
  const [course, cluster] = await Promise.all([statusOfRunning(at.state), lookAtCluster()]);
  const code = course && cluster.state === "ready" ? 0 : 1;
  if (options.json) {
    io.out(JSON.stringify({ course: course ?? null, cluster, state: at.state, cache: at.cache }, null, 2));
    return code;
  }
  const line = (name: string, ok: boolean, text: string) =>
    io.out(`${ok ? io.style("green", "✓") : io.style("dim", "○")} ${name.padEnd(8)} ${text}`);
  line(
    "Course",
    course !== undefined,
    course
      ? `${course.url}, ${course.pages} pages and ${course.terminals} terminals open, ${Math.round(course.rss / 1e6)} MB, since ${course.startedAt}`
      : "not running; ./workbook up opens it",
  );
  line("Cluster", cluster.state === "ready", cluster.summary);
  line("Work", true, at.state);
  line("Cache", true, at.cache);
  return code;
}

/** Prints a fresh address of the running course: each address opens one browser. */
export async function open(options: { open: boolean }, io: Io): Promise<number> {
  const url = await openRunning(paths().state);
  if (!url) {
    io.err("The course is not running. Start it with ./workbook up");
    return 2;
  }
  io.out(url);
  if (options.open) openBrowser(url);
  return 0;
}
