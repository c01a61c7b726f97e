import { type ClusterHandle, type EnsureOptions, ensureCluster } from "../../cluster/index.ts";
import type { ClusterView } from "../core/report.ts";

/** Images every lab may use; more come with the labs that need them. */
export const labImages = [
  "workbook.local/toolbox:1.0",
  "workbook.local/ml-inference:1.0",
  "workbook.local/ml-inference:1.1",
  "workbook.local/ml-inference:2.0",
  "workbook.local/load:1.0",
  "workbook.local/nginx:1.22",
];

type Listener = (view: ClusterView) => void;

/** How often the API server is asked whether it still answers, in milliseconds. */
const heartbeat = 5_000;

/**
 * Brings the cluster up and keeps an eye on it: what the page's pill and the terminal's progress show. A cluster that stops answering
 * is shown so, since when, and found again by itself when it comes back.
 */
export class ClusterManager {
  #view: ClusterView = {
    state: "absent",
    summary: "Starting",
    steps: [],
    progress: 0,
    since: new Date().toISOString(),
  };
  #handle: ClusterHandle | undefined;
  #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  view(): ClusterView {
    return this.#view;
  }

  handle(): ClusterHandle | undefined {
    return this.#handle;
  }

  onView(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #show(view: ClusterView): void {
    // "since" belongs to the state, not to each redrawing of it.
    this.#view = view.state === this.#view.state ? { ...view, since: this.#view.since } : view;
    for (const listener of this.#listeners) listener(this.#view);
  }

  /** Ensures the cluster and the labs' images. Rejects with what to do; the view then says it too. */
  async bringUp(options: Omit<EnsureOptions, "onView">): Promise<ClusterHandle> {
    try {
      const handle = await ensureCluster({ ...options, images: labImages, onView: (view) => this.#show(view) });
      this.#handle = handle;
      this.#watch(handle);
      return handle;
    } catch (error) {
      const { message, kept, todo } = error as { message: string; kept?: string; todo?: string };
      this.#show({
        ...this.#view,
        state: options.signal.aborted ? "stopped" : "failed",
        summary: options.signal.aborted ? "Stopped" : "The cluster could not be brought up",
        since: new Date().toISOString(),
        error: {
          what: message,
          kept: kept ?? "Steps that finished are kept.",
          todo: todo ?? "Run ./workbook doctor, then ./workbook up again.",
        },
      });
      throw error;
    }
  }

  #watch(handle: ClusterHandle): void {
    const look = async () => {
      const { answers } = await import("../kube/health.ts");
      const problem = await answers(handle.kubeconfig);
      if (this.#stopped) return;
      const ready = this.#view.state === "ready";
      if (problem && ready) {
        this.#show({
          ...this.#view,
          state: "unreachable",
          summary: "The cluster does not answer",
          since: new Date().toISOString(),
          error: {
            what: problem,
            kept: "Your work in the cluster and in your folders is kept.",
            todo: "It is looked for every few seconds. If it stays so, run ./workbook up in another terminal: it starts what has stopped.",
          },
        });
      } else if (!problem && !ready) {
        const { error: _, ...view } = this.#view;
        this.#show({
          ...view,
          state: "ready",
          summary: `Ready: Kubernetes ${handle.serverVersion}, ${handle.nodes.length} nodes`,
          since: new Date().toISOString(),
        });
      }
      this.#timer = setTimeout(look, heartbeat);
      this.#timer.unref();
    };
    this.#timer = setTimeout(look, heartbeat);
    this.#timer.unref();
  }

  close(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }
}
