import type { LabDefinition } from "../core/lab.ts";

/** What any lab's submission may hold: kinds that live in a namespace and whose power ends there. */
const everywhere: readonly string[] = [
  "ConfigMap",
  "Secret",
  "Service",
  "ServiceAccount",
  "Pod",
  "PersistentVolumeClaim",
  "LimitRange",
  "ResourceQuota",
  "Deployment.apps",
  "ReplicaSet.apps",
  "StatefulSet.apps",
  "DaemonSet.apps",
  "Job.batch",
  "CronJob.batch",
  "HorizontalPodAutoscaler.autoscaling",
  "PodDisruptionBudget.policy",
  "Ingress.networking.k8s.io",
  "NetworkPolicy.networking.k8s.io",
  "Role.rbac.authorization.k8s.io",
  "RoleBinding.rbac.authorization.k8s.io",
];

/** What an add-on brings with it. */
const ofAddon: Readonly<Record<string, readonly string[]>> = {
  gateway: [
    "Gateway.gateway.networking.k8s.io",
    "HTTPRoute.gateway.networking.k8s.io",
    "GRPCRoute.gateway.networking.k8s.io",
  ],
};

/** In this order objects are created: what others refer to first. What is not named comes last. */
export const creationOrder: readonly string[] = [
  "LimitRange",
  "ResourceQuota",
  "ServiceAccount",
  "Role.rbac.authorization.k8s.io",
  "RoleBinding.rbac.authorization.k8s.io",
  "ConfigMap",
  "Secret",
  "PersistentVolumeClaim",
  "NetworkPolicy.networking.k8s.io",
  "Service",
  "Deployment.apps",
  "StatefulSet.apps",
  "DaemonSet.apps",
  "ReplicaSet.apps",
  "Pod",
  "Job.batch",
  "CronJob.batch",
  "HorizontalPodAutoscaler.autoscaling",
  "PodDisruptionBudget.policy",
  "Ingress.networking.k8s.io",
];

/** The kinds a lab's submissions may hold, as "Deployment.apps". */
export function allowedKinds(lab: Pick<LabDefinition, "addons" | "sandbox">): ReadonlySet<string> {
  return new Set([
    ...everywhere,
    ...(lab.addons ?? []).flatMap((addon) => ofAddon[addon] ?? []),
    ...(lab.sandbox?.kinds ?? []),
  ]);
}
