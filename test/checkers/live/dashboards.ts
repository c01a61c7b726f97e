/** A Grafana dashboard as it is exported, with these panels. */
export const dashboard = (
  panels: readonly { title?: string; unit?: string; exprs: readonly string[]; more?: object }[],
  more: object = {},
): string =>
  JSON.stringify({
    title: "RED",
    schemaVersion: 39,
    time: { from: "now-15m", to: "now" },
    panels: panels.map(({ title, unit, exprs, more: own }, index) => ({
      id: index + 1,
      type: "timeseries",
      title: title ?? `panel ${index}`,
      datasource: { type: "prometheus", uid: "prometheus" },
      ...(unit && { fieldConfig: { defaults: { unit } } }),
      targets: exprs.map((expr, at) => ({ refId: String.fromCharCode(65 + at), expr })),
      ...own,
    })),
    ...more,
  });

const total = "http_requests_total";
const bucket = "http_request_duration_seconds_bucket";

/** Right ones that share little but what they return. */
export const right = (namespace: string): Record<string, string> => ({
  "as the tutorials write it": dashboard([
    { title: "Rate", exprs: [`sum(rate(${total}{namespace="${namespace}", route="/predict"}[1m]))`] },
    {
      title: "Errors",
      unit: "percentunit",
      exprs: [
        `sum(rate(${total}{namespace="${namespace}", route="/predict", status=~"5.."}[1m])) / sum(rate(${total}{namespace="${namespace}", route="/predict"}[1m]))`,
      ],
    },
    {
      title: "Duration",
      unit: "s",
      exprs: [0.5, 0.95, 0.99].map(
        (q) =>
          `histogram_quantile(${q}, sum by (le) (rate(${bucket}{namespace="${namespace}", route="/predict"}[1m])))`,
      ),
    },
  ]),
  "with variables, by pod, in milliseconds": dashboard(
    [
      { title: "x", exprs: [`sum by (pod) (rate(${total}{namespace="$namespace", route=~"$route"}[$window]))`] },
      {
        title: "y",
        exprs: [`sum(rate(${total}{namespace=~"\${namespace}", route=~"$route", status!~"[1-4].*"}[$window]))`],
      },
      ...["0.5", "0.95", "0.99"].map((q) => ({
        title: "z",
        unit: "ms",
        exprs: [
          `1000 * histogram_quantile(${q}, sum(rate(${bucket}{namespace="$namespace", route=~"$route"}[$window])) by (le, pod))`,
        ],
      })),
    ],
    {
      templating: {
        list: [
          { name: "datasource", type: "datasource", query: "prometheus", current: {} },
          {
            name: "namespace",
            type: "query",
            query: { query: `label_values(${total}{namespace="${namespace}"}, namespace)`, refId: "A" },
            refresh: 1,
            current: { value: "somebody-elses" },
          },
          {
            name: "route",
            type: "custom",
            query: "/predict, /",
            multi: true,
            includeAll: true,
            current: { value: ["$__all"] },
          },
          { name: "window", type: "interval", query: "1m,5m", current: { value: "1m" } },
        ],
      },
    },
  ),
  "one panel, $__rate_interval, every route, per minute": dashboard([
    {
      title: "everything",
      more: { interval: "5s" },
      exprs: [
        `sum(increase(${total}{namespace="${namespace}"}[1m]))`,
        `100 * sum(rate(${total}{namespace="${namespace}", status="500"}[$__rate_interval])) / sum(rate(${total}{namespace="${namespace}"}[$__rate_interval]))`,
        `histogram_quantile(0.5, sum(rate(${bucket}{namespace="${namespace}"}[$__rate_interval])) by (le))`,
        `histogram_quantile(.95, sum without (pod, instance, node, app, job, method, route, status, version, service) (rate(${bucket}{namespace="${namespace}"}[30s])))`,
        `histogram_quantile(0.99, sum(increase(${bucket}{namespace="${namespace}"}[1m])) by (le, namespace))`,
      ],
    },
  ]),
});

/** Wrong ones: the query, and what is to be said of it. */
export const wrong = (
  namespace: string,
): Record<string, { expr: string; problem?: string; shows?: string[]; looksLike?: string }> => {
  const own = `namespace="${namespace}", route="/predict"`;
  return {
    "the mean instead of p95": {
      expr: `sum(rate(http_request_duration_seconds_sum{${own}}[1m])) / sum(rate(http_request_duration_seconds_count{${own}}[1m]))`,
      problem: "other",
      looksLike: "the mean",
    },
    "errors without a filter": { expr: `sum(rate(${total}{${own}}[1m]))`, shows: ["rate"] },
    "buckets summed without le": {
      expr: `histogram_quantile(0.95, sum(rate(${bucket}{${own}}[1m])))`,
      problem: "no-series",
    },
    "a label that does not exist": { expr: `sum(rate(${total}{${own}, code=~"5.."}[1m]))`, problem: "no-series" },
    "a label that filters nothing": { expr: `sum(rate(${total}{${own}, code!~"2.."}[1m]))`, shows: ["rate"] },
    "another quantile": {
      expr: `histogram_quantile(0.8, sum by (le) (rate(${bucket}{${own}}[1m])))`,
      problem: "other",
    },
    "the latency of another route": {
      expr: `histogram_quantile(0.95, sum by (le) (rate(${bucket}{namespace="${namespace}", route="/ready"}[1m])))`,
      problem: "other",
    },
    "a constant that is p95 just now": { expr: "vector(0.21)", problem: "other" },
    "the counter without a rate": { expr: `sum(${total}{${own}})`, problem: "other" },
    "one pod of two": {
      expr: `topk(1, sum by (pod) (rate(${total}{${own}}[1m])))`,
      problem: "other",
    },
    "a constant": { expr: "vector(20)", problem: "other" },
    "a query that does not parse": { expr: `sum(rate(${total}{${own}}[1m])`, problem: "bad-query" },
    "nothing by nothing": {
      expr: `sum(rate(${total}{${own}, status=~"5.."}[1m])) * 0 / 0`,
      problem: "not-a-number",
    },
    "the wrong namespace": { expr: `sum(rate(${total}{namespace="nobodys"}[1m]))`, problem: "no-series" },
  };
};
