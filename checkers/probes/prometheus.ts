import type {
  PrometheusAnswer,
  PrometheusAt,
  PrometheusProbe,
  PrometheusSeries,
  PrometheusTarget,
} from "../core/metrics.ts";
import { Forbidden } from "../kube/errors.ts";
import { statusMessage, type Transport } from "../kube/transport.ts";

/** Where the workbook's own Prometheus answers, once it has been brought along. */
export const ownPrometheus: PrometheusAt = { namespace: "workbook-prometheus", service: "prometheus", port: 9090 };

/** Milliseconds for one query. */
const limit = 20_000;

type Value = [number, string];
type Data =
  | { resultType: "vector"; result: { metric: Record<string, string>; value: Value }[] }
  | { resultType: "matrix"; result: { metric: Record<string, string>; values: Value[] }[] }
  | { resultType: "scalar" | "string"; result: Value };
interface Reply<T> {
  status: "success" | "error";
  data: T;
  errorType?: string;
  error?: string;
  warnings?: string[];
  infos?: string[];
}
interface Targets {
  activeTargets: {
    scrapePool: string;
    scrapeUrl: string;
    health: PrometheusTarget["health"];
    lastError: string;
    labels: Record<string, string>;
    lastScrape: string;
    scrapeInterval: string;
  }[];
}

/** Prometheus writes infinities its own way. */
const number = (text: string): number =>
  text === "+Inf" ? Number.POSITIVE_INFINITY : text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
const point = ([at, value]: Value): readonly [number, number] => [at, number(value)];

function seriesOf(data: Data): PrometheusSeries[] {
  switch (data.resultType) {
    case "vector":
      return data.result.map(({ metric, value }) => ({ labels: metric, points: [point(value)] }));
    case "matrix":
      return data.result.map(({ metric, values }) => ({ labels: metric, points: values.map(point) }));
    default:
      return [{ labels: {}, points: [point(data.result)] }];
  }
}

function parsed<T>(body: string): T | undefined {
  try {
    return JSON.parse(body) as T;
  } catch {
    return undefined;
  }
}

const units: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 };

/** Seconds of "1m30s". NaN for what is no duration of Prometheus'. */
export function seconds(duration: string): number {
  if (!/^(\d+(ms|[smhdwy]))+$/.test(duration)) return Number.NaN;
  let sum = 0;
  for (const [, count, unit] of duration.matchAll(/(\d+)(ms|[smhdwy])/g)) sum += Number(count) * (units[unit!] ?? 0);
  return sum;
}

/**
 * Asks a Prometheus through the API server's proxy, as the checkers. Limits: 20 s for one query. What Prometheus itself says is an
 * answer, also that there is no such Service; only an API server that cannot be reached or forbids it rejects.
 */
export function prometheus(transport: Transport, at: PrometheusAt, signal: AbortSignal): PrometheusProbe {
  const kind = at.pod === undefined ? "services" : "pods";
  const name = encodeURIComponent(at.pod ?? at.service ?? "prometheus");
  const root = `/api/v1/namespaces/${encodeURIComponent(at.namespace)}/${kind}/${name}:${at.port ?? 9090}/proxy`;
  const prefix = (at.prefix ?? "").replace(/\/$/, "");

  const ask = async <T>(path: string, read: (body: string) => PrometheusAnswer<T>): Promise<PrometheusAnswer<T>> => {
    const { status, body } = await transport.raw(`${root}${prefix}${path}`, { signal, timeout: limit });
    const server = status >= 400 ? statusMessage(body) : undefined;
    if (server !== undefined && status === 403) throw new Forbidden(`The API server forbids it: ${server}.`);
    if (server !== undefined && status === 404) return { ok: false, problem: "not-there", says: `${server}.` };
    if (status >= 500 && !body.startsWith('{"status":"error"')) {
      const why = (server ?? body).trim().split("\n")[0]?.slice(0, 300) || `HTTP ${status}`;
      return { ok: false, problem: "not-answering", says: why };
    }
    return read(body);
  };
  const json = <T, R>(path: string, take: (data: T) => R): Promise<PrometheusAnswer<R>> =>
    ask(path, (body) => {
      const reply = parsed<Reply<T>>(body);
      if (reply?.status !== "success" && reply?.status !== "error") {
        const says = `What answers there is no Prometheus: ${body.trim().slice(0, 80)}`;
        return { ok: false, problem: "not-answering", says };
      }
      if (reply.status === "success")
        return { ok: true, value: take(reply.data), warnings: [...(reply.warnings ?? []), ...(reply.infos ?? [])] };
      const problem = reply.errorType === "bad_data" ? "bad-query" : "failed";
      return { ok: false, problem, says: reply.error ?? "Prometheus gives no reason." };
    });
  const parameters = (of: Record<string, string | number | undefined>): string =>
    new URLSearchParams(
      Object.entries(of)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => [key, String(value)]),
    ).toString();

  return {
    ready: () => ask("/-/ready", () => ({ ok: true, value: true, warnings: [] })),
    targets: () =>
      json("/api/v1/targets?state=active", ({ activeTargets }: Targets) =>
        activeTargets.map((target) => ({
          job: target.scrapePool,
          url: target.scrapeUrl,
          health: target.health,
          lastError: target.lastError,
          labels: target.labels,
          lastScrape: Math.max(0, Date.parse(target.lastScrape) / 1000),
          interval: seconds(target.scrapeInterval),
        })),
      ),
    query: (promql, moment) => json(`/api/v1/query?${parameters({ query: promql, time: moment })}`, seriesOf),
    range: (promql, { start, end, step }) =>
      json(`/api/v1/query_range?${parameters({ query: promql, start, end, step })}`, seriesOf),
    labelValues: (label, match) =>
      json(
        `/api/v1/label/${encodeURIComponent(label)}/values?${parameters({ "match[]": match })}`,
        (data: string[]) => data,
      ),
  };
}
