import { busyPatience, proxyPatience, quietFor, within } from "../../../checkers/core/behind.ts";
import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { isReady, troubleOf, unsettled, workload } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";

/**
 * Asks every gateway pod which configuration it has, and the model's version through them. Right: a ConfigMap of a new name; the old one
 * changed and the pods restarted. Wrong: the ConfigMap changed, no pod replaced; a name nobody made; one of the two forgotten.
 */
export const bothUpdated = (f: Facts): Check =>
  check({
    title: `Through the gateway: configuration ${f.gatewayVersion} in every pod, model ${f.kept} behind it`,
    points: 2,
    mode: "sample",
    within: "3m",
    evidence: "state",
    alone: false,
    why: "Two Deployments rolled at their own pace, so for a while old gateways spoke to new models and new ones to old: four combinations, each of which must work. It did, because the change was compatible both ways. A configuration under a new name changes the gateway's template, so its update is a revision that can be undone like any other.",
    failures: {
      "old-gateway": {
        untouched: true,
        says: "Gateway pods still answer with the former configuration.",
        hints: [
          `Your folder has gateway.yaml, with the new configuration at its end as a ConfigMap ${f.nextConfig}. Which line of the Deployment says which ConfigMap is used?`,
          "A changed ConfigMap replaces no pod, and a file mounted with subPath is never refreshed (lab 04). A changed template does replace them.",
          `volumes: configMap: name: ${f.nextConfig}, then kubectl apply -f gateway.yaml.`,
        ],
      },
      "gateway-stuck": {
        says: "The gateway's update does not get anywhere: a new pod does not start.",
        hints: [
          "kubectl describe pod on the newest gateway pod: what is it waiting for?",
          `A ConfigMap that a volume names must exist: kubectl get configmaps. Apply the whole file, the ConfigMap ${f.nextConfig} included.`,
        ],
      },
      "old-model": {
        says: `Behind the gateway another version than ${f.kept} answers.`,
        hints: [
          "The evidence counts answers by version. Which revision of the model is the current one?",
          `kubectl rollout history deployment/${f.deployment}, and undo --to-revision to the one with ${f.kept}.`,
        ],
      },
      "no-answer": {
        says: "Requests through the gateway fail.",
        hints: [
          "Climb the ladder from the gateway's end: are its pods ready, has its Service endpoints, does the model's Service?",
          "The gateway's own words: kubectl logs -l app=api-gateway",
        ],
      },
    },
    async observe({ cluster, probes }) {
      const gateway = await workload(cluster, f.gateway);
      const command = `kubectl exec ${f.client} -- curl -s http://${f.gatewayService}/status`;
      if (!gateway) {
        return fail("no-answer", {
          object: `deployment/${f.gateway}`,
          expected: "exists",
          actual: "not found",
          command: "kubectl get deployments",
        });
      }
      const trouble = gateway.newest.map(troubleOf).find((one) => one !== undefined);
      if (trouble) return fail("gateway-stuck", trouble.evidence);
      const missing = await configMissing(cluster, gateway.deployment.spec?.template.spec?.volumes ?? []);
      if (missing) return fail("gateway-stuck", missing);
      const model = await cluster.get(kinds.Deployment, f.deployment);
      const why = unsettled(gateway.deployment) ?? (model && unsettled(model));
      if (why) return waiting(why);
      // A pod on its way out may still be sent requests for a moment.
      const leaving = (await cluster.list(kinds.Pod)).filter(
        ({ metadata }) => metadata?.deletionTimestamp && [f.app, f.gateway].includes(metadata.labels?.app ?? ""),
      );
      if (leaving.length > 0)
        return waiting(`${leaving.length} old pod${leaving.length === 1 ? " is" : "s are"} still ending`);
      const pods = gateway.pods.filter(isReady);
      const said = await Promise.all(
        pods.map(async ({ metadata }) => {
          const { status, body } = await probes.podGet(metadata?.name ?? "", f.gatewayPort, "/status");
          return { pod: metadata?.name ?? "", says: status === 200 ? body.trim() : `status ${status}` };
        }),
      );
      const config: Evidence = {
        object: `deployment/${f.gateway}`,
        path: "/status of each pod",
        expected: `API Gateway ${f.gatewayVersion}`,
        actual: said.map(({ pod, says }) => `${pod}: ${says}`).join("; ") || "no pod",
        command,
      };
      const version = new RegExp(`API Gateway ${f.gatewayVersion.replaceAll(".", "\\.")}\\s*$`);
      if (said.length === 0 || said.some(({ says }) => !version.test(says))) return fail("old-gateway", config);
      const ready = [...gateway.pods, ...((await workload(cluster, f.deployment))?.pods ?? [])].filter(isReady);
      const quiet = quietFor(Date.now(), ready, []);
      if (within(proxyPatience, quiet)) return waiting("giving kube-proxy a moment to follow the last change");
      const sample = await probes.traffic({
        service: f.gatewayService,
        port: f.gatewayPort,
        path: "/predict",
        n: f.requests,
      });
      const answers: Evidence = {
        object: `service/${f.gatewayService}`,
        path: `${sample.sent} requests for /predict, by the model's version`,
        expected: `${f.kept}: ${sample.sent}`,
        actual:
          Object.entries(sample.versions)
            .map(([version, n]) => `${version}: ${n}`)
            .join(", ") ||
          (sample.firstError ?? "no answer"),
        command: `kubectl exec ${f.client} -- curl -si http://${f.gatewayService}/predict`,
      };
      const good = sample.statuses["200"] ?? 0;
      if (good < sample.sent && within(busyPatience, quiet))
        return waiting("not every node may know of the last change yet: measuring again", answers);
      if (good < sample.sent) return fail("no-answer", answers);
      if (sample.versions[f.kept] !== sample.sent) return fail("old-model", [answers, config]);
      return pass([config, answers]);
    },
  });

/** A ConfigMap that a volume names and that is not there: its pods wait in ContainerCreating without an error of their own. */
async function configMissing(
  cluster: Parameters<typeof workload>[0],
  volumes: readonly { configMap?: { name?: string; optional?: boolean } }[],
): Promise<Evidence | undefined> {
  for (const { configMap } of volumes) {
    if (!configMap?.name || configMap.optional) continue;
    if (await cluster.get(kinds.ConfigMap, configMap.name)) continue;
    return {
      object: `configmap/${configMap.name}`,
      expected: "exists, since the gateway's volume names it",
      actual: "not found",
      command: "kubectl get configmaps",
    };
  }
  return undefined;
}
