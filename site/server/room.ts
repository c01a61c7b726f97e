import type { Check, FlowSecond } from "../../checkers/core/check.ts";
import { milliseconds, spoken } from "../../checkers/core/duration.ts";
import type { LabReport, PodView } from "../../checkers/core/report.ts";
import { perform } from "../../checkers/core/run.ts";
import type { Down, MeasureReply, PanelsReply } from "../protocol.ts";
import { blankReport, type CatalogLab, checkOf, own } from "./catalog.ts";
import type { ClusterPort, Entered, LabDeps, LabSession, Log } from "./deps.ts";
import { Fault, sentence } from "./fault.ts";
import { panelsOf } from "./panels.ts";

/** Milliseconds for which pages are shown the same panels, and that drawing them may take. */
const panelsFor = 2_000;
const panelsLimit = 15_000;
/** Requests a second, and for how many seconds at most: enough to see who answers, too few to disturb a measurement. */
const trickle = { rate: 10, seconds: 300, timeout: 2_000 } as const;

export type LabMessage = Extract<Down, { type: "lab" }>;

export interface RoomOptions {
  lab: CatalogLab;
  deps: LabDeps;
  cluster: ClusterPort;
  log: Log;
  /** To every page that shows this lab. */
  emit(message: Down): void;
  onReport(report: LabReport): void;
  /** How long a session goes on after the last page has left, in milliseconds. */
  linger: number;
  /** How long after a failed entering it is tried again, in milliseconds. */
  retryAfter: number;
}

/** One lab as this server works on it: entered once, watched by one session, shared by all pages that show it. */
export class Room {
  readonly lab: CatalogLab;
  #options: RoomOptions;
  #members = 0;
  #state: LabMessage["state"] = "entering";
  #says = "";
  #entered: Entered | undefined;
  #session: LabSession | undefined;
  #unsubscribe: (() => void)[] = [];
  #work: Promise<void> = Promise.resolve();
  #opening = false;
  #stopTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  /** What measures or disturbs in this lab just now: one at a time, or they would measure each other. */
  #lease: string | undefined;
  #resetting = false;
  /** Ends the trickle of requests that the learner has running. */
  #trickle: AbortController | undefined;
  /** What the learner's dashboards showed last, for all pages that ask at about the same time. */
  #panels: { at: number; reply: Promise<PanelsReply> } | undefined;
  #closing = new AbortController();

  constructor(options: RoomOptions) {
    this.#options = options;
    this.lab = options.lab;
    this.#says = this.#clusterSays();
  }

  get message(): LabMessage {
    return { type: "lab", lab: this.lab.slug, state: this.#state, says: this.#says };
  }

  /** Whether requests are trickling, for a page that comes in. */
  get requestsMessage(): Down {
    return { type: "requests", lab: this.lab.slug, running: this.#trickle !== undefined };
  }

  report(): LabReport {
    return this.#session?.report() ?? blankReport(this.lab);
  }

  pods(): PodView[] {
    return this.#session?.pods() ?? [];
  }

  /** Where the learner works. Throws Fault until the lab has been entered. */
  entered(): Entered {
    if (this.#entered) return this.#entered;
    throw new Fault(409, `The lab is not ready yet: ${this.#says}`, "It goes on by itself; read on meanwhile.");
  }

  /** The working folder if the lab has been entered since the server's start. */
  get folder(): string | undefined {
    return this.#entered?.folder;
  }

  join(): void {
    this.#members += 1;
    clearTimeout(this.#stopTimer);
    this.#open();
  }

  leave(): void {
    this.#members -= 1;
    if (this.#members > 0) return;
    this.#trickle?.abort();
    clearTimeout(this.#stopTimer);
    clearTimeout(this.#retryTimer);
    this.#stopTimer = setTimeout(() => void this.#inTurn(() => this.#stopSession()), this.#options.linger);
    this.#stopTimer.unref();
  }

  /** The cluster has become ready. kept: it only did not answer for a while, and a session has found it again by itself. */
  clusterReady(kept: boolean): void {
    if (!kept && this.#session) void this.#inTurn(() => this.#stopSession());
    this.#open();
  }

  /** While the cluster is being made, its own line is what this lab waits for. */
  clusterChanged(): void {
    if (!this.#entered && this.#state === "entering" && !this.#opening) this.#say("entering", this.#clusterSays());
  }

  /** Looks at one check now. Those that measure or disturb wait for nobody: one at a time, or they are refused. */
  async run(id: string): Promise<void> {
    const check: Check = checkOf(this.lab, id);
    const session = this.#watched();
    const run = async (): Promise<void> => {
      await session.run(id);
      // The session makes its report up at the end of the turn, and sends it out only if it says something new; whoever asked is
      // told in any case.
      await new Promise((resolve) => setImmediate(resolve));
      if (session === this.#session) this.#reported(session.report());
    };
    if (check.mode === "observe") await run();
    else await this.#leased(`The check "${check.title}"`, run);
  }

  /** Runs the experiment of a prediction. */
  async measure(id: string): Promise<MeasureReply> {
    const experiment = own(this.lab.experiments, id);
    if (!experiment) throw new Fault(404, "This lab has no such experiment.", "Reload the page.");
    const session = this.#watched();
    return this.#leased("An experiment", async () => {
      const limit = milliseconds(experiment.within);
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(limit)]);
      const stopped = new Promise<never>((_, reject) => {
        const stop = (): void =>
          reject(
            this.#closing.signal.aborted
              ? new Fault(503, "The workbook is being stopped.")
              : new Fault(503, `The experiment had no result after ${spoken(limit)}.`, "Run it again."),
          );
        signal.addEventListener("abort", stop, { once: true });
      });
      try {
        const tell = ({ series, lines }: Pick<MeasureReply, "series" | "lines">): void =>
          this.#options.emit({ type: "measuring", lab: this.lab.slug, id, series, ...(lines && { lines }) });
        const measured = perform("An experiment", session.scene(signal), (scene) => experiment.measure(scene, tell));
        const { value, series, lines, says } = await Promise.race([measured, stopped]);
        return { id, value, series, ...(lines && { lines }), says };
      } catch (error) {
        throw error instanceof Fault ? error : new Fault(409, sentence(error));
      }
    });
  }

  /** What the learner's dashboards show: asked by each page that draws them, of Prometheus at most every two seconds. */
  async panels(): Promise<PanelsReply> {
    const session = this.#watched();
    if (!this.#panels || performance.now() - this.#panels.at > panelsFor) {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(panelsLimit)]);
      this.#panels = { at: performance.now(), reply: panelsOf(session.scene(signal)) };
    }
    try {
      return await this.#panels.reply;
    } catch (error) {
      this.#panels = undefined;
      throw new Fault(503, `The panels could not be drawn: ${sentence(error)}`, "They are tried again by themselves.");
    }
  }

  /** Starts or ends the trickle of requests: told second by second, ended by itself after a while, or when nobody looks any more. */
  requests(run: boolean): void {
    if (!run || this.#trickle) {
      if (!run) this.#trickle?.abort();
      return;
    }
    const { emit } = this.#options;
    const target = this.lab.requests;
    const session = this.#session;
    const tell = (message: { running: boolean; second?: FlowSecond; says?: string }): void =>
      emit({ type: "requests", lab: this.lab.slug, ...message });
    if (!target || !session) {
      tell({
        running: false,
        says: target ? `The lab is not ready yet: ${this.#says}` : "This lab sends no requests.",
      });
      return;
    }
    const stop = new AbortController();
    this.#trickle = stop;
    tell({ running: true });
    const signal = AbortSignal.any([stop.signal, this.#closing.signal]);
    const onSecond = (second: FlowSecond): void => tell({ running: true, second });
    session
      .scene(signal)
      .probes.load({ ...target, ...trickle, onSecond })
      .then(
        () => undefined,
        (error: unknown) => (signal.aborted ? undefined : sentence(error)),
      )
      .then((says) => {
        this.#trickle = undefined;
        tell({ running: false, ...(says !== undefined && { says }) });
      });
  }

  /** Something outside the cluster changed: look again. */
  refresh(): void {
    this.#session?.refresh();
  }

  /** Back to the start, and in again. */
  async reset(): Promise<{ saved: string }> {
    if (this.#options.cluster.view().state !== "ready") {
      throw new Fault(409, "The cluster is not ready, so the lab cannot be reset.", "Wait for it, then try again.");
    }
    if (this.#resetting) throw new Fault(409, "The lab is being reset already.", "Wait for it to finish.");
    this.#resetting = true;
    try {
      return await this.#resetInTurn();
    } finally {
      this.#resetting = false;
    }
  }

  async #resetInTurn(): Promise<{ saved: string }> {
    const { deps, log } = this.#options;
    let result: { saved: string } | undefined;
    let problem: unknown;
    await this.#inTurn(async () => {
      this.#say("resetting", "Going back to the start");
      // Ends what measures or disturbs in the lab, too.
      await this.#stopSession();
      try {
        result = await deps.resetLab(this.lab.served, {
          signal: this.#closing.signal,
          says: (line) => this.#say("resetting", line),
        });
      } catch (error) {
        problem = error;
        log.error({ error, lab: this.lab.slug }, "a reset failed");
      }
      await this.#enter();
    });
    if (!result) throw new Fault(503, `The lab was not reset: ${sentence(problem)}`, "Try again; your files are kept.");
    return result;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#stopTimer);
    clearTimeout(this.#retryTimer);
    await this.#inTurn(() => this.#stopSession());
  }

  #watched(): LabSession {
    if (this.#session) return this.#session;
    throw new Fault(409, `The lab is not ready yet: ${this.#says}`, "It goes on by itself; try again then.");
  }

  async #leased<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#lease)
      throw new Fault(409, `${this.#lease} is running in this lab just now.`, "Wait for it to finish, then try again.");
    this.#lease = what;
    try {
      return await work();
    } finally {
      this.#lease = undefined;
    }
  }

  #open(): void {
    clearTimeout(this.#retryTimer);
    if (this.#opening || this.#members === 0 || this.#closing.signal.aborted) return;
    if (this.#options.cluster.view().state !== "ready") {
      if (!this.#session) this.#say("entering", this.#clusterSays());
      return;
    }
    this.#opening = true;
    void this.#inTurn(() => this.#enter()).finally(() => {
      this.#opening = false;
    });
  }

  async #enter(): Promise<void> {
    if (this.#session || this.#closing.signal.aborted) return;
    const { deps, log } = this.#options;
    try {
      this.#say("entering", this.#clusterSays());
      this.#entered = await deps.enterLab(this.lab.served, {
        signal: this.#closing.signal,
        says: (line) => this.#say("entering", line),
      });
      const session = await deps.createSession(this.lab.served, this.#entered);
      this.#session = session;
      this.#unsubscribe = [
        session.onReport((report) => this.#reported(report)),
        session.onPods((pods) => this.#options.emit({ type: "pods", lab: this.lab.slug, pods })),
      ];
      this.#say("ready", "Ready");
      this.#reported(session.report());
      this.#options.emit({ type: "pods", lab: this.lab.slug, pods: session.pods() });
      if (this.#members === 0) await this.#stopSession();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      log.error({ error, lab: this.lab.slug }, "a lab could not be entered");
      this.#say("failed", sentence(error));
      this.#retryTimer = setTimeout(() => this.#open(), this.#options.retryAfter);
      this.#retryTimer.unref();
    }
  }

  #reported(report: LabReport): void {
    this.#options.emit({ type: "report", report });
    this.#options.onReport(report);
  }

  async #stopSession(): Promise<void> {
    this.#trickle?.abort();
    const session = this.#session;
    this.#session = undefined;
    for (const stop of this.#unsubscribe.splice(0)) stop();
    await session?.stop().catch((error: unknown) => {
      this.#options.log.warn({ error, lab: this.lab.slug }, "a session did not stop cleanly");
    });
  }

  /** One after the other: entering, stopping and resetting never overlap. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(step).catch((error: unknown) => {
      this.#options.log.error({ error, lab: this.lab.slug }, "a step of a lab failed");
    });
    return this.#work;
  }

  #say(state: LabMessage["state"], says: string): void {
    if (state === this.#state && says === this.#says) return;
    this.#state = state;
    this.#says = says;
    this.#options.emit(this.message);
  }

  #clusterSays(): string {
    const { state, summary } = this.#options.cluster.view();
    return state === "ready"
      ? "Setting up the lab's namespace and working folder"
      : `Waiting for the cluster. ${summary}`;
  }
}
