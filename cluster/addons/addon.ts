import type {
  KubernetesObject,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1Container,
  V1Deployment,
  V1PodSpec,
  V1SecurityContext,
  V1ServiceAccount,
} from "@kubernetes/client-node";
import type { Kubectl } from "./kubectl.ts";

export type AddonName = "metrics-server" | "prometheus" | "gateway";

/** What making something for an add-on on this machine takes. */
export interface Making {
  /** Whether software may be installed without asking. */
  yes: boolean;
  signal: AbortSignal;
  says: (text: string) => void;
}

/** What labs may need beside a cluster: something installed once, in a namespace of its own. */
export interface Addon {
  name: AddonName;
  /** As the learner reads it: "Installing …". */
  title: string;
  /** Its image, made here (a workbook.local name). */
  image: string;
  /** The project's own image of the same version, for clusters whose nodes are not ours to load images into. */
  upstream: string;
  /** Everything it is made of, in order. */
  objects(image: string): KubernetesObject[];
  /** Kinds beside those in its namespace, for its removal; first those whose absence nobody may wait for. */
  scattered: readonly string[];
  /** Milliseconds until it works once its pod runs; a measured figure with room. */
  within: number;
  /** What is still missing before it really works, in a few words; undefined: nothing. */
  lacks(kubectl: Kubectl): Promise<string | undefined>;
  /** Whether the cluster brings one of its own, which is then used. */
  provided?(kubectl: Kubectl): Promise<boolean>;
  /** What must be in the cluster before its objects and stays when it is removed. */
  prepare?(kubectl: Kubectl, context: Making): Promise<void>;
}

/** The label every object of an add-on has. */
export const addonLabel = "workbook.local/addon";
export const namespaceOf = (name: AddonName): string => `workbook-${name}`;
export const labelsOf = (name: AddonName): Record<string, string> => ({
  [addonLabel]: name,
  "app.kubernetes.io/name": name,
  "app.kubernetes.io/managed-by": "workbook",
});

/** Its namespace and the account its pod runs as. */
export function ground(name: AddonName): KubernetesObject[] {
  const namespace = namespaceOf(name);
  const labels = labelsOf(name);
  const account: V1ServiceAccount = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace, labels } };
  return [{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } }, account];
}

/** Rights in the whole cluster for the add-on's account. */
export function mayDo(name: AddonName, rules: V1ClusterRole["rules"]): KubernetesObject[] {
  const metadata = { name: `workbook:${name}`, labels: labelsOf(name) };
  const role: V1ClusterRole = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata,
    rules: rules ?? [],
  };
  return [role, bound(name, metadata.name)];
}

/** A binding of the add-on's account to a ClusterRole that exists. */
export function bound(name: AddonName, role: string): V1ClusterRoleBinding {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: role === `workbook:${name}` ? role : `workbook:${name}:${role}`, labels: labelsOf(name) },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ kind: "ServiceAccount", name, namespace: namespaceOf(name) }],
  };
}

/** A Deployment of one pod as an unprivileged user with a read-only root; labs' pods take precedence. */
export function deployment(
  name: AddonName,
  spec: V1PodSpec,
  annotations: Readonly<Record<string, string>> = {},
): V1Deployment {
  const labels = labelsOf(name);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: namespaceOf(name), labels },
    spec: {
      replicas: 1,
      // The old one serves until the new one does: an API that nobody serves keeps namespaces from being deleted.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: { [addonLabel]: name } },
      template: {
        metadata: { labels, annotations },
        spec: {
          serviceAccountName: name,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 5,
          // Where workers went away, it starts anew elsewhere soon instead of after five minutes.
          tolerations: ["not-ready", "unreachable"].map((key) => ({
            key: `node.kubernetes.io/${key}`,
            operator: "Exists",
            effect: "NoExecute",
            tolerationSeconds: 30,
          })),
          ...spec,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65534,
            seccompProfile: { type: "RuntimeDefault" },
            ...spec.securityContext,
          },
        },
      },
    },
  };
}

/**
 * Probes with patience: on a small machine at full load an answer takes seconds, and an add-on that is restarted for that serves nobody.
 */
export const probes = (
  path: string,
  port: string,
  scheme?: "HTTPS",
): Pick<V1Container, "readinessProbe" | "livenessProbe"> => {
  const httpGet = { path, port, ...(scheme && { scheme }) };
  return {
    readinessProbe: { httpGet, periodSeconds: 3, timeoutSeconds: 5, failureThreshold: 5 },
    livenessProbe: { httpGet, periodSeconds: 15, timeoutSeconds: 15, failureThreshold: 8 },
  };
};

/** What every container of ours may do: nothing beyond its own memory and volumes. */
export const confined: V1SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
