import { type Step, summarize } from "./steps.ts";
import type { ClusterHandle, ClusterStep, ClusterView } from "./types.ts";

/** Turns the steps of one run into the views the page and the terminal show. */
export class Reporter {
  readonly #show: (view: ClusterView) => void;
  readonly #since = new Date().toISOString();
  #steps: ClusterStep[] = [];

  constructor(show: (view: ClusterView) => void) {
    this.#show = show;
  }

  building(steps: ClusterStep[], lanes: ReadonlyMap<string, Step["lane"]>): void {
    this.#steps = steps;
    const { progress, remaining } = summarize(steps, lanes);
    const running = steps.filter((step) => step.state === "running");
    const summary = running.length > 0 ? running.map((step) => step.title).join("; ") : "Preparing the cluster";
    this.#show({ state: "building", summary, provider: "kind", steps, progress, remaining, since: this.#since });
  }

  ready(handle: ClusterHandle): void {
    this.#show({
      state: "ready",
      summary: `Ready: Kubernetes ${handle.serverVersion}, ${handle.nodes.length} nodes`,
      provider: handle.provider,
      version: handle.serverVersion,
      nodes: handle.nodes.length,
      steps: this.#steps,
      progress: 1,
      remaining: 0,
      since: new Date().toISOString(),
    });
  }
}
