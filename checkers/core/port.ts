import type {
  V1ConfigMap,
  V1Deployment,
  V1EndpointSlice,
  V1Endpoints,
  V1Namespace,
  V1Node,
  V1Pod,
  V1ReplicaSet,
  V1Secret,
  V1Service,
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
  Deployment: of<V1Deployment>("apps", "v1", "deployments", "Deployment"),
  ReplicaSet: of<V1ReplicaSet>("apps", "v1", "replicasets", "ReplicaSet"),
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
