import type { V1Pod } from "@kubernetes/client-node";
import { check } from "../../../checkers/core/check.ts";
import type { PrometheusTarget } from "../../../checkers/core/metrics.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { isReady } from "../../../checkers/core/workload.ts";
import type { Facts } from "../facts.ts";
import { type Asked, answered, askedFor, nameOf, names, podsOf } from "./objects.ts";

const readySince = (pod: V1Pod): number =>
  new Date(pod.status?.conditions?.find((one) => one.type === "Ready")?.lastTransitionTime ?? 0).getTime() / 1000;

/** Where the annotations send Prometheus to; a target elsewhere is one of before, and goes away. */
function wanted({ pod, annotations }: Asked, port: number): string {
  const of = (key: string): string | undefined => annotations[`prometheus.io/${key}`];
  return `${of("scheme") ?? "http"}://${pod.status?.podIP}:${of("port") ?? port}${of("path") ?? "/metrics"}`;
}

export const scraped = (lab: Facts) => {
  const { deployment, service, counter, histogram, path } = lab;
  const agreed = ["method", "route", "status", "version"];
  const look = {
    command: `bash ask.sh 'up{namespace="${lab.namespace}"}'`,
  };
  return check({
    title: "Prometheus scrapes both pods of ml-inference",
    points: 3,
    mode: "observe",
    within: "60s",
    evidence: "state",
    why: "Prometheus asks the API server which pods and Services there are, keeps those that carry the annotation, and fetches /metrics from each every five seconds. A pod that comes or goes is on the list a moment later; nobody edits a list of addresses.",
    failures: {
      "no-target": {
        untouched: true,
        says: "Prometheus has no target among the pods of ml-inference: nobody asked it to scrape them, so it knows nothing of them.",
        hints: [
          "Prometheus is told by an annotation, on the pods or on a Service that leads to them. kubectl describe pods shows what annotations they have.",
          'The annotation is prometheus.io/scrape: "true", with the quotes, since annotations are text.',
          `In the manifest: under spec.template.metadata.annotations of ${deployment}, or under metadata.annotations of ${service}. Then apply.`,
        ],
      },
      "not-all": {
        says: "Prometheus scrapes some of the pods and not the others: every panel would show a part of the traffic and look healthy.",
        hints: [
          "Which pods carry the annotation? kubectl get pods -o custom-columns=NAME:.metadata.name,SCRAPE:.metadata.annotations.prometheus\\\\.io/scrape",
          "What is put on one pod by hand stays on that one. What makes the pods?",
          "Put it into the Deployment's template, or on the Service: then it holds for all of them.",
        ],
      },
      down: {
        says: "Prometheus tries to scrape, and gets nothing it can read: the target is down.",
        hints: [
          "The evidence has the address it tried and what went wrong. Is that the port and the path the service answers on?",
          `kubectl exec ${lab.client} -- curl -s http://${service}:${lab.port}/metrics | head shows where the metrics are.`,
          `prometheus.io/port must be "${lab.port}" (or be left out), prometheus.io/path must be /metrics (or be left out).`,
        ],
      },
      "other-metrics": {
        says: "The target is up, and what it answers are not the service's metrics: requests are counted elsewhere.",
        hints: [
          "Compare the address in the evidence with the port the service listens on. Does the pod have another container, or another port?",
          `The figures this lab needs are ${counter} and ${histogram}_bucket, with the labels ${agreed.join(", ")}.`,
          `Set prometheus.io/port to "${lab.port}" and take prometheus.io/path out.`,
        ],
      },
      twice: {
        says: "A pod is scraped twice: every sum over its series counts each request two times.",
        hints: [
          "The evidence lists the targets of the pod. What differs between them?",
          "Two annotated Services that lead to the same pods make two targets of each; kubectl get services -o yaml | grep -B 3 scrape",
          "Leave the annotation on one of them.",
        ],
      },
      "by-hand": {
        says: "The annotation is on the pods themselves and nowhere else: the next pod won't have it, and will be missing from every panel.",
        hints: [
          "Delete one pod, and look at its successor's annotations.",
          "Pods are made from the Deployment's template. What isn't in it, isn't in them.",
          "Put the annotation into spec.template.metadata.annotations, or on the Service.",
        ],
      },
    },
    async observe({ cluster, probes, namespace }) {
      const pods = await podsOf(cluster, deployment);
      const ready = (pods ?? []).filter(isReady);
      const asked = await askedFor(cluster, pods ?? []);
      if (!asked.some((one) => one.itself || one.services.length > 0)) {
        const others = await annotatedOthers();
        return fail("no-target", {
          object: `deployment/${deployment}`,
          path: "pods that ask to be scraped",
          expected: pods?.length ? names(pods.map(nameOf)) : `the pods of ${deployment}`,
          actual: others.length > 0 ? `none of them; asked is for ${names(others)}` : "none",
          command: "kubectl describe pods | grep -E '^(Name|Annotations):'",
        });
      }
      if (ready.length < (pods?.length ?? 0) || ready.length === 0)
        return waiting(`${ready.length} of ${pods?.length ?? 0} pods ready`);

      const targets = answered(await probes.prometheus().targets()).filter((one) => one.labels.namespace === namespace);
      const of = (pod: V1Pod): PrometheusTarget[] => targets.filter((one) => one.labels.pod === nameOf(pod));
      const evidence: Evidence[] = ready.map((pod) => ({
        object: `pod/${nameOf(pod)}`,
        path: "its targets in Prometheus",
        expected: "one, up",
        actual:
          of(pod)
            .map(({ url, health, lastError }) => `${url} ${health}${lastError ? ` (${lastError})` : ""}`)
            .join("; ") || "none",
        ...look,
      }));

      const left = asked.filter((one) => !one.itself && one.services.length === 0);
      if (left.length > 0)
        return fail(
          "not-all",
          evidence.filter((one) => left.some(({ pod }) => one.object === `pod/${nameOf(pod)}`)),
        );
      const young = ready.filter((pod) => {
        const ask = asked.find((one) => one.pod === pod);
        const own = of(pod);
        const there = ask !== undefined && own.some(({ url }) => url === wanted(ask, lab.port));
        return !there || own.some((one) => one.health === "unknown" || one.lastScrape <= readySince(pod));
      });
      const late = ready.filter((pod) => of(pod).some(({ lastError }) => /deadline exceeded|timeout/i.test(lastError)));
      const down = ready.filter(
        (pod) => !young.includes(pod) && !late.includes(pod) && of(pod).every(({ health }) => health !== "up"),
      );
      if (down.length > 0) return fail("down", evidence);
      if (young.length > 0)
        return waiting(
          `Prometheus looks for new targets every few seconds; it has not scraped ${names(young.map(nameOf))} yet`,
          evidence,
        );
      if (late.length > 0)
        return waiting(`${names(late.map(nameOf))} did not answer the last scrape in time; the next is due`, evidence);

      const selector = `namespace="${namespace}"`;
      const having = `{${selector}, ${agreed.map((label) => `${label}!=""`).join(", ")}}`;
      const [counted, buckets] = await Promise.all(
        [counter, `${histogram}_bucket`].map(async (metric) =>
          answered(await probes.prometheus().query(`count by (pod) (${metric}${having})`)).map(
            ({ labels }) => labels.pod ?? "",
          ),
        ),
      );
      const without = ready.map(nameOf).filter((pod) => !counted?.includes(pod) || !buckets?.includes(pod));
      if (without.length > 0) {
        return fail("other-metrics", [
          ...evidence,
          {
            object: "Prometheus",
            path: `series ${counter} and ${histogram}_bucket with ${agreed.join(", ")}`,
            expected: `of ${names(ready.map(nameOf))}`,
            actual: `not of ${names(without)}`,
            command: `bash ask.sh 'count by (pod, route) (${counter}{${selector}})'`,
          },
        ]);
      }
      if (ready.some((pod) => of(pod).filter(({ health }) => health === "up").length > 1))
        return fail("twice", evidence);
      const work = await cluster.get(kinds.Deployment, deployment);
      const template = work?.spec?.template?.metadata?.annotations ?? {};
      if (
        template["prometheus.io/scrape"] !== "true" &&
        asked.some((one) => one.itself) &&
        asked.some((one) => one.services.length === 0)
      ) {
        return fail("by-hand", {
          object: `deployment/${deployment}`,
          path: "spec.template.metadata.annotations",
          expected: 'prometheus.io/scrape: "true", or the same on a Service',
          actual: "neither",
          command: `kubectl get deployment ${deployment} -o jsonpath='{.spec.template.metadata.annotations}'`,
        });
      }
      return pass([
        ...evidence,
        {
          object: "Prometheus",
          path: `series ${counter} and ${histogram}_bucket`,
          expected: `with the labels ${agreed.join(", ")}; requests to ${path} among them`,
          actual: "there",
        },
      ]);

      async function annotatedOthers(): Promise<string[]> {
        const [all, services] = await Promise.all([cluster.list(kinds.Pod), cluster.list(kinds.Service)]);
        const on = (one: { metadata?: { annotations?: Record<string, string> } }): boolean =>
          one.metadata?.annotations?.["prometheus.io/scrape"] === "true";
        return [
          ...all.filter(on).map((one) => `pod/${one.metadata?.name}`),
          ...services.filter(on).map((one) => `service/${one.metadata?.name}`),
        ];
      }
    },
  });
};
