import type { Domain } from "./lab.ts";
import type {
  DashboardPlaces,
  FoundDashboard,
  Judged,
  KnownTraffic,
  PrometheusAt,
  PrometheusProbe,
  RedMetrics,
} from "./metrics.ts";
import type { Cluster, Kind } from "./port.ts";
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

/** Where requests go and what they look like. */
export interface Target {
  /** From inside the cluster: a Service's DNS name and port … */
  service?: string;
  port?: number;
  /** … of this namespace; default: the lab's own. */
  namespace?: string;
  /** From this machine instead: a NodePort, reached the way the learner reaches it (127.0.0.1 on our own cluster). */
  nodePort?: number;
  /** Default "/". */
  path?: string;
  method?: "GET" | "POST";
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

/** What came of requests spread over a time. */
export interface Flow {
  sent: number;
  /** Requests that got no answer, or one from 500 on. */
  failed: number;
  /** Requests the generator could not start on time: above 0 the measurement says little. */
  dropped: number;
  statuses: Record<string, number>;
  pods: Record<string, number>;
  versions: Record<string, number>;
  /** Milliseconds from the moment a request was due to its last byte, from an HDR histogram (3 significant digits), answered ones only. */
  latency: { p50: number; p95: number; p99: number; max: number; mean: number };
  /** Failures in order, at most 50: milliseconds since the start, status ("0" for none) and the error's words. */
  failures: { at: number; status: string; error?: string }[];
  /** One entry for each second: what a live view draws. */
  seconds: FlowSecond[];
}
export interface FlowSecond {
  /** Seconds since the start. */
  at: number;
  sent: number;
  failed: number;
  pods: Record<string, number>;
  versions: Record<string, number>;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

/** One request of a load. */
export interface FlowRequest {
  /** Milliseconds since the start, when it was due. */
  due: number;
  /** Milliseconds from then to its last byte. */
  took: number;
  /** "0": no answer. */
  status: string;
  pod?: string;
}

export interface Load extends Target {
  /** Requests a second, begun by the clock whether earlier ones have been answered or not (open loop). At most 200. */
  rate: number;
  /** Seconds, at most 300. */
  seconds: number;
  /** Milliseconds for one request; default 5,000. */
  timeout?: number;
  /** Keep connections between requests: each then stays with one pod. Default false: a new connection each. */
  keepAlive?: boolean;
  /** So many more requests at one moment, all due at once, whatever the rate: a herd. `at`: seconds after the start. At most 500; not with during(). */
  burst?: { at: number; n: number };
  /** Told each second as it ends. */
  onSecond?: (second: FlowSecond) => void;
  /** Told each request as it ends, in that order: what percentiles over several loads, or of a part of one, are made of. */
  onRequest?: (one: FlowRequest) => void;
}

/** What the API server says to a request it is only asked to think about (dryRun=All): nothing is kept. */
export type DryRun<T = unknown> =
  /** `warnings`: the API server's, as kubectl prints them. */
  | { accepted: true; object: T; warnings: string[] }
  /** `message` is the API server's own; `reason` such as Forbidden, Invalid. */
  | { accepted: false; status: number; reason: string; message: string };

/** One line a container wrote. `json`: parsed, where the line is a JSON object. */
export interface LogLine {
  text: string;
  json?: Readonly<Record<string, unknown>>;
}

/**
 * Acts on what the learner built, for checks of mode "disturb" and experiments only. Runs under a lease; everything that can be undone
 * is, in reverse order, when the check ends, is stopped, or (after a crash) before the next one begins.
 */
export interface Disturb {
  /** Deletes a pod, gracefully unless told otherwise (seconds). Its controller makes another: nothing to undo. */
  deletePod(pod: string, graceSeconds?: number): Promise<void>;
  /** One POST to a pod's port through the API server ("/hang" on 9000), and what takes it back, if anything does. */
  post(pod: string, port: number, path: string, undo?: string): Promise<{ status: number; body: string }>;
  /** Merge-patches an object; the fields it touched get their former values back. */
  patch(kind: Kind, name: string, patch: Readonly<Record<string, unknown>>): Promise<void>;
  /** Creates an object in the lab's namespace; it is deleted at the end. */
  create(object: Readonly<Record<string, unknown>>): Promise<void>;
  /** Cordons a node and evicts the lab's own pods from it, honoring PodDisruptionBudgets; uncordoned at the end. Resolves with pods that could not be evicted. */
  drain(node: string): Promise<{ evicted: string[]; refused: { pod: string; message: string }[] }>;
}

/** What a container's first process has, read from /proc. */
export interface ProcessView {
  environment: Readonly<Record<string, string>>;
  /** The command line's words. */
  command: string[];
  /** Effective user and group id. */
  uid: number;
  gid: number;
  /** TCP ports that anything in the pod listens on, in order. */
  ports: number[];
}

/** What a check measures with. Every probe is bounded in count and time and stops on the signal. */
export interface Probes {
  /** Runs a command in a running container; stdout and stderr are cut at 64 KiB each. */
  exec(
    pod: string,
    command: readonly string[],
    options?: { container?: string; namespace?: string },
  ): Promise<{ code: number; stdout: string; stderr: string }>;
  /** The same in an ephemeral container beside a running one, sharing its processes and network: for images without a shell. It stays in the pod's spec. */
  debug(
    pod: string,
    command: readonly string[],
    options?: { container?: string },
  ): Promise<{ code: number; stdout: string; stderr: string }>;
  /** What the container's first process really has: environment, command, user, open ports; whatever the image. */
  process(pod: string, options?: { container?: string }): Promise<ProcessView>;
  /** A command in the workbook's own pod inside the cluster, which has sh, curl, dig, nc and jq: for images without a shell, DNS, reachability. */
  inside(command: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** One GET to a pod's port through the API server's pod proxy. status 0: the port did not answer. */
  podGet(
    pod: string,
    port: number,
    path: string,
  ): Promise<{ status: number; body: string; headers: Record<string, string> }>;
  /** Where the learner's own machine finds a node port: "localhost:30080" where the two are joined (by a port that may be another), else a node's address. */
  outside(nodePort: number): Promise<string>;
  /** n requests, a new connection each, so kube-proxy picks anew: one sample of fixed size. */
  traffic(target: Target & { n: number }): Promise<TrafficSample>;
  /** Requests at a steady rate over a time. */
  load(load: Load): Promise<Flow>;
  /** The same around an event: requests flow while `act` runs, and 2 s before and after it. `seconds` is the most it may take. */
  during<T>(load: Load, act: () => Promise<T>): Promise<{ flow: Flow; result: T }>;
  /** A container's latest log lines (default 200), of the run before with `previous`. */
  logs(pod: string, options?: { container?: string; lines?: number; previous?: boolean }): Promise<LogLine[]>;
  /** Asks the API server what it would do with an object of the lab's namespace. `as`: a ServiceAccount of it, instead of the checkers. */
  dryRun<T>(object: Readonly<Record<string, unknown>>, options?: { as?: string }): Promise<DryRun<T>>;
  /** Whether a ServiceAccount of the lab's namespace may do this, by the API server's own authorizer. */
  canI(
    account: string,
    verb: string,
    resource: { group?: string; resource: string; name?: string; namespace?: string },
  ): Promise<boolean>;
  /** Asks the cluster's DNS as a pod of the lab's namespace would, with that namespace's search path: addresses, or none. */
  dns(name: string): Promise<{ addresses: string[]; canonical?: string; answer: string }>;
  /** A Prometheus, by default the one the workbook brings along, through the API server's proxy. */
  prometheus(at?: PrometheusAt): PrometheusProbe;
  /** Grafana dashboards wherever the learner put them: a ConfigMap of the lab's namespace, a file of the working folder, Grafana. */
  dashboards(places?: DashboardPlaces): Promise<FoundDashboard[]>;
  /** Which queries of a dashboard show rate, errors, p50, p95 and p99, by what they answer about known traffic. */
  judgeDashboard(
    text: string,
    known: { traffic: KnownTraffic; metrics: RedMetrics; prometheus?: PrometheusAt },
  ): Promise<Judged>;
  disturb: Disturb;
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
  /**
   * For sample and disturb: false where a neighbor's load cannot change the verdict (reading a process's environment, one request, a hang and
   * its restart), so that such runs may overlap. Default true: nothing else measures meanwhile. "load": nothing else measures while its load flows
   * (probes.load, probes.during); what it makes ready before that may take its time beside others. "machine": it judges how long single requests
   * take, which any work on the machine changes, so a proof of labs runs nothing beside its lab.
   */
  alone?: boolean | "load" | "machine";
  /**
   * Checks that lay the ground for this one. While one of them has not passed, this one is not looked at: it is "blocked", which is no second
   * penalty for one mistake. Only where it truly could not be judged; what can be measured by itself should be.
   */
  needs?: readonly string[];
  /** Its title and task stay unseen until graded; that it exists and what it is worth is said. */
  hidden?: true;
  /** Of an exam's task with several headings: the id of the heading it belongs to. */
  task?: string;
  /** Of an exam: the domain its points count for, where that is not the lab's. */
  domain?: Domain;
  /** Parts with points of their own that sum to `points`: observe() then ends with parts() and partial credit is given. */
  parts?: Readonly<Record<string, { title: string; points: number }>>;
  failures: F;
  observe(scene: Scene): Promise<Outcome<keyof F & string>>;
}

/** Declares a check. A code that is not declared, or a failure without a hint, does not compile. */
export const check = <const F extends Failures>(definition: Check<F>): Check => definition as unknown as Check;
