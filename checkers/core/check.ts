import type { Cluster } from "./port.ts";
import type { Outcome } from "./verdict.ts";

/**
 * observe: reads objects; runs live, on every change.
 * sample: measures without disturbing (requests, exec); runs live once the observed objects settle, at most every 15 s.
 * disturb: kills, hangs, breaks or loads something; runs only on request or when grading, under a lease.
 */
export type Mode = "observe" | "sample" | "disturb";

export interface Failure {
  /** One sentence, to the learner, that says what is so and why it matters; never just "failed". */
  says: string;
  /** A ladder: each step leads a little further, the last nearly there. One is shown per request. */
  hints: readonly [string, ...string[]];
  /** The learner has not started on this yet: shown as "to do", not as "not yet". Grading treats it as any failure. */
  untouched?: true;
  /** Why neither start/ nor a mutant can bring this about on a test cluster. Without it every code must be reached by one of them. */
  unreachable?: string;
}
export type Failures = Readonly<Record<string, Failure>>;

/** What the learner has outside the cluster that a check may look at. */
export interface Learner {
  /** The learner's terminal context: namespace as kubectl would use it ("default" where none is set). */
  currentNamespace(): Promise<string>;
  /** What the learner handed in under this key (trimmed), or undefined. Kept as answers/KEY.txt in the working folder. */
  answer(key: string): Promise<string | undefined>;
  /** A file of the working folder, or undefined. Paths that leave the folder are undefined. */
  file(path: string): Promise<string | undefined>;
}

export interface TrafficSample {
  sent: number;
  /** Count per HTTP status; "0" counts requests that got no answer. */
  statuses: Record<string, number>;
  /** Count per responding pod (the X-Served-By response header); "unknown" where the header is missing. */
  pods: Record<string, number>;
  /** Count per version (the X-Version response header). */
  versions: Record<string, number>;
  /** The first answered body, for evidence; at most 2,000 characters. */
  body?: string;
  firstError?: string;
}

/** What a check measures with. Every probe is bounded in count and time and stops on the signal. */
export interface Probes {
  /** Runs a command in a running container; stdout and stderr are cut at 64 KiB each. */
  exec(
    pod: string,
    command: readonly string[],
    options?: { container?: string; namespace?: string },
  ): Promise<{ code: number; stdout: string; stderr: string }>;
  /** One GET to a pod's port through the API server's pod proxy. status 0: the port did not answer. */
  podGet(
    pod: string,
    port: number,
    path: string,
  ): Promise<{ status: number; body: string; headers: Record<string, string> }>;
  /** n GETs from inside the cluster to a Service's DNS name, a new connection each, so kube-proxy picks anew. */
  traffic(target: {
    service: string;
    port: number;
    path?: string;
    namespace?: string;
    n: number;
  }): Promise<TrafficSample>;
}

export interface Scene<Facts = unknown> {
  facts: Facts;
  namespace: string;
  cluster: Cluster;
  learner: Learner;
  probes: Probes;
  signal: AbortSignal;
}

export interface Check<F extends Failures = Failures> {
  title: string;
  points: number;
  mode: Mode;
  /** How long a run may take and how long grading waits for it to settle: "10s", "2m". */
  within: `${number}s` | `${number}m`;
  /** state: can be regraded from objects; process: attested by the learner's machine. */
  evidence: "state" | "process";
  /** Why this works: shown after passing. */
  why: string;
  failures: F;
  observe(scene: Scene): Promise<Outcome<keyof F & string>>;
}

/** Declares a check. A code that is not declared, or a failure without a hint, does not compile. */
export const check = <const F extends Failures>(definition: Check<F>): Check => definition as unknown as Check;
