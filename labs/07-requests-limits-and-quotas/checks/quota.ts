import type { V1ResourceQuota } from "@kubernetes/client-node";
import { type Check, check, type Probes } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import { askPod, both, type Resources, refuser } from "../ask.ts";
import type { Facts } from "../facts.ts";
import { amount } from "../quantities.ts";

const gpu = "nvidia.com/gpu";

/** What must be there, by the quota's own names. */
export const hardOf = (f: Facts): Readonly<Record<string, string>> => ({
  "requests.cpu": f.quotaRequestsCpu,
  "requests.memory": f.quotaRequestsMemory,
  [`requests.${gpu}`]: f.quotaGpus,
  "limits.cpu": f.quotaLimitsCpu,
  "limits.memory": f.quotaLimitsMemory,
  pods: f.quotaPods,
  "services.loadbalancers": f.quotaLoadBalancers,
});

/**
 * A pod that goes beyond `left` of one resource and of no other, although each container is within the LimitRange: many containers of the
 * largest size allowed, then one more. Requests are kept small where limits are tried.
 */
export function beyond(f: Facts, resource: string, left: number): Resources[] {
  const small = { cpu: f.minCpu, memory: f.minMemory };
  const many = (size: string, one: Resources): Resources[] =>
    Array.from({ length: Math.max(1, Math.floor(left / amount(size)) + 1) }, () => one);
  switch (resource) {
    case "requests.cpu":
      return many(f.maxCpu, both({ ...small, cpu: f.maxCpu }));
    case "requests.memory":
      return many(f.maxMemory, both({ ...small, memory: f.maxMemory }));
    case "limits.cpu":
      return many(f.maxCpu, { requests: small, limits: { ...small, cpu: f.maxCpu } });
    case "limits.memory":
      return many(f.maxMemory, { requests: small, limits: { ...small, memory: f.maxMemory } });
    default:
      return [both({ ...small, [gpu]: String(Math.floor(left) + 1) })];
  }
}

const measured = ["requests.cpu", "requests.memory", "limits.cpu", "limits.memory", `requests.${gpu}`] as const;

/** The tightest value that any of the quotas sets for a resource, and what is used of it. */
function tightest(
  quotas: readonly V1ResourceQuota[],
  resource: string,
): { hard: string; used: string | undefined } | undefined {
  return quotas
    .flatMap(({ spec, status }) => {
      const hard = spec?.hard?.[resource];
      return hard === undefined ? [] : [{ hard, used: status?.used?.[resource] }];
    })
    .sort((one, other) => amount(one.hard) - amount(other.hard))[0];
}

async function tried(
  probes: Probes,
  f: Facts,
  resource: string,
  left: number,
): Promise<{ right: boolean; evidence: Evidence }> {
  const containers = beyond(f, resource, left);
  const asked = await askPod(probes, ...containers);
  const evidence: Evidence = {
    path: `a pod of ${containers.length} container${containers.length === 1 ? "" : "s"} that goes beyond ${resource}`,
    expected: "refused by the quota",
    actual: asked.accepted ? "let in" : asked.message,
    command: "kubectl describe quota",
  };
  // A LimitRange that differs from the agreed one may be first to refuse: that is another task's business.
  if (asked.accepted) return { right: false, evidence };
  const who = refuser(asked.message);
  return { right: who === "limit-range" || (who === "quota" && asked.message.includes(`${resource}=`)), evidence };
}

/** The quota's values, and that they bite: what goes beyond each is refused. */
export const quota = (f: Facts): Check => {
  const wanted = hardOf(f);
  return check({
    title: `The namespace has ml-team's budget, GPUs included, and what goes beyond it is refused`,
    points: 4,
    mode: "sample",
    within: "30s",
    evidence: "state",
    alone: false,
    why: "A quota adds up what all pods of the namespace request, whether they run or wait, and refuses the pod that would go beyond. It looks at numbers in manifests, not at use, and not at what the nodes have: eight GPUs may be granted where there are none.",
    failures: {
      "no-quota": {
        untouched: true,
        says: "There is no ResourceQuota in this namespace yet: the team may take the whole cluster.",
        hints: [
          "ml-team-quota.yaml in your folder has the frame; kubectl create quota --help shows another way.",
          "Applied it, and it isn't there? kubectl get quota -A shows where it went.",
        ],
      },
      missing: {
        says: "One or more of the seven values isn't in the quota, so that resource is unbounded.",
        hints: [
          "The evidence names what is missing. The key must be exactly the quota's own word for it.",
          "A GPU is an extended resource, and of those a quota counts requests only: the key begins with requests.",
          `requests.${gpu}: "${f.quotaGpus}" and services.loadbalancers: "${f.quotaLoadBalancers}" are the two that are most often misspelt.`,
        ],
      },
      differs: {
        says: "A value of the quota isn't the agreed one.",
        hints: [
          "Compare the evidence with the table in the lesson: requests and limits have different values.",
          "200Gi, not 200G or 200Mi; 100 cores, not 100m. Several quotas in one namespace all apply, so the tightest counts.",
        ],
      },
      "not-enforced": {
        says: "The values are right, but a pod that goes beyond one of them would be let in: the quota doesn't count it.",
        hints: [
          "A quota with scopes counts only pods within its scope. Does yours have any?",
          "kubectl get quota -o yaml: take scopes and scopeSelector out. They can't be changed in place, so delete the quota and create it again.",
        ],
      },
    },
    async observe({ cluster, probes }) {
      const quotas = await cluster.list(kinds.ResourceQuota);
      if (quotas.length === 0) {
        return fail("no-quota", {
          object: "resourcequotas",
          expected: f.quota,
          actual: "none in this namespace",
          command: "kubectl get quota",
        });
      }
      const object = `resourcequota/${quotas.map((one) => one.metadata?.name).join(", ")}`;
      const values = Object.entries(wanted).map(([resource, expected]) => {
        const found = tightest(quotas, resource);
        const evidence: Evidence = {
          object,
          path: `spec.hard["${resource}"]`,
          expected,
          actual: found?.hard ?? "not set",
          command: "kubectl describe quota",
        };
        return { found, evidence, right: found !== undefined && amount(found.hard) === amount(expected) };
      });
      const wrong = values.filter(({ right }) => !right);
      if (wrong.length > 0) {
        const absent = wrong.some(({ found }) => found === undefined);
        return fail(
          absent ? "missing" : "differs",
          wrong.map(({ evidence }) => evidence),
        );
      }
      if (values.some(({ found }) => found?.used === undefined)) {
        return waiting(
          "the quota controller is counting what is used",
          values.map(({ evidence }) => evidence),
        );
      }
      const tries: Evidence[] = [];
      let bites = true;
      for (const resource of measured) {
        const found = tightest(quotas, resource);
        const left = amount(found?.hard) - amount(found?.used);
        const { right, evidence } = await tried(probes, f, resource, Math.max(0, left));
        tries.push({ object, ...evidence });
        bites &&= right;
      }
      if (!bites) return fail("not-enforced", tries);
      return pass([...values.map(({ evidence }) => evidence), ...tries]);
    },
  });
};
