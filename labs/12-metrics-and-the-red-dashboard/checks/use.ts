import type { V1Pod } from "@kubernetes/client-node";
import { check, type Scene } from "../../../checkers/core/check.ts";
import type { DashboardQuery, PrometheusProbe, PrometheusSeries } from "../../../checkers/core/metrics.ts";
import { type Evidence, type Fail, fail, type Pass, parts, pass, waiting } from "../../../checkers/core/verdict.ts";
import { isReady } from "../../../checkers/core/workload.ts";
import { windows } from "../../../checkers/probes/promql.ts";
import type { Facts } from "../facts.ts";
import { dashboardsOf } from "./dashboards.ts";
import { answered, nameOf, number, podsOf } from "./objects.ts";
import { type Reading, type Resource, readings, reads, shows } from "./use-truth.ts";

const resources = ["cpu", "throttling", "memory"] as const satisfies readonly Resource[];
/** Where a query has no range selector, its figure is of the moment; ours then needs one for what only grows. */
const usual = 60;

type Code =
  | "no-dashboard"
  | "no-cpu"
  | "no-throttling"
  | "no-memory"
  | "bad-query"
  | "raw-counter"
  | "not-the-pods"
  | "no-limit"
  | "no-pods";

export const use = (lab: Facts) => {
  const { namespace, deployment } = lab;
  const own = `namespace="${namespace}", pod=~"${deployment}-.*"`;
  return check({
    title: "The dashboard shows what the pods use, and what holds them back",
    points: 3,
    mode: "observe",
    within: "90s",
    evidence: "state",
    why: "Users feel rate, errors and duration; the resources say why. A slow service with throttled CPUs needs another limit, one with idle CPUs and a full queue needs more slots, and no RED panel can tell the two apart.",
    parts: {
      cpu: { title: "Utilization: the CPU the pods use", points: 1 },
      throttling: { title: "Saturation: how often their CPU limit holds them back", points: 1 },
      memory: { title: "Utilization: the memory the pods use", points: 1 },
    },
    failures: {
      "no-dashboard": {
        says: `There is no dashboard that can be read: ${lab.dashboard} is missing, is not JSON, or has no panel with a query.`,
        hints: [
          "The evidence says which of them. The task before has hints for each.",
          `kubectl exec -i ${lab.client} -- jq . <${lab.dashboard}`,
        ],
      },
      "no-cpu": {
        untouched: true,
        says: "No panel shows the CPU that the pods use.",
        hints: [
          "The kubelet counts what each container has used, in seconds of a CPU: container_cpu_usage_seconds_total.",
          "It is a counter. Seconds of CPU per second are cores.",
          `sum by (pod) (rate(container_cpu_usage_seconds_total{${own}}[1m]))`,
        ],
      },
      "no-throttling": {
        untouched: true,
        says: "No panel shows how often the pods are held back by their CPU limit: usage below the limit looks harmless, and isn't.",
        hints: [
          "The limit is enforced in periods of 100 ms. Two counters tell how many there were, and in how many the container was stopped.",
          "container_cpu_cfs_throttled_periods_total and container_cpu_cfs_periods_total: the rate of one by the rate of the other is a share.",
          `sum by (pod) (rate(container_cpu_cfs_throttled_periods_total{${own}}[1m])) / sum by (pod) (rate(container_cpu_cfs_periods_total{${own}}[1m]))`,
        ],
      },
      "no-memory": {
        untouched: true,
        says: "No panel shows the memory that the pods use: the first you hear of it would be an OOM kill.",
        hints: [
          "What the kernel compares with the limit, less what it can drop at once: container_memory_working_set_bytes.",
          "It is a gauge: no rate.",
          `sum by (pod) (container_memory_working_set_bytes{${own}})`,
        ],
      },
      "bad-query": {
        says: "A query doesn't parse: Prometheus refuses it, and its panel stays empty.",
        hints: ["The evidence has Prometheus' own words, with line and column.", "Count the brackets."],
      },
      "raw-counter": {
        says: "A query shows a counter as it is, and not how fast it grows: seconds of CPU since the container began say nothing about now.",
        hints: ["rate(…[1m]) around the selector: seconds of CPU a second, which are cores."],
      },
      "not-the-pods": {
        says: "A query answers, and not for the pods of ml-inference: other pods are in the sum, or some of them are missing.",
        hints: [
          "Ask for the same with sum by (pod): whose figures are in it?",
          "The namespace has other pods (the visitors, the client), and a node has every container that runs on it.",
          `{${own}} leaves the pods of ${deployment}.`,
        ],
      },
      "no-limit": {
        says: "The pods have no CPU limit any more, so nothing holds them back, and there is nothing for that panel to show.",
        hints: [
          "Without a limit the kernel counts no periods: container_cpu_cfs_periods_total ends. What did the Deployment have at the start?",
          `kubectl set resources deployment/${deployment} -c ${lab.container} --limits=cpu=${lab.cpuLimit}`,
        ],
      },
      "no-pods": {
        says: "There are no ready pods whose use could be shown.",
        hints: [`kubectl get deployment ${deployment}`, `Scale it back to ${lab.replicas}.`],
      },
    },
    async observe(scene) {
      const { cluster } = scene;
      // The figures of cAdvisor come every ten seconds: what is compared must be older than the last of them.
      const at = Date.now() / 1000;
      const found = await dashboardsOf(scene, lab, at);
      if (!found.ok) return whole(fail("no-dashboard", found.evidence));
      const queries = found.all.flatMap(({ dashboard }) => dashboard.queries);
      const about = (resource: Resource): DashboardQuery[] =>
        queries.filter(({ asked }) => reads[resource].test(asked));
      const pods = (await podsOf(cluster, deployment)) ?? [];
      if (pods.length === 0)
        return whole(fail("no-pods", { object: `deployment/${deployment}`, expected: "ready pods", actual: "none" }));
      const any = resources.some((resource) => about(resource).length > 0);
      if (any && !pods.every(isReady)) return waiting(`${pods.filter(isReady).length} of ${pods.length} pods ready`);

      const outcomes: Partial<Record<Resource, Pass | Fail<Code>>> = {};
      for (const resource of resources) {
        const outcome = await judge(scene, resource, about(resource), pods, at);
        if (outcome.state === "waiting") return outcome;
        outcomes[resource] = outcome;
      }
      return parts(outcomes as Record<Resource, Pass | Fail<Code>>);

      async function judge(
        { probes: { prometheus } }: Scene,
        resource: Resource,
        candidates: readonly DashboardQuery[],
        pods: readonly V1Pod[],
        at: number,
      ): Promise<Pass | Fail<Code> | ReturnType<typeof waiting>> {
        const asked = prometheus();
        const expectedOf = (reading: Reading): string =>
          `${reading.says}: ${reading.pods.map(({ pod, value }) => `${number(value)} of ${pod}`).join(", ")}; or their sum, mean or highest (within 10 %)`;
        let problem: Fail<Code> | undefined;
        const limitless = pods.filter(({ spec }) => spec?.containers.some((one) => !one.resources?.limits?.cpu));
        if (resource === "throttling" && candidates.length > 0 && limitless.length > 0) {
          return fail("no-limit", {
            object: `pod/${nameOf(limitless[0] as V1Pod)}`,
            path: "spec.containers[*].resources.limits.cpu",
            expected: "a limit",
            actual: "none",
            command: `kubectl get deployment ${deployment} -o jsonpath='{..limits}'`,
          });
        }
        for (const query of candidates) {
          const answer = await asked.query(query.asked, at);
          const actual = answer.ok ? told(answer.value) : answer.says;
          const evidence: Evidence = {
            object: `panel "${query.panel}", query ${query.refId}`,
            path: resource,
            expected: "the figure of each pod, or of all together",
            actual,
            command: `bash ask.sh '${query.asked.replaceAll("'", `'\\''`)}'`,
          };
          if (!answer.ok) {
            problem ??= fail("bad-query", evidence);
            continue;
          }
          const functions = query.asked.replaceAll(/"[^"]*"/g, "");
          if (resource !== "memory" && !/\b(rate|irate|increase|delta|deriv)\b/.test(functions)) {
            problem ??= fail("raw-counter", evidence);
            continue;
          }
          const [window = usual] = windows(query.asked);
          const { series, truth } = await atOnce(asked, query, at, () =>
            readings(resource, pods, namespace, { prometheus: asked, at, window, deployment }),
          );
          const first = truth[0];
          if (!first || first.pods.length < pods.length)
            return waiting(
              `cAdvisor's figures of ${pods
                .map(nameOf)
                .filter((pod) => !first?.pods.some((one) => one.pod === pod))
                .join(", ")} are not there yet: they come every ten seconds, and a rate takes two`,
            );
          const right = truth.find((reading) => shows(series, reading));
          if (right) {
            if (right.pods.every(({ value }) => value === 0) && resource === "throttling")
              return waiting(
                `no pod has been held back in this time, so 0 proves nothing yet: a CPU limit of ${lab.cpuLimit}, as at the start, does that within a minute`,
              );
            return pass({ ...evidence, expected: expectedOf(right) });
          }
          problem ??= fail("not-the-pods", { ...evidence, actual: told(series), expected: expectedOf(first) });
        }
        return (
          problem ??
          fail(`no-${resource}`, {
            object: "the dashboard",
            path: resource,
            expected: "a query that shows it for each pod, or for all of them",
            actual: `none of ${queries.length} queries reads it`,
          })
        );
      }
    },
  });
};

/**
 * A query's answer and the truth, of the same samples: cAdvisor's come late, with times of their own, so a new one may fall between the two. Then both
 * are asked for again; it happens once in ten seconds.
 */
async function atOnce(
  prometheus: PrometheusProbe,
  query: DashboardQuery,
  at: number,
  readings: () => Promise<Reading[]>,
): Promise<{ series: readonly PrometheusSeries[]; truth: Reading[] }> {
  const ask = async (): Promise<readonly PrometheusSeries[]> => answered(await prometheus.query(query.asked, at));
  let before = await ask();
  for (let attempt = 0; ; attempt++) {
    const truth = await readings();
    const series = await ask();
    if (JSON.stringify(before) === JSON.stringify(series) || attempt === 4) return { series, truth };
    before = series;
  }
}

/** What a query returned, in a few figures. */
const told = (series: readonly PrometheusSeries[]): string =>
  series
    .slice(0, 4)
    .map(({ labels, points }) => `${number(points.at(-1)?.[1] ?? Number.NaN)}${labels.pod ? ` of ${labels.pod}` : ""}`)
    .join(", ") || "no series";

function whole(failed: Fail<Code>) {
  const rest = fail(failed.code);
  return parts({ cpu: failed, throttling: rest, memory: rest });
}
