/**
 * What the server needs from the rest of the workbook, as narrow ports: the `up` command wires the real ones
 * (checkers/labs.ts, checkers/enter.ts, checkers/session.ts, cluster/), tests wire their own.
 */
import type { LabDefinition } from "../../checkers/core/lab.ts";
import type { Quiz } from "../../checkers/core/quiz.ts";
import type { ClusterView, LabReport, PodView } from "../../checkers/core/report.ts";
import type { BoundScene } from "../../checkers/core/run.ts";
import type { MappedPort } from "../../cluster/types.ts";

export interface ServedLab {
  /** Folder name, e.g. "01-cluster-and-kubectl". */
  slug: string;
  /** Two digits, e.g. "01". */
  number: string;
  definition: LabDefinition;
  quiz: Quiz;
}

/** Where the learner works on a lab once it is entered. */
export interface Entered {
  namespace: string;
  /** The learner's working folder: cwd of terminals, holds answers/. */
  folder: string;
  /** Kubeconfig of the learner's terminals; names nothing but this cluster. */
  kubeconfig: string;
}

/** A lab being watched: checks run and re-run by themselves until stop(). */
export interface LabSession {
  report(): LabReport;
  pods(): PodView[];
  /** Called with each changed report; returns the unsubscriber. */
  onReport(listener: (report: LabReport) => void): () => void;
  onPods(listener: (pods: PodView[]) => void): () => void;
  /** Runs one sample or disturb check now; rejects with a sentence for the learner when it cannot. */
  run(check: string): Promise<unknown>;
  /** What an experiment measures with, bound to the signal. */
  scene(signal: AbortSignal): BoundScene;
  /** Something outside the cluster changed (an answer was handed in): look again. */
  refresh(): void;
  stop(): Promise<void>;
}

export interface LabDeps {
  /** The learner's namespace of this lab on this cluster; known before the cluster is there. */
  namespaceOf(lab: ServedLab): string;
  /** The learner's seed for facts. */
  seed(): number;
  /** Creates namespace, working folder and kubeconfig if need be. Idempotent. `says` takes one-line progress. */
  enterLab(lab: ServedLab, options: { signal: AbortSignal; says(line: string): void }): Promise<Entered>;
  /** Back to the start; the working folder is saved first. */
  resetLab(lab: ServedLab, options: { signal: AbortSignal; says(line: string): void }): Promise<{ saved: string }>;
  createSession(lab: ServedLab, entered: Entered): Promise<LabSession>;
}

export interface ClusterPort {
  view(): ClusterView;
  /** Returns the unsubscriber. */
  onView(listener: (view: ClusterView) => void): () => void;
  /** Undefined until there is a cluster. bin: folder with the pinned tools. nodePorts: those that a port of this machine leads to. */
  handle(): { kubeconfig: string; bin: string; nodePorts?: readonly MappedPort[] } | undefined;
}

/** The part of pino that the server uses. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };
