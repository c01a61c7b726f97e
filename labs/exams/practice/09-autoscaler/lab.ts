import { check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { kinds } from "../../../../checkers/core/port.ts";
import { sameAmount } from "../../../../checkers/core/quantity.ts";
import { type Evidence, fail, pass, waiting } from "../../../../checkers/core/verdict.ts";
import { unsettled, workload } from "../../../../checkers/core/workload.ts";
import { type Facts, facts } from "./facts.ts";

const autoscaler = ({ name, least, most, percent, request }: Facts) =>
  check({
    title: `${name} is scaled from ${least} to ${most} pods at ${percent} % of their CPU request`,
    points: 5,
    mode: "observe",
    within: "2m",
    evidence: "state",
    why: "An autoscaler divides what the pods use by what they request. Without a request there is nothing to divide by: it stays at <unknown> and never acts.",
    failures: {
      "no-autoscaler": {
        untouched: true,
        says: `No autoscaler has the Deployment ${name} as its target.`,
        hints: ["kubectl autoscale deployment --help makes one in a line."],
      },
      "other-bounds": {
        says: "The autoscaler has other bounds, or another aim, than asked for.",
        hints: ["kubectl get hpa shows TARGETS, MINPODS and MAXPODS; kubectl edit hpa mends them."],
      },
      "no-request": {
        says: `The pods do not request ${request} of CPU, so the percentage is of something else, or of nothing.`,
        hints: [
          "kubectl describe hpa says what it lacks.",
          `kubectl set resources deployment ${name} --requests=cpu=${request}`,
        ],
      },
    },
    async observe({ cluster }) {
      const [all, work] = await Promise.all([cluster.list(kinds.HorizontalPodAutoscaler), workload(cluster, name)]);
      const found = all.find(
        ({ spec }) => spec?.scaleTargetRef.kind === "Deployment" && spec.scaleTargetRef.name === name,
      );
      const command = "kubectl describe hpa";
      if (!found) {
        const actual = all.map(({ metadata }) => metadata?.name).join(", ") || "none";
        return fail("no-autoscaler", { path: "autoscalers", expected: `one for deployment/${name}`, actual, command });
      }
      const { minReplicas = 1, maxReplicas, metrics = [] } = found.spec ?? {};
      const sources = metrics.map((one) => one.resource ?? one.containerResource).filter((one) => one?.name === "cpu");
      const aim = sources[0]?.target.averageUtilization;
      const bounds: Evidence = {
        object: `hpa/${found.metadata?.name}`,
        path: "spec",
        expected: `${least} to ${most} pods at ${percent} % CPU`,
        actual: `${minReplicas} to ${maxReplicas} pods at ${aim === undefined ? "no percentage of" : `${aim} %`} CPU`,
        command,
      };
      if (minReplicas !== least || maxReplicas !== most || aim !== percent) return fail("other-bounds", bounds);
      const requests = (work?.newest ?? []).map((pod) => pod.spec?.containers[0]?.resources?.requests?.cpu);
      const asked: Evidence = {
        object: `deployment/${name}`,
        path: "CPU request of its newest pods",
        expected: request,
        actual: [...new Set(requests.map((one) => one ?? "none"))].join(", ") || "no pods",
        command: `kubectl describe deployment ${name}`,
      };
      if (requests.length > 0 && !requests.every((one) => sameAmount(one, request))) return fail("no-request", asked);
      const rolling = work ? unsettled(work.deployment) : "there is no Deployment";
      if (rolling) return waiting(rolling, asked);
      const active = found.status?.conditions?.find(({ type }) => type === "ScalingActive");
      const seen: Evidence = {
        object: `hpa/${found.metadata?.name}`,
        path: "status.conditions[ScalingActive]",
        expected: "True",
        actual: active ? `${active.status}: ${active.message}` : "not yet there",
        command,
      };
      return active?.status === "True"
        ? pass([bounds, asked, seen])
        : waiting("the autoscaler has not read its metric yet: new pods are measured after some seconds", seen);
    },
  });

export default defineLab({
  title: "Let a Deployment follow its CPU",
  summary: "An autoscaler with given bounds and aim that has its figures.",
  week: 3,
  minutes: 7,
  domain: "scale",
  addons: ["metrics-server"],
  sandbox: { ownResources: true },
  study: ["08"],
  facts,
  checks: (f) => ({ autoscaler: autoscaler(f) }),
});
