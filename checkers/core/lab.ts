import type { Check, Scene, Target } from "./check.ts";

/** Weighted areas a grade is reported by. */
export const domains = ["deploy", "expose", "configure", "scale", "release", "observe", "operate", "validate"] as const;
export type Domain = (typeof domains)[number];

/** What a lab needs of a cluster beyond a namespace of its own. */
export interface Requires {
  /** Reads Nodes and other cluster-scoped objects. */
  clusterRead?: true;
  /** A fixed NodePort: leased, so such runs are serialised. */
  nodePort?: true;
  /** At least this many worker nodes. */
  workers?: number;
  /** Objects outside namespaces are made or changed. */
  clusterAdmin?: true;
  /** NetworkPolicies are enforced. */
  networkPolicy?: true;
}

/** What the workbook installs once per cluster, in a namespace of its own, while a lab that names it is open. */
export const addonNames = ["metrics-server", "prometheus", "gateway"] as const;
export type AddonName = (typeof addonNames)[number];

export interface Measurement {
  /** In the prediction's own unit; for a choice, the index of the choice that turned out right. */
  value: number;
  /** Labelled figures behind it, for the chart. */
  series: { label: string; value: number }[];
  /** What was measured over time, drawn as lines: one value for each second since the start, in the prediction's unit or `unit`. */
  lines?: readonly MeasuredLine[];
  /** One sentence: what was measured, with n. */
  says: string;
}
export interface MeasuredLine {
  label: string;
  /** null: nothing was measured in that second. */
  values: readonly (number | null)[];
}

/** Measures what a prediction in quiz.yaml (same id) asked about. Throws Error with a sentence for the learner when it cannot. */
export interface Experiment {
  within: `${number}s` | `${number}m`;
  /** `tell` draws what is known so far over the prediction, as the data comes in. */
  measure(scene: Scene, tell?: (soFar: Pick<Measurement, "series" | "lines">) => void): Promise<Measurement>;
}

/** How submissions of a lab are re-created on an instructor's cluster. */
export interface Sandbox {
  /** Kinds beyond the usual ones (workloads, configuration, RBAC and policies of one namespace): "HTTPRoute.gateway.networking.k8s.io". */
  kinds?: readonly string[];
  /**
   * The lab is about requests, limits, quality of service, LimitRange or ResourceQuota: no defaults for CPU and memory are put into
   * its pods then, because they would change what its checks see. Pods, disk and objects stay limited.
   */
  ownResources?: true;
}

export interface LabDefinition<F = unknown> {
  title: string;
  /** One sentence for the course map: what you can do after it. */
  summary: string;
  week: number;
  /** Honest time for someone new to the subject. */
  minutes: number;
  domain: Domain;
  prerequisites?: readonly string[];
  requires?: Requires;
  addons?: readonly AddonName[];
  sandbox?: Sandbox;
  /** The terminal's context starts in the lab's namespace ("lab", the default) or in "default". */
  startsIn?: "lab" | "default";
  /** Keys the learner hands in on the page (or with `./workbook answer`): label shown beside the input. */
  answers?: Readonly<Record<string, { label: string }>>;
  facts: (seed: number, namespace: string) => F;
  checks: (facts: F) => Readonly<Record<string, Check>>;
  /** Of an exam's task: numbers of the labs to go back to when it was missed. */
  study?: readonly string[];
  /** What <LiveRequests /> sends its steady trickle of requests to, while the learner has it running. */
  requests?: (facts: F) => Target;
  experiments?: (facts: F) => Readonly<Record<string, Experiment>>;
}

export const defineLab = <F>(lab: LabDefinition<F>): LabDefinition<F> => lab;

/** The seed of facts where nobody chose one: the page is built with it. */
export const defaultSeed = 1;
