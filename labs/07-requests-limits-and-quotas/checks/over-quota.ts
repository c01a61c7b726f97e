import { parseAllDocuments } from "yaml";
import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import { refuser } from "../ask.ts";
import type { Facts } from "../facts.ts";

type Manifest = Readonly<Record<string, unknown>>;

/** The manifests of a file, or what is wrong with it in a few words. */
function manifestsOf(text: string): Manifest[] | string {
  const documents = parseAllDocuments(text);
  const error = documents.flatMap((one) => one.errors)[0];
  if (error) return error.message.split("\n")[0] ?? "not YAML";
  return documents
    .map((one) => one.toJS() as unknown)
    .filter((one): one is Manifest => typeof one === "object" && one !== null && !Array.isArray(one));
}

/** The learner's own manifest, asked about: the quota has to be the one that says no. */
export const overQuota = (f: Facts): Check => {
  const file = f.overQuota;
  const apply = `kubectl apply -f ${file} --dry-run=server`;
  return check({
    title: `The pod in ${file} is refused, and the refusal names the quota`,
    points: 4,
    mode: "sample",
    within: "30s",
    evidence: "state",
    alone: false,
    why: "Two gatekeepers look at each new pod, one after the other. The LimitRange judges every container by itself; the quota adds the pod to what the namespace has already. Only a pod whose containers are each within bounds gets far enough to be too much in sum.",
    failures: {
      "no-rules": {
        untouched: true,
        says: "The LimitRange and the quota are not both in place yet, so it can't be told which of them refuses.",
        hints: [
          "The two tasks above come first; then come back to this file.",
          "kubectl get limitranges,quota must show one of each in this namespace.",
        ],
      },
      "no-file": {
        says: `There is no ${file} in your working folder.`,
        hints: [
          "It was there when the lab began; ls shows what is. The check reads exactly this name.",
          `Write a Pod into ${file}. It need not be applied: the check asks the API server what it would say.`,
        ],
      },
      "not-yaml": {
        says: "The file isn't a manifest that can be read.",
        hints: [
          "The parser's complaint is in the evidence. Tabs are not allowed, and every level needs the same indent.",
          `${apply} says the same.`,
        ],
      },
      "not-a-pod": {
        says: "The file holds no Pod. A Deployment is always let in, however much its pods want: only the pods are counted, when its controller asks for them.",
        hints: [
          "Quota and LimitRange are asked when a pod is created. Which kind does the file declare?",
          "kind: Pod, and under its spec the containers, without template.",
        ],
      },
      accepted: {
        says: "The API server would let this pod in: it is within everything.",
        hints: [
          "kubectl describe quota shows what is used and what is left. How much must the pod request to go beyond?",
          "A pod's containers are added up. How many of the largest size does it take?",
          "Seven containers with cpu: 15 each request 105 cores, where 100 may be had.",
        ],
      },
      "limit-range": {
        says: "It is refused, but by the LimitRange: one container alone is beyond its bounds, so the quota wasn't even asked.",
        hints: [
          "Read the refusal: maximum cpu usage per Container. Who counts by container, and who by namespace?",
          `No container may have more than ${f.maxCpu} cores. But how many containers may a pod have?`,
          "Share the cores out among several containers, each within the bounds, and let the sum be too much.",
        ],
      },
      unspecified: {
        says: "It is refused because it doesn't say what it wants: that is the quota's other rule, not its limit.",
        hints: [
          "The refusal lists what must be specified. Where a LimitRange has defaults, this never happens.",
          "Put the LimitRange in place, or write requests and limits for each container.",
        ],
      },
      "other-refusal": {
        says: "It is refused, but neither by the quota nor by the LimitRange.",
        hints: [
          "The API server's words are in the evidence. Invalid means that the manifest contradicts itself.",
          "A request can't be higher than the limit, and where you give no limit, the LimitRange's default is one.",
        ],
      },
    },
    async observe({ cluster, learner, probes }) {
      const [ranges, quotas] = await Promise.all([cluster.list(kinds.LimitRange), cluster.list(kinds.ResourceQuota)]);
      if (ranges.length === 0 || quotas.length === 0) {
        return fail("no-rules", {
          object: "limitranges and resourcequotas",
          expected: "one of each",
          actual: `${ranges.length} and ${quotas.length}`,
          command: "kubectl get limitranges,quota",
        });
      }
      const text = await learner.file(file);
      const at = { object: file, expected: "a Pod that the quota refuses" };
      if (text === undefined) return fail("no-file", { ...at, actual: "not found", command: "ls" });
      const found = manifestsOf(text);
      if (typeof found === "string") return fail("not-yaml", { ...at, actual: found, command: apply });
      const pods = found.filter((one) => one.kind === "Pod");
      if (pods.length === 0) {
        const actual = found.map((one) => String(one.kind)).join(", ") || "nothing";
        return fail("not-a-pod", { ...at, path: "kind", actual, command: `grep kind: ${file}` });
      }
      const evidence: Evidence[] = [];
      let first: "limit-range" | "unspecified" | "other-refusal" | undefined;
      for (const pod of pods) {
        // By a name nobody has: a pod of the file's own name that is there already would be looked at as a change to it.
        const asked = await probes.dryRun({
          ...pod,
          metadata: { ...anonymous(pod.metadata), generateName: "over-quota-" },
        });
        evidence.push({
          ...at,
          path: "what the API server would say",
          expected: "exceeded quota: …",
          actual: asked.accepted ? "let in" : asked.message,
          command: apply,
        });
        if (asked.accepted) continue;
        const who = refuser(asked.message);
        if (who === "quota") return pass(evidence);
        first ??= who === "limit-range" ? who : who === "quota-wants-values" ? "unspecified" : "other-refusal";
      }
      return fail(first ?? "accepted", evidence);
    },
  });
};

/** Metadata without what ties it to one object or place. */
function anonymous(metadata: unknown): Record<string, unknown> {
  const { name: _name, namespace: _namespace, ...rest } = (metadata ?? {}) as Record<string, unknown>;
  return rest;
}
