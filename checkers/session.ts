import { systemClock } from "./clock.ts";
import type { Check, Learner } from "./core/check.ts";
import { unmet } from "./core/needs.ts";
import type { LabReport, PodView } from "./core/report.ts";
import { type Looked, toLabReport, toReport } from "./core/reports.ts";
import { type BoundScene, glance, runCheck, settle } from "./core/run.ts";
import type { LiveCluster } from "./kube/live.ts";
import { tracked } from "./kube/tracked.ts";
import type { Transport } from "./kube/transport.ts";
import type { LoadedLab } from "./labs.ts";
import { podViews } from "./pods.ts";
import { makeScene } from "./probes/scene.ts";
import { type MappedPort, mapped } from "./probes/target.ts";
import { FolderWatch } from "./session/folder-watch.ts";
import { Sampler } from "./session/sampler.ts";

export interface SessionOptions {
  lab: LoadedLab;
  namespace: string;
  live: LiveCluster;
  /** The checkers' own connection: probes go over it. */
  transport: Transport;
  /** Working folder. */
  folder: string;
  /** The terminal's kubeconfig. */
  kubeconfig: string;
  /** Node ports of the cluster that a port of this machine leads to. */
  nodePorts?: readonly MappedPort[];
  seed?: number;
  onReport?: (report: LabReport) => void;
  onPods?: (pods: PodView[]) => void;
}

/** Key of everything the learner has outside the cluster. */
const learnerKey = "learner";
/** Observing checks that wait or could not look are looked at again after this many milliseconds, whatever happened. */
const again = 5_000;

interface Watched {
  id: string;
  check: Check;
  /** What it read when it last looked, and what it has read so far in the look under way. */
  keys: Set<string>;
  reading: Set<string>;
  looked: Looked | undefined;
  /** Whether it passed when it last looked; being measured anew changes nothing about that. */
  passed: boolean;
  running: Promise<void> | undefined;
  dirty: boolean;
}

/**
 * One lab, watched: observing checks run again as soon as something they read changes, measuring ones once their namespace is
 * quiet, disturbing ones on request. A check whose ground has not passed is not looked at until it has; hidden ones wait for the grading.
 * Reports are sent out only when they say something new.
 */
export class LabSession {
  readonly #options: SessionOptions;
  readonly #stop = new AbortController();
  readonly #watched: Watched[];
  readonly #sampler: Sampler;
  readonly #folder: FolderWatch;
  readonly #cleanUp: (() => void)[] = [];
  readonly #reportListeners = new Set<(report: LabReport) => void>();
  readonly #podListeners = new Set<(pods: PodView[]) => void>();
  readonly #podKeys = new Set<string>();
  #report: LabReport;
  #pods: PodView[] = [];
  #flushing = false;
  #announcing = false;
  #podsDirty = true;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { lab, namespace, live } = options;
    this.#watched = Object.entries(lab.checks(namespace, options.seed)).map(([id, check]) => ({
      id,
      check,
      keys: new Set(),
      reading: new Set(),
      looked: undefined,
      passed: false,
      running: undefined,
      dirty: true,
    }));
    this.#report = this.#assemble();
    if (options.onReport) this.#reportListeners.add(options.onReport);
    if (options.onPods) this.#podListeners.add(options.onPods);
    this.#sampler = new Sampler(
      this.#watched.filter(({ check }) => check.mode === "sample" && !check.hidden).map(({ id }) => id),
      (id) => this.#measure(this.#find(id), glance),
    );
    this.#folder = new FolderWatch([options.folder, `${options.folder}/answers`], options.kubeconfig, () =>
      this.#changed(learnerKey),
    );
    const slow = setInterval(() => this.#lookAgain(), again);
    slow.unref();
    this.#cleanUp.push(
      live.hold(namespace),
      live.onChange((key) => this.#changed(key)),
      () => clearInterval(slow),
      () => this.#sampler.stop(),
      () => this.#folder.stop(),
    );
    this.#schedule();
    this.#sampler.disturbed();
  }

  report(): LabReport {
    return this.#report;
  }
  pods(): PodView[] {
    return this.#pods;
  }
  onReport(listener: (report: LabReport) => void): () => void {
    this.#reportListeners.add(listener);
    return () => this.#reportListeners.delete(listener);
  }
  onPods(listener: (pods: PodView[]) => void): () => void {
    this.#podListeners.add(listener);
    return () => this.#podListeners.delete(listener);
  }

  /**
   * Runs one check now, whatever its mode, and resolves when it has a verdict; at once where its ground has not passed. Rejects when
   * there is no such check, or it is hidden.
   */
  async run(id: string): Promise<LabReport> {
    const watched = this.#find(id);
    if (watched.check.hidden) throw new Error("A hidden check is looked at when the lab is graded, not before.");
    if (this.#blocked(watched)) return this.#report;
    if (watched.check.mode === "observe") {
      await watched.running;
      await this.#look(watched);
    } else {
      await this.#sampler.now(id, () =>
        this.#measure(watched, async (check, scene, clock) => (await settle(check, scene, clock)).verdict, true),
      );
    }
    this.#announce();
    return this.#report;
  }

  /** A scene of this lab, bound to a signal: for experiments. */
  scene(signal: AbortSignal): BoundScene {
    const { lab, namespace, live, transport, folder, kubeconfig, nodePorts, seed } = this.#options;
    return makeScene({
      lab: lab.definition,
      namespace,
      cluster: live.in(namespace),
      transport,
      learnerKubeconfig: kubeconfig,
      folder,
      signal: AbortSignal.any([signal, this.#stop.signal]),
      nodePorts: mapped(nodePorts),
      ...(seed !== undefined && { seed }),
    });
  }

  /** Something outside the cluster changed: look again at what depends on it. */
  refresh(): void {
    this.#changed(learnerKey);
  }

  /** Ends every watch and run. Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("The lab was left."));
    for (const end of this.#cleanUp.splice(0)) end();
    this.#reportListeners.clear();
    this.#podListeners.clear();
    await Promise.allSettled(this.#watched.map(({ running }) => running));
  }

  #find(id: string): Watched {
    const found = this.#watched.find((one) => one.id === id);
    if (found) return found;
    throw new Error(`The lab has no check "${id}". Its checks: ${this.#watched.map((one) => one.id).join(", ")}.`);
  }

  #changed(key: string): void {
    if (this.#stop.signal.aborted) return;
    const inLab = key.endsWith(` in ${this.#options.namespace}`);
    for (const watched of this.#watched) {
      if (!watched.keys.has(key) && !watched.reading.has(key)) continue;
      watched.dirty = true;
      if (watched.check.mode === "sample") this.#sampler.disturbed(watched.id);
    }
    if (inLab) this.#sampler.disturbed();
    if (this.#podKeys.has(key)) this.#podsDirty = true;
    this.#schedule();
  }

  /** Everything that arrives in one turn of the event loop is looked at once. */
  #schedule(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      if (this.#stop.signal.aborted) return;
      for (const watched of this.#watched) {
        if (watched.dirty && watched.check.mode === "observe" && !this.#blocked(watched)) void this.#look(watched);
      }
      if (this.#podsDirty) void this.#lookAtPods();
    });
  }

  #lookAgain(): void {
    for (const { check, looked } of this.#watched) {
      const state = looked?.verdict.state;
      if (check.mode === "observe" && (state === "waiting" || state === "error")) {
        const watched = this.#watched.find((one) => one.check === check);
        if (watched) watched.dirty = true;
      }
    }
    this.#schedule();
  }

  #look(watched: Watched): Promise<void> {
    watched.running ??= (async () => {
      do {
        watched.dirty = false;
        await this.#once(watched, runCheck);
      } while (watched.dirty && !this.#stop.signal.aborted && !this.#blocked(watched));
    })().finally(() => {
      watched.running = undefined;
    });
    return watched.running;
  }

  async #measure(watched: Watched, how: typeof runCheck, tell = false): Promise<Looked | undefined> {
    if (this.#blocked(watched)) return undefined;
    if (tell) this.#tell(watched, { state: "waiting", why: "it is being measured now", evidence: [] }, 0);
    const run = this.#once(watched, how);
    watched.running = run;
    await run;
    watched.running = undefined;
    return watched.looked;
  }

  async #once(watched: Watched, how: typeof runCheck): Promise<void> {
    const began = systemClock.now();
    watched.reading = new Set();
    const verdict = await how(watched.check, this.#trackedScene(watched.reading), systemClock);
    if (this.#stop.signal.aborted) return;
    watched.keys = watched.reading;
    watched.reading = new Set();
    // Its ground may have gone while it looked; where it disturbs, that is its own doing.
    if (watched.check.mode !== "disturb" && this.#blocked(watched)) return;
    this.#tell(watched, verdict, systemClock.now() - began);
    const passed = verdict.state === "pass";
    if (passed === watched.passed) return;
    watched.passed = passed;
    this.#groundChanged(watched.id);
  }

  /** Hidden checks, and those whose ground has not passed, are not looked at. */
  #blocked({ check }: Watched): boolean {
    return check.hidden === true || this.#unmet(check).length > 0;
  }

  #unmet(check: Check): string[] {
    return unmet(check, (id) => this.#watched.find((one) => one.id === id)?.passed ?? false);
  }

  /**
   * What stands on this check is looked at anew, or is blocked again: what it said before says nothing any more. Only what came of a
   * disturbance stays: it happened.
   */
  #groundChanged(id: string): void {
    for (const watched of this.#watched) {
      if (!watched.check.needs?.includes(id) || watched.check.mode === "disturb") continue;
      const passed = watched.passed;
      watched.looked = undefined;
      watched.passed = false;
      watched.dirty = true;
      if (watched.check.mode === "sample") this.#sampler.disturbed(watched.id);
      if (passed) this.#groundChanged(watched.id);
    }
    this.#schedule();
    this.#announce();
  }

  #tell(watched: Watched, verdict: Looked["verdict"], took: number): void {
    watched.looked = { verdict, at: new Date().toISOString(), took };
    this.#announce();
  }

  #trackedScene(keys: Set<string>): BoundScene {
    const { lab, namespace, live, transport, folder, kubeconfig, nodePorts, seed } = this.#options;
    const base = makeScene({
      lab: lab.definition,
      namespace,
      cluster: tracked(live.in(namespace), namespace, keys),
      transport,
      learnerKubeconfig: kubeconfig,
      folder,
      signal: this.#stop.signal,
      nodePorts: mapped(nodePorts),
      ...(seed !== undefined && { seed }),
    });
    const learner: Learner = {
      currentNamespace: () => base.learner.currentNamespace(),
      answer: (key) => base.learner.answer(key),
      file: (path) => {
        this.#folder.add(path);
        return base.learner.file(path);
      },
    };
    const noted = new Proxy(learner, {
      get: (target, name, receiver) => {
        keys.add(learnerKey);
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    return {
      ...base,
      learner: noted,
      withSignal: (signal, turn) => ({ ...(base.withSignal?.(signal, turn) ?? base), learner: noted }),
    };
  }

  #assemble(): LabReport {
    const { lab, namespace } = this.#options;
    const checks = Object.fromEntries(this.#watched.map(({ id, check }) => [id, check]));
    return toLabReport(
      { slug: lab.slug, title: lab.definition.title },
      namespace,
      this.#watched.map(({ id, check, looked }) => {
        const needs = this.#unmet(check);
        if (needs.length === 0) return toReport(id, check, looked, { checks });
        return toReport(id, check, { verdict: { state: "blocked", needs, evidence: [] }, at: "", took: 0 }, { checks });
      }),
    );
  }

  /** Verdicts of one turn go out together, and only if they say something new. */
  #announce(): void {
    if (this.#announcing) return;
    this.#announcing = true;
    setImmediate(() => {
      this.#announcing = false;
      if (this.#stop.signal.aborted) return;
      const report = this.#assemble();
      const news = fingerprint(report) !== fingerprint(this.#report);
      this.#report = report;
      if (news) for (const listener of this.#reportListeners) listener(report);
    });
  }

  async #lookAtPods(): Promise<void> {
    this.#podsDirty = false;
    const { live, namespace } = this.#options;
    try {
      const pods = await podViews(tracked(live.in(namespace), namespace, this.#podKeys), namespace);
      if (this.#stop.signal.aborted || JSON.stringify(pods) === JSON.stringify(this.#pods)) return;
      this.#pods = pods;
      for (const listener of this.#podListeners) listener(pods);
    } catch {
      // The API server is away: the checks say so, and the change that brings it back comes here again.
    }
  }
}

/** What a report says, leaving out when it was said. */
const fingerprint = (report: LabReport): string =>
  JSON.stringify(report, (key, value: unknown) => (key === "at" || key === "took" ? undefined : value));
