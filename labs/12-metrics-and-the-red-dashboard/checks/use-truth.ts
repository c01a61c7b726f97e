import type { V1Pod } from "@kubernetes/client-node";
import type { PrometheusProbe, PrometheusSeries } from "../../../checkers/core/metrics.ts";
import { answered, nameOf } from "./objects.ts";

export type Resource = "cpu" | "throttling" | "memory";

type Labels = Readonly<Record<string, string>>;

/** What a figure is for one pod. */
export interface PodFigure {
  labels: Labels;
  pod: string;
  value: number;
  /** What the value is a share of. */
  weight?: number;
}

/** One way to state a resource's figure: as it comes, or as a share of the pod's limit or request. */
export interface Reading {
  says: string;
  pods: PodFigure[];
  /**
   * Pods that went in the last five minutes. Prometheus still has a value of them: cAdvisor's figures carry times of their own, so their end is
   * noticed late. A sum over a pattern of names has them in it, and is right all the same.
   */
  gone: PodFigure[];
}

/** A panel may be off by this share: cAdvisor's figures are read every ten seconds, and rates are stretched to their window's edges. */
const tolerance = 0.1;

/** Cores ("200m") or bytes ("128Mi") of a quantity. */
export function quantity(text: string | undefined): number | undefined {
  const [, figure, unit = ""] = /^([\d.]+)([a-zA-Z]*)$/.exec(text ?? "") ?? [];
  if (figure === undefined) return undefined;
  const factor: Record<string, number> = {
    "": 1,
    m: 1e-3,
    k: 1e3,
    M: 1e6,
    G: 1e9,
    Ki: 2 ** 10,
    Mi: 2 ** 20,
    Gi: 2 ** 30,
  };
  return factor[unit] === undefined ? undefined : Number(figure) * factor[unit];
}

/** Which queries may be about a resource: the metrics they read. Whether they are is decided by what they return. */
export const reads: Record<Resource, RegExp> = {
  cpu: /\b(container|process)_cpu_(?!cfs)\w*seconds_total\b/,
  throttling: /\bcontainer_cpu_cfs_\w+/,
  memory: /\b(container_memory_(working_set_bytes|usage_bytes|rss)|process_resident_memory_bytes)\b/,
};

/**
 * What is true of the pods at a moment: for a window (seconds) where the figure is a growth. Throttling: the share of 100 ms periods in which the
 * container was held back, the seconds it was held back, or the periods, per second.
 */
export async function readings(
  resource: Resource,
  pods: readonly V1Pod[],
  namespace: string,
  options: { prometheus: PrometheusProbe; at: number; window: number; deployment: string },
): Promise<Reading[]> {
  const { prometheus, at, window, deployment } = options;
  const selector = `{namespace="${namespace}", pod=~"${deployment}-[a-z0-9]+-[a-z0-9]+"}`;
  const ask = async (promql: string): Promise<PodFigure[]> => figuresOf(answered(await prometheus.query(promql, at)));
  const present = pods.map(nameOf);
  const reading = (says: string, figures: readonly PodFigure[]): Reading => ({
    says,
    pods: present.flatMap((pod) => figures.filter((one) => one.pod === pod)),
    gone: figures.filter(({ pod }) => !present.includes(pod)),
  });
  const perPod = (inner: string): string => `sum by (pod, node, namespace, container) (${inner})`;
  const grown = (metric: string, how = "rate"): Promise<PodFigure[]> =>
    ask(perPod(`${how}(${metric}${selector}[${window}s])`));
  const [template] = pods;
  const shares = (of: Reading, name: "cpu" | "memory"): Reading[] =>
    (["limits", "requests"] as const).flatMap((what) => {
      const whole = quantity(template?.spec?.containers[0]?.resources?.[what]?.[name]);
      if (!whole) return [];
      const by = (one: PodFigure): PodFigure => ({ ...one, value: one.value / whole });
      return [{ says: `${of.says}, as a share of the ${what}`, pods: of.pods.map(by), gone: of.gone.map(by) }];
    });

  switch (resource) {
    case "cpu": {
      const used = await Promise.all([
        grown("container_cpu_usage_seconds_total"),
        grown("container_cpu_usage_seconds_total", "irate"),
        grown("process_cpu_seconds_total"),
      ]);
      return used.flatMap((each) => {
        const cores = reading("cores used", each);
        return [cores, ...shares(cores, "cpu")];
      });
    }
    case "throttling": {
      const [held, all, seconds] = await Promise.all([
        grown("container_cpu_cfs_throttled_periods_total"),
        grown("container_cpu_cfs_periods_total"),
        grown("container_cpu_cfs_throttled_seconds_total"),
      ]);
      const share = held.flatMap((one) => {
        const whole = all.find(({ pod }) => pod === one.pod)?.value;
        return whole ? [{ ...one, value: one.value / whole, weight: whole }] : [];
      });
      return [
        reading("share of periods held back", share),
        reading("seconds held back, a second", seconds),
        reading("periods held back, a second", held),
      ];
    }
    case "memory": {
      const metrics = ["container_memory_working_set_bytes", "container_memory_usage_bytes", "container_memory_rss"];
      const all = await Promise.all(
        [...metrics, "process_resident_memory_bytes"].map((metric) => ask(perPod(`${metric}${selector}`))),
      );
      return all.flatMap((each) => {
        const bytes = reading("bytes", each);
        return [bytes, ...shares(bytes, "memory")];
      });
    }
  }
}

const last = ({ points }: PrometheusSeries): number => points.at(-1)?.[1] ?? Number.NaN;

const figuresOf = (series: readonly PrometheusSeries[]): PodFigure[] =>
  [...Map.groupBy(series, ({ labels }) => labels.pod ?? "")].map(([pod, own]) => ({
    pod,
    labels: own[0]?.labels ?? {},
    value: own.reduce((sum, one) => sum + last(one), 0),
  }));

/** Ways in which one figure stands for several pods. Shares are also added up before they are divided: then each weighs as much as it has. */
const together: Record<string, (pods: readonly PodFigure[]) => number> = {
  sum: (pods) => total(pods, ({ value }) => value),
  mean: (pods) => total(pods, ({ value }) => value) / pods.length,
  weighted: (pods) => total(pods, ({ value, weight = 1 }) => value * weight) / total(pods, ({ weight = 1 }) => weight),
  highest: (pods) => Math.max(...pods.map(({ value }) => value)),
};
const total = (pods: readonly PodFigure[], of: (pod: PodFigure) => number): number =>
  pods.reduce((sum, one) => sum + of(one), 0);

/** As it is, in percent, in thousandths, in MiB or megabytes. */
const scales = [1, 100, 1000, 2 ** -20, 1e-6];

const near = (value: number, expected: number): boolean =>
  expected === 0 ? value === 0 : Math.abs(value / expected - 1) <= tolerance;

/**
 * Whether what a query returned is this reading of the pods: each series that names one of them is that pod's, the others stand for all that have
 * their labels (by sum, mean or highest), and together they cover every pod. Series of other pods may be there.
 */
export function shows(series: readonly PrometheusSeries[], { pods, gone }: Reading): boolean {
  if (pods.length === 0 || series.length === 0) return false;
  return [pods, [...pods, ...gone]].some((all) =>
    scales.some((scale) =>
      Object.values(together).some((combine) => {
        const covered = new Set<string>();
        for (const one of series) {
          const meant = all.filter(({ labels }) =>
            ["pod", "node", "container", "namespace"].every(
              (name) => one.labels[name] === undefined || labels[name] === one.labels[name],
            ),
          );
          if (meant.length === 0) continue;
          if (!near(last(one), combine(meant) * scale)) return false;
          for (const { pod } of meant) covered.add(pod);
        }
        return pods.every(({ pod }) => covered.has(pod));
      }),
    ),
  );
}
