import type {
  CoreV1Event,
  V1ConfigMap,
  V1ControllerRevision,
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1EndpointSlice,
  V1Endpoints,
  V1Ingress,
  V1Job,
  V1LimitRange,
  V1Namespace,
  V1NetworkPolicy,
  V1Node,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1ReplicaSet,
  V1ResourceQuota,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
  V2HorizontalPodAutoscaler,
} from "@kubernetes/client-node";

/** A resource type as the API server addresses it. T is what a read gives back. */
export interface Kind<T = unknown> {
  group: string;
  version: string;
  plural: string;
  kind: string;
  namespaced: boolean;
  /** Never set: carries the type. */
  readonly type?: T;
}

const core = <T>(plural: string, kind: string, namespaced = true): Kind<T> => ({
  group: "",
  version: "v1",
  plural,
  kind,
  namespaced,
});
const of = <T>(group: string, version: string, plural: string, kind: string, namespaced = true): Kind<T> => ({
  group,
  version,
  plural,
  kind,
  namespaced,
});

/** The kinds the labs read. */
export const kinds = {
  Node: core<V1Node>("nodes", "Node", false),
  Namespace: core<V1Namespace>("namespaces", "Namespace", false),
  Pod: core<V1Pod>("pods", "Pod"),
  Service: core<V1Service>("services", "Service"),
  Endpoints: core<V1Endpoints>("endpoints", "Endpoints"),
  ConfigMap: core<V1ConfigMap>("configmaps", "ConfigMap"),
  Secret: core<V1Secret>("secrets", "Secret"),
  ServiceAccount: core<V1ServiceAccount>("serviceaccounts", "ServiceAccount"),
  ResourceQuota: core<V1ResourceQuota>("resourcequotas", "ResourceQuota"),
  LimitRange: core<V1LimitRange>("limitranges", "LimitRange"),
  PersistentVolumeClaim: core<V1PersistentVolumeClaim>("persistentvolumeclaims", "PersistentVolumeClaim"),
  /** The kubelet and the controllers say there why something does not work. */
  Event: core<CoreV1Event>("events", "Event"),
  Deployment: of<V1Deployment>("apps", "v1", "deployments", "Deployment"),
  ReplicaSet: of<V1ReplicaSet>("apps", "v1", "replicasets", "ReplicaSet"),
  StatefulSet: of<V1StatefulSet>("apps", "v1", "statefulsets", "StatefulSet"),
  DaemonSet: of<V1DaemonSet>("apps", "v1", "daemonsets", "DaemonSet"),
  ControllerRevision: of<V1ControllerRevision>("apps", "v1", "controllerrevisions", "ControllerRevision"),
  Job: of<V1Job>("batch", "v1", "jobs", "Job"),
  CronJob: of<V1CronJob>("batch", "v1", "cronjobs", "CronJob"),
  HorizontalPodAutoscaler: of<V2HorizontalPodAutoscaler>(
    "autoscaling",
    "v2",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
  ),
  PodDisruptionBudget: of<V1PodDisruptionBudget>("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"),
  Ingress: of<V1Ingress>("networking.k8s.io", "v1", "ingresses", "Ingress"),
  NetworkPolicy: of<V1NetworkPolicy>("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
  Role: of<V1Role>("rbac.authorization.k8s.io", "v1", "roles", "Role"),
  RoleBinding: of<V1RoleBinding>("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
  EndpointSlice: of<V1EndpointSlice>("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
} as const;

export interface Scope {
  /** Default: the lab's own namespace. "" reads all namespaces. Ignored for cluster-scoped kinds. */
  namespace?: string;
  /** Equality-based label selector: every pair must match. */
  labels?: Readonly<Record<string, string>>;
}

/**
 * The read port: what a check sees of the cluster. Two adapters: live (list+watch cache) and snapshot (recorded JSON).
 * Throws when it could not look (API server down, forbidden); an object or a kind that is not there is not an error.
 */
export interface Cluster {
  get<T>(kind: Kind<T>, name: string, scope?: Scope): Promise<T | undefined>;
  list<T>(kind: Kind<T>, scope?: Scope): Promise<T[]>;
}
