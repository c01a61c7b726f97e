import type { KubernetesObject, V1APIService, V1RoleBinding, V1Service } from "@kubernetes/client-node";
import { imagePrefix, versions } from "../versions.ts";
import { type Addon, bound, confined, deployment, ground, labelsOf, mayDo, namespaceOf, probes } from "./addon.ts";
import type { Kubectl } from "./kubectl.ts";

const name = "metrics-server";
const namespace = namespaceOf(name);
const labels = labelsOf(name);
const api = "v1beta1.metrics.k8s.io";
const port = 10250;

function objects(image: string): KubernetesObject[] {
  const service: V1Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels },
    spec: { selector: labels, ports: [{ name: "https", port: 443, targetPort: "https" }] },
  };
  // Who calls is told by the API server's own front-proxy certificate; where to find it stands in this ConfigMap.
  const reader: V1RoleBinding = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: `workbook:${name}`, namespace: "kube-system", labels },
    roleRef: {
      apiGroup: "rbac.authorization.k8s.io",
      kind: "Role",
      name: "extension-apiserver-authentication-reader",
    },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  };
  const aggregated: V1APIService = {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: api, labels },
    spec: {
      group: "metrics.k8s.io",
      version: "v1beta1",
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name, namespace },
    },
  };
  return [
    ...ground(name),
    ...mayDo(name, [
      { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
      { apiGroups: [""], resources: ["pods", "nodes", "namespaces", "configmaps"], verbs: ["get", "list", "watch"] },
    ]),
    bound(name, "system:auth-delegator"),
    reader,
    service,
    deployment(name, {
      priorityClassName: "system-cluster-critical",
      containers: [
        {
          name,
          image,
          imagePullPolicy: "IfNotPresent",
          args: [
            "--cert-dir=/tmp",
            `--secure-port=${port}`,
            "--kubelet-preferred-address-types=InternalIP",
            "--kubelet-use-node-status-port",
            // kind's kubelets have certificates nobody signed.
            "--kubelet-insecure-tls",
            "--metric-resolution=15s",
          ],
          env: [{ name: "GOMEMLIMIT", value: "96MiB" }],
          ports: [{ name: "https", containerPort: port }],
          ...probes("/livez", "https", "HTTPS"),
          // It must answer even when labs use all there is: no namespace is deleted while the API it serves does not.
          resources: { requests: { cpu: "100m", memory: "40Mi" }, limits: { memory: "192Mi" } },
          securityContext: confined,
          volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
        },
      ],
      volumes: [{ name: "tmp", emptyDir: {} }],
    }),
    // Last: an API that nobody serves yet slows every client's discovery.
    aggregated,
  ];
}

interface Registered {
  spec?: { service?: { namespace?: string } };
}

export const metricsServer: Addon = {
  name,
  title: "metrics-server",
  image: `${imagePrefix}/metrics-server:${versions.metricsServer}`,
  upstream: `registry.k8s.io/metrics-server/metrics-server:${versions.metricsServer}`,
  objects,
  // First: a namespace is not deleted while an API answers nothing.
  scattered: ["apiservice", "clusterrolebinding", "clusterrole", "rolebinding"],
  // Two readings of every kubelet, 15 s apart.
  within: 120_000,
  async lacks(kubectl: Kubectl) {
    const metrics = await kubectl.raw<{ items?: unknown[] }>("/apis/metrics.k8s.io/v1beta1/pods");
    if (!metrics) return "its API does not answer yet";
    return metrics.items?.length ? undefined : "it has measured no pod yet";
  },
  async provided(kubectl: Kubectl) {
    const there = await kubectl.get<Registered>(["apiservice", api]);
    return there !== undefined && there.spec?.service?.namespace !== namespace;
  },
};
