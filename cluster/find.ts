import { ownEnginePid } from "./engine.ts";
import { adminKubeconfig, nodeContainers, readRecord } from "./kind.ts";
import { clusterName, paths } from "./paths.ts";
import { apiAnswers } from "./probe.ts";
import type { ClusterView } from "./types.ts";

/** A quick look (tens of milliseconds when all is well, two seconds at most; nothing is started) at whether our cluster exists and answers. Never throws. */
export async function findCluster(): Promise<ClusterView> {
  const at = paths();
  const name = clusterName();
  const view = (state: ClusterView["state"], summary: string, more: Partial<ClusterView> = {}): ClusterView => ({
    state,
    summary,
    steps: [],
    progress: state === "ready" ? 1 : 0,
    since: new Date().toISOString(),
    ...more,
  });
  const record = await readRecord(at, name);
  if (!record?.complete) return view("absent", "No cluster yet; ./workbook up makes one");
  const more = { provider: "kind", nodes: record.workers + 1 };
  const answer = await apiAnswers(adminKubeconfig(at, name), 1_000);
  if (answer.ok) {
    const waiting = answer.nodes.filter((node) => !node.ready).length;
    const about = { ...more, version: answer.version, nodes: answer.nodes.length };
    if (waiting > 0) return view("unreachable", `${waiting} of ${answer.nodes.length} nodes are not ready`, about);
    return view("ready", `Ready: Kubernetes ${answer.version}, ${answer.nodes.length} nodes`, about);
  }
  try {
    const nodes = await nodeContainers({ command: record.engine }, name, AbortSignal.timeout(1_000));
    if (nodes.length === 0) return view("absent", "The cluster was deleted; ./workbook up makes one");
    if (nodes.every((node) => !node.running)) return view("stopped", "Stopped; ./workbook up starts it", more);
    return view("unreachable", `The API server does not answer: ${answer.problem}`, more);
  } catch {
    const ours = ownEnginePid() === undefined ? "" : " yet";
    return view("stopped", `The container engine does not answer${ours}; ./workbook up starts it`, more);
  }
}
