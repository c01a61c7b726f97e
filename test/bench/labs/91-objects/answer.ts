import type { KubeObject } from "../../../../checkers/submissions/normalize.ts";

/** What a service is given beside its pods: settings, an identity and its rights, a name, and how far it may scale and shrink. */
export const answer = (): KubeObject[] => [
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "ml-config" },
    data: { BATCH_SIZE: "32", MODEL_NAME: "half_plus_two" },
  },
  {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "ml-inference" },
    automountServiceAccountToken: false,
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: "settings-reader" },
    rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }],
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: "ml-inference-reads-settings" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "settings-reader" },
    subjects: [{ kind: "ServiceAccount", name: "ml-inference" }],
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "ml-inference-service" },
    spec: { type: "ClusterIP", selector: { app: "ml-inference" }, ports: [{ port: 5000, targetPort: 5000 }] },
  },
  {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "ml-inference-hpa" },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "ml-inference" },
      minReplicas: 2,
      maxReplicas: 8,
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
      ],
    },
  },
  {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "ml-inference" },
    spec: { minAvailable: 1, selector: { matchLabels: { app: "ml-inference" } } },
  },
];
