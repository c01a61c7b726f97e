import { beforeAll, describe, expect, it } from "vitest";
import type { Flow, Learner } from "../../../checkers/core/check.ts";
import type { Judged, KnownTraffic, RedKind, RedMetrics } from "../../../checkers/core/metrics.ts";
import { drawDashboard, readDashboard } from "../../../checkers/probes/dashboard.ts";
import { knownTraffic } from "../../../checkers/probes/dashboard-truth.ts";
import { makeProbes } from "../../../checkers/probes/scene.ts";
import { addonPlace, ensureAddons } from "../../../cluster/addons/index.ts";
import { dashboard, right, wrong } from "./dashboards.ts";
import { ground, until } from "./ground.ts";

const { transport, namespace, create, kubeconfig } = await ground();
const own = await namespace();
const signal = AbortSignal.timeout(600_000);
const probes = makeProbes(transport, own, signal);
const prometheus = probes.prometheus();

const metrics: RedMetrics = {
  requests: "http_requests_total",
  duration: "http_request_duration_seconds",
  traffic: { namespace: own, route: "/predict" },
};
let flow: Flow;
let traffic: KnownTraffic;
const judge = (text: string): Promise<Judged> => probes.judgeDashboard(text, { traffic, metrics });

/**
 * Two replicas whose figures cannot be taken for one another, whatever their unit: p50 near 36 ms, p80 near 85, p95 near 190, p99 near 370; 20
 * requests a second, which read as milliseconds are 0.02 s; a share of errors of 0.13, and 2.6 of them a second. A busy machine makes latencies
 * longer: p80 by a third before it comes near the share of errors.
 */
const app = {
  metadata: { name: "ml-inference" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "ml-inference" } },
    template: {
      metadata: {
        labels: { app: "ml-inference" },
        annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": "8080" },
      },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: "app",
            image: "workbook.local/ml-inference:1.0",
            ports: [{ containerPort: 8080 }],
            env: [
              { name: "LATENCY_MS", value: "60" },
              { name: "LATENCY_SIGMA", value: "1" },
              { name: "CONCURRENCY", value: "64" },
              { name: "ERROR_RATE", value: "0.13" },
              { name: "LOG_LEVEL", value: "error" },
            ],
            readinessProbe: { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 2 },
          },
        ],
      },
    },
  },
};

beforeAll(async () => {
  await ensureAddons(await addonPlace(kubeconfig, signal), ["prometheus"], { user: own, signal });
  await create(own, "deployments", app, "/apis/apps/v1");
  await create(own, "services", {
    metadata: { name: "ml-inference" },
    spec: { selector: { app: "ml-inference" }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  const up = async () => {
    const targets = await prometheus.targets();
    return (
      targets.ok && targets.value.filter((one) => one.labels.namespace === own && one.health === "up").length === 2
    );
  };
  await until(up, 90_000);
  const began = Date.now() / 1000;
  flow = await probes.load({ service: "ml-inference", port: 80, path: "/predict", rate: 20, seconds: 100 });
  traffic = { ...knownTraffic(flow, began), to: Date.now() / 1000 - 1 };
  await until(async () => {
    const last = await prometheus.query(`max(timestamp(http_requests_total{namespace="${own}"}))`);
    return last.ok && (last.value[0]?.points[0]?.[1] ?? 0) >= traffic.to;
  });
}, 300_000);

describe("a right dashboard", () => {
  for (const name of Object.keys(right("x"))) {
    it(name, async () => {
      const judged = await judge(right(own)[name]!);
      if (!judged.ok) throw new Error(`${judged.problem}: ${judged.says}`);
      const { red, alike, queries } = judged.verdict;
      expect(alike).toEqual([]);
      const shown = Object.entries(red).filter(([, found]) => found.length > 0);
      expect(
        shown.map(([kind]) => kind),
        JSON.stringify(queries, null, 1),
      ).toEqual(["rate", "errors", "p50", "p95", "p99"]);
      for (const [, found] of shown) expect(found).toHaveLength(1);
    });
  }
  it("counts what the generator sent", async () => {
    const judged = await judge(right(own)["as the tutorials write it"]!);
    if (!judged.ok) throw new Error(judged.says);
    const { counted, expected } = judged.verdict;
    expect(counted.requests / counted.sent).toBeGreaterThan(0.9);
    expect(counted.requests / counted.sent).toBeLessThan(1.1);
    expect(expected.rate).toBeGreaterThan(18);
    expect(expected.rate).toBeLessThan(22);
    // The generator's own percentile, which includes the network and the wait for a connection; expected is the bucket's upper bound.
    expect(expected.p95 * 1000).toBeGreaterThan(flow.latency.p95 * 0.3);
    expect(expected.p95 * 1000).toBeLessThan(flow.latency.p95 * 1.5);
  });
});

describe("a wrong query", () => {
  for (const name of Object.keys(wrong("x"))) {
    it(name, async () => {
      const { expr, problem, shows = [], looksLike } = wrong(own)[name]!;
      const judged = await judge(dashboard([{ title: "p95 of all errors, rate", exprs: [expr] }]));
      if (!judged.ok) throw new Error(`${judged.problem}: ${judged.says}`);
      const [query] = judged.verdict.queries;
      expect(query, query?.says).toMatchObject({ shows: shows as RedKind[], ...(problem && { problem }) });
      if (looksLike) expect(query?.looksLike).toBe(looksLike);
      if (problem === "bad-query") expect(query?.says).toContain("parse error");
    });
  }
});

describe("what cannot be judged", () => {
  const good = () => right(own)["as the tutorials write it"]!;
  it.each([
    ["not-json", "{ panels: [", undefined],
    ["not-a-dashboard", '{"title":"mine"}', undefined],
    ["not-a-dashboard", '{"kind":"Dashboard","spec":{"elements":{}}}', "schema v2"],
    ["no-queries", '{"panels":[{"title":"words","type":"text"}]}', undefined],
  ])("%s: %s", async (problem, text, says) => {
    const judged = await judge(text);
    expect(judged).toMatchObject({ ok: false, problem });
    if (says && !judged.ok) expect(judged.says).toContain(says);
  });
  it("no Prometheus", async () => {
    const judged = await probes.judgeDashboard(good(), {
      traffic,
      metrics,
      prometheus: { namespace: own, service: "none" },
    });
    expect(judged).toMatchObject({ ok: false, problem: "not-there" });
  });
  it("something else where Prometheus should be", async () => {
    const there = { namespace: own, service: "ml-inference", port: 80 };
    expect(await probes.prometheus(there).query("up")).toMatchObject({ ok: false, problem: "not-answering" });
  });
  it("a Prometheus that has seen nothing of it", async () => {
    const elsewhere = { ...metrics, traffic: { namespace: "nobodys" } };
    expect(await probes.judgeDashboard(good(), { traffic, metrics: elsewhere })).toMatchObject({
      ok: false,
      problem: "empty",
    });
  });
  it("a Prometheus that misses a part of the traffic", async () => {
    const more = { ...traffic, sent: traffic.sent * 2 };
    expect(await probes.judgeDashboard(good(), { traffic: more, metrics })).toMatchObject({
      ok: false,
      problem: "traffic-missing",
    });
  });
  it("hardly any traffic", async () => {
    const little = { ...traffic, sent: 40, errors: 2 };
    expect(await probes.judgeDashboard(good(), { traffic: little, metrics })).toMatchObject({
      ok: false,
      problem: "too-little-traffic",
    });
  });
});

it("is drawn: every panel with its series over the traffic", async () => {
  const over = { start: traffic.from, end: traffic.to, step: 5 };
  const drawn = await drawDashboard(right(own)["as the tutorials write it"]!, prometheus, over);
  if (!drawn.ok) throw new Error(drawn.says);
  expect(drawn.panels.map(({ title, unit, queries }) => [title, unit, queries.length])).toEqual([
    ["Rate", "", 1],
    ["Errors", "percentunit", 1],
    ["Duration", "s", 3],
  ]);
  for (const { answer } of drawn.panels.flatMap(({ queries }) => queries))
    expect(answer.ok && (answer.value[0]?.points.length ?? 0)).toBeGreaterThan(5);
});

describe("where a dashboard is", () => {
  it("finds ConfigMaps and files, and leaves other data alone", async () => {
    await create(own, "configmaps", { metadata: { name: "red" }, data: { "red.json": dashboard([]), notes: "{}" } });
    await create(own, "configmaps", { metadata: { name: "bad" }, data: { "dashboard.json": "{ not json" } });
    const learner: Learner = {
      currentNamespace: async () => own,
      answer: async () => undefined,
      file: async (path) => (path === "dashboard.json" ? "in a file" : undefined),
    };
    const found = await probes.dashboards({ learner });
    expect(found.map(({ where }) => where).sort()).toEqual([
      `ConfigMap ${own}/bad key dashboard.json`,
      `ConfigMap ${own}/red key red.json`,
      "file dashboard.json",
    ]);
  });
  it("reads rows, wrapped exports, hidden and foreign queries", async () => {
    const inner = JSON.parse(dashboard([{ title: "a", exprs: ["up"] }])) as { panels: object[] };
    const text = JSON.stringify({
      dashboard: {
        panels: [
          { type: "row", title: "row", panels: inner.panels },
          { title: "hidden", targets: [{ expr: "up", hide: true }] },
          { title: "logs", datasource: { type: "loki" }, targets: [{ expr: "{}" }] },
        ],
      },
    });
    const read = await readDashboard(text, prometheus, traffic.to);
    expect(read).toMatchObject({ ok: true, dashboard: { queries: [{ panel: "a", asked: "up" }] } });
    if (read.ok)
      expect(read.dashboard.skipped).toEqual([
        "hidden, query A: it is hidden",
        "logs, query A: its data source is loki",
      ]);
  });
});
