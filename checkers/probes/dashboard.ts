import type {
  DashboardPlaces,
  DashboardProblem,
  DrawnPanel,
  FoundDashboard,
  PrometheusProbe,
  ReadDashboard,
} from "../core/metrics.ts";
import { builtIns, rangeOf, resolveVariables, type Variable } from "./dashboard-variables.ts";
import { interpolate } from "./promql.ts";

/** What a dashboard's file is usually called, in the working folder. */
const usualFiles = ["dashboard.json", "red-dashboard.json", "dashboards/dashboard.json", "grafana/dashboard.json"];

interface Target {
  refId?: string;
  expr?: unknown;
  hide?: boolean;
  legendFormat?: unknown;
  interval?: string;
  datasource?: unknown;
}
interface Panel {
  title?: string;
  type?: string;
  datasource?: unknown;
  targets?: Target[];
  panels?: Panel[];
  interval?: string;
  maxDataPoints?: number | string;
  libraryPanel?: unknown;
  fieldConfig?: { defaults?: { unit?: string } };
  /** Of the older graph panel. */
  yaxes?: { format?: string }[];
  format?: string;
}
interface Dashboard {
  title?: string;
  panels?: Panel[];
  /** Before Grafana 5. */
  rows?: { panels?: Panel[] }[];
  templating?: { list?: Variable[] };
  time?: unknown;
}

/** One ConfigMap as far as it matters here. */
interface ConfigMapLike {
  metadata?: { name?: string; namespace?: string };
  data?: Record<string, string>;
}

export interface FindContext {
  configMaps(): Promise<ConfigMapLike[]>;
  inside(command: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>;
}

const looksLikeOne = (text: string): boolean => {
  try {
    return classic(JSON.parse(text)) !== undefined;
  } catch {
    return false;
  }
};

/**
 * Dashboards wherever they were put: in Grafana, as a provisioned ConfigMap, as a file of the working folder, in this order. A file or a key called
 * *.json that is no JSON is found, too, so that somebody can be told; a ConfigMap's other keys only when they are dashboards.
 */
export async function findDashboards(places: DashboardPlaces, context: FindContext): Promise<FoundDashboard[]> {
  const found: FoundDashboard[] = [];
  if (places.grafana) found.push(...(await fromGrafana(places.grafana, context)));
  for (const { metadata, data = {} } of await context.configMaps()) {
    for (const [key, text] of Object.entries(data)) {
      if (!looksLikeOne(text) && !/dashboard.*\.json$/i.test(key)) continue;
      found.push({ where: `ConfigMap ${metadata?.namespace ?? ""}/${metadata?.name ?? ""} key ${key}`, text });
    }
  }
  for (const path of places.files ?? usualFiles) {
    const text = await places.learner?.file(path);
    if (text !== undefined) found.push({ where: `file ${path}`, text });
  }
  return found;
}

/**
 * Not verified offline: no Grafana can be had without a container registry. Kept to two documented calls (/api/search, /api/dashboards/uid/UID);
 * everything after the dashboard's JSON is the same for all three places, and tested.
 */
async function fromGrafana(
  { url, user, password }: NonNullable<DashboardPlaces["grafana"]>,
  context: FindContext,
): Promise<FoundDashboard[]> {
  const get = async <T>(path: string): Promise<T | undefined> => {
    const login = user === undefined ? [] : ["-u", `${user}:${password ?? ""}`];
    const { code, stdout } = await context.inside(["curl", "-sf", "-m", "10", ...login, url.replace(/\/$/, "") + path]);
    try {
      return code === 0 ? (JSON.parse(stdout) as T) : undefined;
    } catch {
      return undefined;
    }
  };
  const hits = (await get<{ uid: string }[]>("/api/search?type=dash-db&limit=20")) ?? [];
  const found: FoundDashboard[] = [];
  for (const { uid } of hits) {
    const one = await get<{ dashboard?: unknown }>(`/api/dashboards/uid/${encodeURIComponent(uid)}`);
    if (one?.dashboard) found.push({ where: `Grafana dashboard ${uid}`, text: JSON.stringify(one.dashboard) });
  }
  return found;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The dashboard itself, out of an export, an API answer or a Kubernetes-style resource around it; undefined where it is none. */
function classic(value: unknown): Dashboard | undefined {
  if (!isObject(value)) return undefined;
  if (Array.isArray(value.panels) || Array.isArray(value.rows)) return value as Dashboard;
  return classic(value.dashboard) ?? (value.kind === "Dashboard" ? classic(value.spec) : undefined);
}

const panelsOf = (panels: readonly Panel[] = []): Panel[] =>
  panels.flatMap((panel) => (typeof panel === "object" && panel !== null ? [panel, ...panelsOf(panel.panels)] : []));

const unitOf = (panel: Panel): string =>
  panel.fieldConfig?.defaults?.unit ?? panel.yaxes?.[0]?.format ?? panel.format ?? "";

/** A data source's type, as far as it is written down: "" for the default one or one chosen by a variable. */
function sourceType(source: unknown): string {
  if (isObject(source)) return typeof source.type === "string" ? source.type : String(source.uid ?? "");
  return typeof source === "string" && /^(-- \w+ --|__expr__)$/.test(source) ? source : "";
}

export type Read =
  | { ok: true; dashboard: ReadDashboard }
  | { ok: false; problem: Extract<DashboardProblem, "not-json" | "not-a-dashboard" | "no-queries">; says: string };

/**
 * Reads a dashboard's JSON and fills its variables in: every Prometheus query of every panel that is not hidden, as Grafana would ask it
 * at `end` (seconds since 1970).
 */
export async function readDashboard(text: string, prometheus: PrometheusProbe, end: number): Promise<Read> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: "not-json", says: (error as Error).message };
  }
  if (isObject(parsed) && (isObject(parsed.elements) || (isObject(parsed.spec) && isObject(parsed.spec.elements)))) {
    return {
      ok: false,
      problem: "not-a-dashboard",
      says: "It is in Grafana's schema v2. Export it in the classic one: its panels are then listed under panels.",
    };
  }
  const dashboard = classic(parsed);
  if (!dashboard) return { ok: false, problem: "not-a-dashboard", says: "It has no list of panels." };
  const range = rangeOf(dashboard.time);
  const all = [...panelsOf(dashboard.panels), ...(dashboard.rows ?? []).flatMap((row) => panelsOf(row.panels))];
  const list = (dashboard.templating?.list ?? []).filter((one) => isObject(one) && typeof one.name === "string");
  const resolved = await resolveVariables(list, builtIns({ range, end }), prometheus);
  const queries: ReadDashboard["queries"] = [];
  const skipped = [...resolved.skipped];
  for (const panel of all) {
    const title = panel.title?.trim() || "a panel without a title";
    if (panel.libraryPanel && !panel.targets?.length)
      skipped.push(`${title}: it lies in Grafana's library, not in the dashboard`);
    for (const [index, target] of (panel.targets ?? []).entries()) {
      const refId = target.refId ?? String.fromCharCode(65 + index);
      const source = sourceType(target.datasource ?? panel.datasource) || sourceType(panel.datasource);
      const why =
        target.hide === true
          ? "it is hidden"
          : source === "__expr__" || source === "-- Dashboard --"
            ? "it is computed in Grafana"
            : source &&
                !["prometheus", "-- Mixed --", "-- Grafana --"].includes(source) &&
                !/prom|mimir|\$|datasource/i.test(source)
              ? `its data source is ${source}`
              : typeof target.expr !== "string" || target.expr.trim() === ""
                ? "it has no query"
                : undefined;
      if (why !== undefined) {
        skipped.push(`${title}, query ${refId}: ${why}`);
        continue;
      }
      const points = Number(panel.maxDataPoints);
      const minimum = target.interval || panel.interval;
      const own = builtIns({
        range,
        end,
        ...(points > 0 && { points }),
        ...(minimum && { minimum: interpolate(minimum, resolved.values) }),
      });
      const expr = target.expr as string;
      queries.push({
        panel: title,
        refId,
        written: expr,
        // Twice: a variable's value may name another, such as $__rate_interval.
        asked: interpolate(
          interpolate(expr, new Map([...resolved.values, ...own])),
          new Map([...resolved.values, ...own]),
        ),
        unit: unitOf(panel),
        ...(typeof target.legendFormat === "string" &&
          target.legendFormat !== "__auto" &&
          target.legendFormat !== "" && { legend: target.legendFormat }),
      });
    }
  }
  if (queries.length === 0)
    return { ok: false, problem: "no-queries", says: skipped.join("; ") || "None of its panels has a query." };
  const variables = Object.fromEntries(
    list.flatMap(({ name }) => {
      const value = resolved.values.get(name);
      return value ? [[name, value.values.join(", ")]] : [];
    }),
  );
  return { ok: true, dashboard: { title: dashboard.title ?? "", queries, skipped, variables } };
}

/** Every panel with what its queries answer over a time (seconds since 1970): what a page draws where there is no Grafana. */
export async function drawDashboard(
  text: string,
  prometheus: PrometheusProbe,
  over: { start: number; end: number; step: number },
): Promise<{ ok: true; title: string; panels: DrawnPanel[] } | Extract<Read, { ok: false }>> {
  const read = await readDashboard(text, prometheus, over.end);
  if (!read.ok) return read;
  const panels = new Map<string, DrawnPanel>();
  const answers = await Promise.all(read.dashboard.queries.map((query) => prometheus.range(query.asked, over)));
  for (const [index, { panel, unit, refId, asked, legend }] of read.dashboard.queries.entries()) {
    const drawn = panels.get(panel) ?? { title: panel, unit, queries: [] };
    drawn.queries.push({ refId, asked, ...(legend !== undefined && { legend }), answer: answers[index]! });
    panels.set(panel, drawn);
  }
  return { ok: true, title: read.dashboard.title, panels: [...panels.values()] };
}
