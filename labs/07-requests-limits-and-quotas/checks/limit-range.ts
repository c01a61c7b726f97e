import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import { askPod, both, type Resources, refuser } from "../ask.ts";
import type { Facts } from "../facts.ts";
import { same } from "../quantities.ts";

const shown = ({ requests = {}, limits = {} }: Resources): string => {
  const list = (pairs: Readonly<Record<string, string>>): string =>
    `cpu ${pairs.cpu ?? "none"}, memory ${pairs.memory ?? "none"}`;
  return `requests ${list(requests)}; limits ${list(limits)}`;
};

/** A quantity just beside a bound, in the bound's own dimension. */
const beside = {
  belowCpu: "99m",
  belowMemory: "127Mi",
  aboveCpu: "16001m",
  aboveMemory: "65537Mi",
} as const;

/** Asks the API server what becomes of containers that say nothing, and of some at the bounds and just beyond them. Nothing is kept. */
export const limitRange = (f: Facts): Check => {
  const { minCpu, minMemory, maxCpu, maxMemory } = f;
  const least = { cpu: minCpu, memory: minMemory };
  const most = { cpu: maxCpu, memory: maxMemory };
  const defaults: Required<Resources> = {
    requests: { cpu: f.defaultRequestCpu, memory: f.defaultRequestMemory },
    limits: { cpu: f.defaultCpu, memory: f.defaultMemory },
  };
  const see = `kubectl describe limitrange`;
  return check({
    title: "A container that says nothing gets the defaults; one beyond the bounds is refused",
    points: 4,
    mode: "sample",
    within: "30s",
    evidence: "state",
    alone: false,
    why: "A LimitRange works at one moment only: when the API server is asked to create a pod. It writes defaults into containers that name none and refuses those beyond its bounds. What runs already, it never sees.",
    failures: {
      "no-limit-range": {
        untouched: true,
        says: "There is no LimitRange in this namespace yet: a container that says nothing gets nothing, and one that asks for everything gets it.",
        hints: [
          `ml-limits.yaml in your folder has the frame. Four fields under limits are empty; kubectl explain limitrange.spec.limits says which is which.`,
          "Applied it, and it isn't there? kubectl get limitranges -A shows where it went.",
        ],
      },
      "no-defaults": {
        says: "A container that names no resources still gets none: whoever forgets them is neither counted nor bounded.",
        hints: [
          "Which of the fields speaks of containers that say nothing? And does the entry apply to each Container, or to the Pod as a whole?",
          "default gives limits, defaultRequest gives requests; only type: Container can have them.",
          `default: { cpu: "${f.defaultCpu}", memory: ${f.defaultMemory} } and defaultRequest: { cpu: ${f.defaultRequestCpu}, memory: ${f.defaultRequestMemory} }`,
        ],
      },
      "wrong-defaults": {
        says: "A container that names no resources gets some, but not those of the agreement.",
        hints: [
          "Compare requests and limits in the evidence one by one. Are the two mixed up?",
          "default is for limits, defaultRequest for requests. Without defaultRequest the request becomes as large as the limit: twice the memory set aside for nothing.",
          `Limits ${f.defaultCpu} and ${f.defaultMemory}; requests ${f.defaultRequestCpu} and ${f.defaultRequestMemory}.`,
        ],
      },
      "wrong-minimum": {
        says: "The lower bound isn't where it was agreed: a container below it is let in, or one at it is turned away.",
        hints: [
          `kubectl describe limitrange has a column Min. Both ${minCpu} of CPU and ${minMemory} must be in it.`,
          "m is a thousandth, and Mi is not M: 128M is 122Mi.",
          `min: { cpu: ${minCpu}, memory: ${minMemory} }`,
        ],
      },
      "wrong-maximum": {
        says: "The upper bound isn't where it was agreed: a container above it is let in, or one at it is turned away.",
        hints: [
          `kubectl describe limitrange has a column Max: ${maxCpu} cores and ${maxMemory} for each container.`,
          "The maximum is for one container; what the whole namespace may have is the quota's business.",
          `max: { cpu: "${maxCpu}", memory: ${maxMemory} }`,
        ],
      },
    },
    async observe({ cluster, probes }) {
      const ranges = await cluster.list(kinds.LimitRange);
      const names = ranges.map((one) => one.metadata?.name ?? "");
      if (ranges.length === 0) {
        return fail("no-limit-range", {
          object: "limitranges",
          expected: f.limitRange,
          actual: "none in this namespace",
          command: "kubectl get limitranges",
        });
      }
      const object = `limitrange/${names.join(", ")}`;
      const bare = await askPod(probes, {});
      const given = bare.accepted ? bare.object.spec?.containers[0]?.resources : undefined;
      const filled: Evidence = {
        object,
        path: "a container that names no resources is created with",
        expected: shown(defaults),
        actual: bare.accepted ? shown(given ?? {}) : bare.message,
        command: "kubectl run asking --image=none --dry-run=server -o jsonpath='{.spec.containers[0].resources}'",
      };
      if (!given?.limits?.cpu || !given.limits.memory || !given.requests?.cpu || !given.requests.memory) {
        return fail("no-defaults", filled);
      }
      const equal = (["requests", "limits"] as const).every((part) =>
        (["cpu", "memory"] as const).every((resource) => same(given[part]?.[resource], defaults[part][resource])),
      );
      if (!equal) return fail("wrong-defaults", filled);

      /** Whether a container of this size is stopped by the LimitRange; what a quota says to it is not the question here. */
      const edge = async (
        resources: Readonly<Record<string, string>>,
        wanted: "let in" | "refused",
      ): Promise<{ right: boolean; evidence: Evidence }> => {
        const asked = await askPod(probes, both(resources));
        const refused = !asked.accepted && refuser(asked.message) === "limit-range";
        const actual = asked.accepted
          ? "let in"
          : refused
            ? `refused: ${asked.message}`
            : `let in by it: ${asked.message}`;
        return {
          right: refused === (wanted === "refused"),
          evidence: {
            object,
            path: `a container of cpu ${resources.cpu}, memory ${resources.memory}`,
            expected: wanted,
            actual,
            command: see,
          },
        };
      };
      const low = [
        await edge(least, "let in"),
        await edge({ ...least, cpu: beside.belowCpu }, "refused"),
        await edge({ ...least, memory: beside.belowMemory }, "refused"),
      ];
      const high = [
        await edge(most, "let in"),
        await edge({ ...least, cpu: beside.aboveCpu }, "refused"),
        await edge({ ...least, memory: beside.aboveMemory }, "refused"),
      ];
      const wrong = (list: typeof low): Evidence[] =>
        list.filter(({ right }) => !right).map(({ evidence }) => evidence);
      if (wrong(low).length > 0) return fail("wrong-minimum", [...wrong(low), ...wrong(high)]);
      if (wrong(high).length > 0) return fail("wrong-maximum", wrong(high));
      return pass([filled, ...[...low, ...high].map(({ evidence }) => evidence)]);
    },
  });
};
