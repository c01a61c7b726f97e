import type { V1Deployment, V1DeploymentStrategy, V1PodSpec } from "@kubernetes/client-node";
import type { Flow, Scene } from "../../../checkers/core/check.ts";
import type { Experiment, Measurement } from "../../../checkers/core/lab.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { unsettled } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { copyOf, type Update, underLoad } from "./copy.ts";
import { changeCause, history, until } from "./objects.ts";

const rolling: V1DeploymentStrategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };

/** A Deployment as the lab's start has it, with another strategy and, where asked, a pause before SIGTERM. Never applied: copied from. */
function model(f: Facts, strategy: V1DeploymentStrategy, preStop?: number): V1Deployment {
  const spec: V1PodSpec = {
    terminationGracePeriodSeconds: f.grace,
    containers: [
      {
        name: f.container,
        image: f.image,
        args: [`-listen=:${f.port}`],
        env: [{ name: "STARTUP_SECONDS", value: String(f.load) }],
        resources: { requests: { cpu: "20m", memory: "64Mi" } },
        readinessProbe: { httpGet: { path: "/ready", port: f.port }, periodSeconds: 1 },
        ...(preStop && { lifecycle: { preStop: { exec: { command: ["sleep", String(preStop)] } } } }),
      },
    ],
  };
  return {
    spec: { replicas: f.replicas, strategy, selector: {}, template: { metadata: {}, spec } },
  };
}

/** Makes a Deployment of its own, updates it under load, and takes it away at the end. */
async function updated(scene: Scene, f: Facts, deployment: V1Deployment): Promise<Update> {
  const copy = await copyOf(scene, f, deployment, undefined);
  const update = await underLoad(scene, f, copy, { whole: true });
  // Its pods are in the way of nothing, but they take room until the end.
  await scene.probes.disturb.patch(kinds.Deployment, copy.name, { spec: { replicas: 0 } });
  return update;
}

/** Seconds from the first to the last failed request. */
const gap = ({ failures, failed }: Flow): number => {
  const [first, last] = [failures[0], failures.at(-1)];
  if (!first || !last) return 0;
  return failed > failures.length ? Number.NaN : (last.at - first.at) / 1000;
};
/** The same by whole seconds, for more failures than are kept one by one. */
const secondsFailing = ({ seconds }: Flow): number => seconds.filter((one) => one.failed > 0).length;

export const experiments = (f: Facts): Record<string, Experiment> => ({
  "recreate-gap": {
    within: "3m",
    async measure(scene): Promise<Measurement> {
      const { flow } = await updated(scene, f, model(f, { type: "Recreate" }));
      const exact = gap(flow);
      const seconds = Number.isNaN(exact) ? secondsFailing(flow) : exact;
      return {
        value: Math.round(seconds * 10) / 10,
        series: flow.seconds.map((one) => ({ label: `second ${one.at}`, value: one.failed })),
        says: `n = 1 update of ${f.replicas} pods, ${flow.sent} requests at ${f.rate} a second: ${flow.failed} failed, within ${seconds.toFixed(1)} s.`,
      };
    },
  },
  "without-prestop": {
    within: "3m",
    async measure(scene, tell): Promise<Measurement> {
      const without = await updated(scene, f, model(f, rolling));
      const first = { label: "failed, without preStop", value: without.flow.failed };
      tell?.({ series: [first] });
      const withIt = await updated(scene, f, model(f, rolling, 5));
      return {
        value: without.flow.failed,
        series: [first, { label: "failed, with preStop", value: withIt.flow.failed }],
        says: `One update each, at ${f.rate} requests a second, each on a connection of its own: without preStop ${without.flow.failed} of ${without.flow.sent} failed, with it ${withIt.flow.failed} of ${withIt.flow.sent}.`,
      };
    },
  },
  /** Revisions are recorded for a Deployment of no pods as well, so that this takes a moment only. */
  "undo-numbers": {
    within: "60s",
    async measure(scene): Promise<Measurement> {
      const { cluster, probes, signal } = scene;
      const name = "undo-numbers";
      const base = model(f, rolling).spec;
      if (!base) throw new Error("The experiment has no template.");
      const labels = { "workbook.local/experiment": name };
      const template = (image: string) => ({
        metadata: { labels },
        spec: {
          ...base.template.spec,
          containers: (base.template.spec?.containers ?? []).map((one) => ({ ...one, image })),
        },
      });
      const numbers = async (): Promise<{ of: Record<string, number>; now: number }> => {
        const found = await cluster.get(kinds.Deployment, name);
        const all = found ? await history(cluster, found, f) : [];
        return {
          of: Object.fromEntries(all.map((one) => [one.image.split(":").at(-1) ?? "", one.number])),
          now: Math.max(0, ...all.map((one) => one.number)),
        };
      };
      const reached = async (n: number): Promise<void> => {
        const there = await until(20, signal, async () => {
          const found = await cluster.get(kinds.Deployment, name);
          return found && !unsettled(found) && (await numbers()).now >= n ? true : undefined;
        });
        if (!there)
          throw new Error(`Revision ${n} was not written within 20 s. Try again when the machine is less busy.`);
      };
      await probes.disturb.create({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name, annotations: { [changeCause]: "experiment" } },
        spec: { ...base, replicas: 0, selector: { matchLabels: labels }, template: template(f.image) },
      });
      await reached(1);
      await probes.disturb.patch(kinds.Deployment, name, { spec: { template: template(f.keptImage) } });
      await reached(2);
      await probes.disturb.patch(kinds.Deployment, name, { spec: { template: template(f.undoneImage) } });
      await reached(3);
      // What rollout undo does: the former template becomes the present one.
      await probes.disturb.patch(kinds.Deployment, name, { spec: { template: template(f.keptImage) } });
      await reached(4);
      const { of } = await numbers();
      const list = [f.first, f.kept, f.undone].map((version) => ({ label: version, value: of[version] ?? 0 }));
      const kept = of[f.kept];
      return {
        value: kept === 2 ? 0 : of[f.undone] === undefined ? 2 : Object.values(of).includes(2) ? 3 : 1,
        series: list.map(({ label, value }) => ({ label: `number of ${label}`, value })),
        says: `After revisions 1 (${f.first}), 2 (${f.kept}), 3 (${f.undone}) and an undo, the history holds ${Object.entries(
          of,
        )
          .sort(([, one], [, other]) => one - other)
          .map(([version, n]) => `${n} (${version})`)
          .join(", ")}.`,
      };
    },
  },
});
