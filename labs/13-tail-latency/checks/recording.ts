/**
 * Three phases of the service, measured once and kept, so that an SLO or an answer can be judged as soon as it is written.
 * Measured on copies of the service as it was given, side by side: so a mended service does not take away what an SLO has to notice,
 * and each phase is told apart in Prometheus by its pods.
 */
import type { Scene } from "../../../checkers/core/check.ts";
import { LookError } from "../../../checkers/core/errors.ts";
import type { PrometheusProbe } from "../../../checkers/core/metrics.ts";
import { kinds } from "../../../checkers/core/port.ts";
import type { Facts } from "../facts.ts";
import { figures, mean, quantile, within } from "./percentiles.ts";
import { asGiven, type Copy, copyReady, type Driven, drive, makeCopy, until } from "./service-copy.ts";

export const phases = ["calm", "bigger", "rush"] as const;
export type PhaseName = (typeof phases)[number];
export const phaseTitles: Readonly<Record<PhaseName, string>> = {
  calm: "calm phase",
  bigger: "bigger model, nobody waits",
  rush: "rush, people wait",
};

export interface Phase extends Driven {
  pods: string[];
}
export interface Recording {
  /** The cluster's identity: a new one has another Prometheus. */
  cluster: string;
  /** Where the copies were. */
  namespace: string;
  /** Milliseconds of the epoch. */
  at: number;
  phases: Readonly<Record<PhaseName, Phase>>;
  /** Seconds of the epoch that hold all of it in Prometheus, or why Prometheus has none of it. */
  prometheus: { from: number; to: number } | { missing: string };
}

/** Milliseconds that a recording is used for. Prometheus keeps its own part for six hours. */
const keptFor = 60 * 60_000;
/** A machine that is busy for a moment gets another try: what is measured is the service, and no answer of a learner's is judged by it yet. */
const attempts = 4;
/** The last one of this process. Checks that ask for it hold a lease, so that two never make it at once. */
let kept: Recording | undefined;

const clusterOf = async ({ cluster }: Scene): Promise<string> =>
  (await cluster.get(kinds.Namespace, "kube-system"))?.metadata?.uid ?? "";

/** The recording, made now if there is none of this cluster that is fresh. `queried`: its part in Prometheus is needed too. */
export async function recording(scene: Scene, f: Facts, { queried = false } = {}): Promise<Recording> {
  const cluster = await clusterOf(scene);
  if (
    kept &&
    kept.cluster === cluster &&
    Date.now() - kept.at < keptFor &&
    (!queried || (await inPrometheus(scene.probes.prometheus(), kept)))
  )
    return kept;
  kept = undefined;
  kept = await record(scene, f, cluster);
  return kept;
}

const own = (namespace: string, pods: readonly string[]): string =>
  `http_requests_total{namespace="${namespace}",route="/predict",pod=~"${pods.join("|")}"}`;

/** Whether Prometheus still has it: a new Prometheus has not. */
async function inPrometheus(prometheus: PrometheusProbe, { namespace, phases: all, prometheus: at }: Recording) {
  if ("missing" in at) return false;
  const answer = await prometheus.query(`count(${own(namespace, all.rush.pods)})`, at.to);
  return answer.ok && (answer.value[0]?.points[0]?.[1] ?? 0) > 0;
}

async function record(scene: Scene, f: Facts, cluster: string): Promise<Recording> {
  const { probes, namespace, signal } = scene;
  const shapes = [
    ["calm", asGiven(f)],
    ["bigger", { replicas: 1, slots: 64, mean: f.bigger, sigma: 0.1 }],
    ["rush", asGiven(f)],
  ] as const;
  for (const [name, shape] of shapes) await makeCopy(scene, f, `${f.deployment}-${name}`, shape);
  const [calm, bigger, rush] = (await Promise.all(
    shapes.map(([name, shape]) => copyReady(scene, f, `${f.deployment}-${name}`, shape)),
  )) as [Copy, Copy, Copy];
  const pods = [...calm.pods, ...bigger.pods, ...rush.pods];
  const prometheus = probes.prometheus();
  const counted = async (aggregate: "count" | "sum"): Promise<number> => {
    const answer = await prometheus.query(`${aggregate}(${own(namespace, pods)})`);
    return answer.ok ? (answer.value[0]?.points[0]?.[1] ?? 0) : 0;
  };
  const ready = await prometheus.ready();
  // A counter's first sample is where its rate begins: all pods have to have been scraped before the load.
  const scraped =
    ready.ok && (await until(25, signal, async () => ((await counted("count")) >= pods.length ? true : undefined)));
  for (let attempt = 1; ; attempt++) {
    const from = Date.now() / 1_000;
    const before = scraped ? await counted("sum") : 0;
    const made = await driven(scene, f, { calm, bigger, rush }).catch((error: unknown) => {
      if (error instanceof LookError && attempt < attempts) return undefined;
      throw error;
    });
    if (!made) continue;
    const unfit = whyUnfit(made, f);
    if (unfit && attempt < attempts) continue;
    if (unfit) throw new LookError(unfit, "Close what else is running on this machine, and run it again.");
    const answered = phases.reduce((sum, name) => sum + made[name].took.length, 0);
    const complete =
      scraped &&
      (await until(15, signal, async () => ((await counted("sum")) >= before + answered * 0.99 ? true : undefined)));
    return {
      cluster,
      namespace,
      at: Date.now(),
      phases: made,
      prometheus: complete
        ? { from, to: Date.now() / 1_000 }
        : { missing: ready.ok ? "it did not scrape the service in time" : ready.says },
    };
  }
}

/** All three at the same time: each has a pod of its own. */
async function driven(scene: Scene, f: Facts, copies: Record<PhaseName, Copy>): Promise<Recording["phases"]> {
  const { calm, bigger, rush } = copies;
  const load = { rate: f.rate, seconds: f.rushSeconds, keepAlive: true };
  const [inCalm, inBigger, inRush] = await Promise.all([
    drive(scene, f, { ...load, service: calm.name }),
    drive(scene, f, { ...load, service: bigger.name, rate: f.rate / 2 }),
    drive(scene, f, { ...load, service: rush.name, burst: { at: f.herdAt, n: f.herd } }),
  ]);
  return {
    calm: { ...inCalm, pods: calm.pods },
    bigger: { ...inBigger, pods: bigger.pods },
    rush: { ...inRush, pods: rush.pods },
  };
}

/**
 * Why these phases cannot judge an SLO, or undefined. What they must show: calm, users are served (at most 0.9 % beyond the limit); with
 * the bigger model too; in the rush many are not (2 % or more), while mean and median stay below those of the bigger model. So no bound on
 * a mean or a median can be kept in the second and broken in the third.
 */
export function whyUnfit(all: Record<PhaseName, Driven>, { limit }: Facts): string | undefined {
  const { calm, bigger, rush } = all;
  const late = (phase: Driven): number => 1 - within(phase, limit);
  const fit =
    late(calm) <= 0.009 &&
    late(bigger) <= 0.009 &&
    late(rush) >= 0.02 &&
    mean(rush) * 1.05 < mean(bigger) &&
    quantile(rush, 0.5) * 1.2 < quantile(bigger, 0.5);
  if (fit) return undefined;
  const shown = phases.map((name) => `${phaseTitles[name]}: ${figures(all[name])}`).join("; ");
  return `The machine was too busy for the measurement to say anything (${shown}).`;
}

/** How the recording came about, for evidence. */
export const provenance = ({ at, phases: all }: Recording): string => {
  const minutes = Math.round((Date.now() - at) / 60_000);
  return `${phases.map((name) => `${all[name].took.length}`).join(" + ")} requests, ${minutes < 1 ? "measured just now" : `measured ${minutes} min ago`}`;
};
