/** What keeps a submission inside its namespace: quota, limits, network policy. Pure. */
import type { LabDefinition } from "../core/lab.ts";

/** Marks what is the sandbox's own and not the learner's. */
export const sandboxLabel = "workbook.local/sandbox";
const name = "workbook-sandbox";
const metadata = { name, labels: { [sandboxLabel]: "true" } };

/** What a container gets that says nothing of its own. */
export const defaults = {
  limit: { cpu: "1", memory: "512Mi", "ephemeral-storage": "512Mi" },
  request: { cpu: "20m", memory: "32Mi", "ephemeral-storage": "16Mi" },
} as const;

const storageOnly = <T extends { "ephemeral-storage": string }>(all: T) => ({
  "ephemeral-storage": all["ephemeral-storage"],
});

/** At most this many pods at a time. */
const pods = 40;
/** And of everything that a pod with rights of its own could make without end. */
const counts: Readonly<Record<string, string>> = {
  pods: String(pods),
  persistentvolumeclaims: "10",
  "requests.storage": "20Gi",
  "services.loadbalancers": "0",
  "services.nodeports": "10",
  "count/services": "60",
  "count/configmaps": "450",
  "count/secrets": "450",
  "count/jobs.batch": "60",
  "count/deployments.apps": "60",
  "count/replicasets.apps": "120",
  "limits.ephemeral-storage": "20Gi",
};

export interface Bounds {
  /** Cores and bytes the whole cluster has for pods. */
  cpu: number;
  memory: number;
  biggestNode: { cpu: number; memory: number };
  /** InternalIPs: from there the API server and kubelets reach pods. */
  nodeAddresses: readonly string[];
}

type Manifest = { apiVersion: string; kind: string; metadata: object; [field: string]: unknown };

/** The objects that go into the namespace before anything of the submission does. */
export function guards(lab: Pick<LabDefinition, "requires" | "sandbox">, bounds: Bounds): Manifest[] {
  const bare = lab.sandbox?.ownResources === true;
  const limit = bare ? storageOnly(defaults.limit) : defaults.limit;
  const request = bare ? storageOnly(defaults.request) : defaults.request;
  const hard = bare
    ? counts
    : {
        ...counts,
        // As much as there is: what is more could not be scheduled anyway. Requests are also counted before a submission is let in.
        "requests.cpu": String(Math.max(4, Math.floor(bounds.cpu))),
        "requests.memory": String(Math.floor(bounds.memory)),
        "limits.cpu": String(Math.max(16, Math.floor(bounds.cpu * 4))),
        "limits.memory": String(Math.floor(bounds.memory)),
      };
  const all: Manifest[] = [
    { apiVersion: "v1", kind: "ResourceQuota", metadata, spec: { hard } },
    {
      apiVersion: "v1",
      kind: "LimitRange",
      metadata,
      spec: { limits: [{ type: "Container", default: limit, defaultRequest: request }] },
    },
  ];
  // Policies add up: one that lets a namespace's pods talk would undo the learner's own where that is what the lab is about.
  if (!lab.requires?.networkPolicy) all.push(isolation(bounds.nodeAddresses));
  return all;
}

const ofWorkbook = { namespaceSelector: { matchLabels: { "app.kubernetes.io/managed-by": "workbook" } } };

/** Nothing in or out but the namespace itself, DNS, the API server's and kubelets' nodes, and what the workbook measures with. */
function isolation(nodeAddresses: readonly string[]): Manifest {
  const nodes = nodeAddresses.map((address) => ({
    ipBlock: { cidr: `${address}/${address.includes(":") ? 128 : 32}` },
  }));
  const probes = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "workbook-system" } } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata,
    spec: {
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ podSelector: {} }, probes, ofWorkbook, ...nodes] }],
      egress: [
        { to: [{ podSelector: {} }] },
        {
          to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } }],
          ports: [
            { protocol: "UDP", port: 53 },
            { protocol: "TCP", port: 53 },
          ],
        },
      ],
    },
  };
}

/** Labels of a sandbox's namespace: the learner's own pod security, but never weaker than baseline. */
export function podSecurity(own: Readonly<Record<string, string>>): Record<string, string> {
  const enforce = own["pod-security.kubernetes.io/enforce"];
  return { ...own, "pod-security.kubernetes.io/enforce": enforce === "restricted" ? "restricted" : "baseline" };
}
