/** Plain data that crosses to the page and into --json. Types only: islands may import this file. Making them: reports.ts. */
import type { Mode } from "./check.ts";
import type { Evidence } from "./verdict.ts";

/** blocked: a check it needs has not passed, so it was not looked at. */
export type CheckState = "todo" | "waiting" | "blocked" | "fail" | "pass" | "error";

export interface PartReport {
  id: string;
  title: string;
  points: number;
  state: "pass" | "fail";
  code?: string;
  says?: string;
  hints?: number;
}

export interface CheckReport {
  id: string;
  title: string;
  points: number;
  /** Points of the parts that pass; all of them when it passes. */
  earned: number;
  mode: Mode;
  state: CheckState;
  /** Of a check with partial credit, as declared. A failing one has its own code, what that code says, and how many hints it has. */
  parts?: PartReport[];
  /** Set while blocked: the checks it waits for. */
  needs?: string[];
  /** Set where title and evidence are withheld until it is graded. */
  hidden?: true;
  /** Failure code, where state is "fail" or "todo" after a look. */
  code?: string;
  /** What is so, in a sentence: the failure's `says`, or why it is waiting or could not look. */
  says?: string;
  evidence: Evidence[];
  /** How many hints the present failure has; the texts come one at a time, on request. */
  hints: number;
  /** Set once passed: why this works. */
  why?: string;
  /** ISO time of the observation; absent before the first. */
  at?: string;
  /** Milliseconds the observation took. */
  took?: number;
}

export interface LabReport {
  lab: string;
  title: string;
  namespace: string;
  points: number;
  earned: number;
  /** False when some check could not look: then there is no final score. */
  complete: boolean;
  checks: CheckReport[];
}

/** One pod in the strip under the workbench. */
export interface PodView {
  name: string;
  phase: string;
  ready: boolean;
  deleting: boolean;
  restarts: number;
  /** Waiting or terminated reason of its first container in trouble, e.g. ImagePullBackOff. */
  reason?: string;
  /** Label `version`, else the image's tag. */
  version?: string;
  /** Names of Services whose EndpointSlices list this pod as ready. */
  services: string[];
  node?: string;
  createdAt: string;
}

export interface ClusterStep {
  id: string;
  title: string;
  state: "todo" | "running" | "done" | "failed";
  detail?: string;
  /** Milliseconds spent so far; estimate from earlier runs here or the recipe's own. */
  elapsed: number;
  estimate: number;
}

export interface ClusterView {
  state: "absent" | "building" | "ready" | "unreachable" | "failed" | "stopped";
  /** One line for the header's pill. */
  summary: string;
  provider?: string;
  version?: string;
  nodes?: number;
  steps: ClusterStep[];
  /** 0 to 1, by estimated time. */
  progress: number;
  /** Milliseconds still to go, by estimate. */
  remaining?: number;
  /** ISO time since it is in this state. */
  since: string;
  error?: { what: string; kept: string; todo: string };
}
