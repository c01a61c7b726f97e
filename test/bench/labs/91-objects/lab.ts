import { type Check, check } from "../../../../checkers/core/check.ts";
import { defineLab } from "../../../../checkers/core/lab.ts";
import { type Cluster, type Kind, kinds } from "../../../../checkers/core/port.ts";
import { fail, pass } from "../../../../checkers/core/verdict.ts";

/** Whether a field of an object is as it should be. */
const field = <T>(kind: Kind<T>, name: string, path: string, expected: string, read: (one: T) => unknown): Check =>
  check({
    title: `${kind.kind} ${name}: ${path} is ${expected}`,
    points: 1,
    mode: "observe",
    within: "10s",
    evidence: "state",
    why: "The object says so.",
    failures: { differs: { untouched: true, says: "It is not so.", hints: ["kubectl get shows it."] } },
    async observe({ cluster }: { cluster: Cluster }) {
      const found = await cluster.get(kind, name);
      const actual = found ? String(read(found)) : "no such object";
      const evidence = { object: `${kind.kind.toLowerCase()}/${name}`, path, expected, actual };
      return actual === expected ? pass(evidence) : fail("differs", evidence);
    },
  });

/** Twelve fields that object-checks.sh asserts with kubectl. Nothing of it runs: a structural lab in the narrow sense. */
export default defineLab({
  title: "What objects say",
  summary: "Settings, identity, rights, a name and bounds",
  week: 1,
  minutes: 10,
  domain: "configure",
  facts: (_seed, namespace) => ({ namespace }),
  checks: () => ({
    batch: field(kinds.ConfigMap, "ml-config", "data.BATCH_SIZE", "32", ({ data }) => data?.BATCH_SIZE),
    model: field(kinds.ConfigMap, "ml-config", "data.MODEL_NAME", "half_plus_two", ({ data }) => data?.MODEL_NAME),
    token: field(
      kinds.ServiceAccount,
      "ml-inference",
      "automountServiceAccountToken",
      "false",
      (one) => one.automountServiceAccountToken,
    ),
    resources: field(kinds.Role, "settings-reader", "rules[*].resources", "configmaps", ({ rules }) =>
      rules?.flatMap(({ resources = [] }) => resources).join(" "),
    ),
    verbs: field(kinds.Role, "settings-reader", "rules[*].verbs", "get", ({ rules }) =>
      rules?.flatMap(({ verbs }) => verbs).join(" "),
    ),
    subject: field(kinds.RoleBinding, "ml-inference-reads-settings", "subjects[*].name", "ml-inference", (one) =>
      one.subjects?.map(({ name }) => name).join(" "),
    ),
    type: field(kinds.Service, "ml-inference-service", "spec.type", "ClusterIP", ({ spec }) => spec?.type),
    port: field(
      kinds.Service,
      "ml-inference-service",
      "spec.ports[0].port",
      "5000",
      ({ spec }) => spec?.ports?.[0]?.port,
    ),
    selector: field(
      kinds.Service,
      "ml-inference-service",
      "spec.selector.app",
      "ml-inference",
      ({ spec }) => spec?.selector?.app,
    ),
    least: field(
      kinds.HorizontalPodAutoscaler,
      "ml-inference-hpa",
      "spec.minReplicas",
      "2",
      ({ spec }) => spec?.minReplicas,
    ),
    most: field(
      kinds.HorizontalPodAutoscaler,
      "ml-inference-hpa",
      "spec.maxReplicas",
      "8",
      ({ spec }) => spec?.maxReplicas,
    ),
    available: field(
      kinds.PodDisruptionBudget,
      "ml-inference",
      "spec.minAvailable",
      "1",
      ({ spec }) => spec?.minAvailable,
    ),
  }),
});
