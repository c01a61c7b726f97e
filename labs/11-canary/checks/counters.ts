/** What Prometheus has counted of a version since the lab began, and the attempts to ship it. */
import type { Scene } from "../../../checkers/core/check.ts";
import { LookError } from "../../../checkers/core/errors.ts";
import type { PrometheusAnswer, PrometheusSeries } from "../../../checkers/core/metrics.ts";
import { kinds } from "../../../checkers/core/port.ts";
import type { Facts } from "../facts.ts";

/** Seconds without a single request that end an attempt to ship a version: what comes later is another try. */
const pause = 45;
/** Seconds between two scrapes of a pod; each pod has its own moment for them. */
const scrape = 5;
/** Seconds Prometheus keeps, and looks back at most. */
const kept = 6 * 3_600;

export interface Attempt {
  /** Seconds since 1970: the scrapes that saw the first and the last of its requests. */
  from: number;
  to: number;
  requests: number;
  /** Answered with 500 or above. */
  failed: number;
}

/** An answer, or LookError: the Prometheus is the workbook's own, so what ails it is nobody's mistake. */
export function answered<T>(answer: PrometheusAnswer<T>): T {
  if (answer.ok) return answer.value;
  throw new LookError(
    `Prometheus gives no answer: ${answer.says}.`,
    "It is the workbook's own, in the namespace workbook-prometheus; leave the lab and enter it again to bring it back.",
  );
}

/** Requests that a scrape found since the one before. */
export interface Increase {
  /** Seconds since 1970. */
  at: number;
  by: number;
  version: string;
  /** Answered with 500 or above. */
  failed: boolean;
}

/**
 * Raw samples of a counter become increases: a series counts from zero, since a pod is younger than its first scrape, and what falls has been
 * started again. (increase() would miss what a series begins with, which is most of a short life.)
 */
export function increases(series: readonly PrometheusSeries[]): Increase[] {
  return series
    .flatMap(({ labels, points }) =>
      points.map(([at, value], index) => {
        const before = points[index - 1]?.[1] ?? 0;
        const { status = "", version = "" } = labels;
        return { at, by: value < before ? value : value - before, version, failed: /^5/.test(status) };
      }),
    )
    .filter(({ by }) => by > 0)
    .sort((one, other) => one.at - other.at);
}

/** Requests of one version in order, cut where none came for a while. */
export function attempts(all: readonly Increase[], of: string, gap = pause): Attempt[] {
  const found: Attempt[] = [];
  for (const { at, by, failed } of all.filter(({ version }) => version === of)) {
    let last = found.at(-1);
    if (!last || at - last.to > gap) {
      last = { from: at, to: at, requests: 0, failed: 0 };
      found.push(last);
    }
    last.to = at;
    last.requests += by;
    if (failed) last.failed += by;
  }
  return found;
}

/** What all versions were asked while these attempts lasted: in every scrape that may have seen a request of that time. */
export function besides(all: readonly Increase[], tried: readonly Attempt[]): Increase[] {
  return all.filter(({ at }) => tried.some(({ from, to }) => at > from - scrape && at < to + scrape));
}

/** Seconds to look back: to when the namespace was made (and its default account with it), so that a reset lab begins with nothing counted. */
async function sinceStart({ cluster }: Scene): Promise<number> {
  const made = (await cluster.get(kinds.ServiceAccount, "default"))?.metadata?.creationTimestamp;
  if (!made) return kept;
  return Math.min(kept, Math.max(1, Math.floor((Date.now() - new Date(made).getTime()) / 1000)));
}

/**
 * The users' requests (they POST), scrape by scrape. Up to one scrape of a pod's last seconds are not counted. Throws LookError
 * where Prometheus does not answer; where it has never seen such a pod, the list is empty.
 */
export async function usersRequests(scene: Scene): Promise<Increase[]> {
  const { probes, namespace } = scene;
  const labels = `namespace="${namespace}",method="POST",route="/predict"`;
  const query = `http_requests_total{${labels}}[${await sinceStart(scene)}s]`;
  return increases(answered(await probes.prometheus().query(query)));
}

/** Whether Prometheus has any series of this version in this namespace: without one it has never scraped such a pod. */
export async function everScraped(scene: Scene, version: string): Promise<boolean> {
  const { probes, namespace } = scene;
  const match = `{namespace="${namespace}",version="${version}"}`;
  const query = `count(last_over_time(model_info${match}[${await sinceStart(scene)}s]))`;
  return answered(await probes.prometheus().query(query)).length > 0;
}

export interface Budget {
  failed: number;
  /** Of the budget, in percent. */
  burned: number;
  /** Seconds from its first counted request to its last. */
  seconds: number;
}
/**
 * What an attempt cost: the objective allows 0.2 % of the hour's 36,000 requests to fail, which is 72; burned = failed / 72.
 * At 10 % of 10 requests a second and 20 % errors that is 0.2 a second: six minutes. With all traffic it is 2 a second: 36 seconds.
 */
export const cost = ({ failed, from, to }: Attempt, f: Facts): Budget => ({
  failed: Math.round(failed),
  burned: Math.round((100 * failed) / f.budget),
  seconds: Math.round(to - from),
});
