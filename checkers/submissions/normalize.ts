/** Makes of a live object what its author wrote, as far as that can be told: pure, and the same on either side of a submission. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}
type Fields = Record<string, unknown>;

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
/** Written by controllers, kubectl and the API server. */
const machineAnnotations =
  /^(kubectl\.kubernetes\.io\/|deployment\.kubernetes\.io\/|deprecated\.daemonset\.|pv\.kubernetes\.io\/|volume\.(beta\.)?kubernetes\.io\/|batch\.kubernetes\.io\/|endpoints\.kubernetes\.io\/|control-plane\.alpha\.kubernetes\.io\/|autoscaling\.alpha\.kubernetes\.io\/)/;
const machineLabels = /^(controller-uid|batch\.kubernetes\.io\/controller-uid)$/;
/** Of metadata; the rest (uid, resourceVersion, managedFields, ownerReferences, finalizers …) is the cluster's own or must not travel. */
const metadataKept = new Set(["name", "labels", "annotations"]);
/** Made by controllers out of other objects, or telling what happened instead of what is wanted. */
const derived = new Set([
  "Event",
  "Event.events.k8s.io",
  "Endpoints",
  "EndpointSlice.discovery.k8s.io",
  "Lease.coordination.k8s.io",
  "ControllerRevision.apps",
  "PodMetrics.metrics.k8s.io",
  "ResourceClaim.resource.k8s.io",
]);

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const fields = (value: unknown): Fields | undefined => (isFields(value) ? value : undefined);
const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);

/** "Deployment.apps" of an object. */
export const kindOf = ({ apiVersion, kind }: Pick<KubeObject, "apiVersion" | "kind">): string =>
  apiVersion.includes("/") ? `${kind}.${apiVersion.split("/")[0]}` : kind;

/** "deployment/ml-inference": how kubectl would name it. */
export const nameOf = ({ kind, metadata }: Pick<KubeObject, "kind" | "metadata">): string =>
  `${kind.toLowerCase()}/${metadata.name}`;

/** Whether an object is the author's own: not made by a controller, not there in every namespace. */
export function authored(object: KubeObject): boolean {
  const { metadata } = object;
  const kind = kindOf(object);
  if (derived.has(kind)) return false;
  if (list(metadata.ownerReferences).some((owner) => owner.controller === true)) return false;
  if (metadata.deletionTimestamp !== undefined) return false;
  if (kind === "ConfigMap" && metadata.name === "kube-root-ca.crt") return false;
  if (kind === "Secret" && object.type === "kubernetes.io/service-account-token") return false;
  if (kind === "ServiceAccount" && metadata.name === "default") {
    // Every namespace has one; only what its owner changed about it is worth taking along.
    return object.automountServiceAccountToken !== undefined || list(object.imagePullSecrets).length > 0;
  }
  return true;
}

export interface NormalizeOptions {
  /** NodePorts that the lab prescribes: they stay, as do those the author wrote down. */
  nodePorts?: ReadonlySet<number>;
}

/** The object without status and without anything a cluster filled in that another cluster has to fill in anew. The input stays as it is. */
export function normalize(live: KubeObject, options: NormalizeOptions = {}): KubeObject {
  const { status: _status, ...object } = structuredClone(live) as KubeObject & { status?: unknown };
  const applied = parsed(live.metadata.annotations?.[lastApplied]);
  object.metadata = metadataOf(live.metadata);
  const spec = fields(object.spec);
  switch (kindOf(object)) {
    case "Service":
      if (spec) service(spec, fields(applied?.spec), options.nodePorts ?? new Set());
      break;
    case "Pod":
      if (spec) {
        podSpec(spec);
        // Set by the scheduler, or put on to debug: neither can be created with a pod.
        delete spec.nodeName;
        delete spec.ephemeralContainers;
        delete spec.priority;
      }
      break;
    case "Job.batch":
      if (spec) jobSpec(spec);
      break;
    case "PersistentVolumeClaim":
      if (spec) delete spec.volumeName;
      break;
    case "ServiceAccount":
      delete object.secrets;
      break;
    default:
      break;
  }
  // ReplicaSets, StatefulSets, CronJobs and whatever else has a template.
  walkTemplates(object, (template) => {
    const meta = fields(template.metadata);
    if (meta) template.metadata = metadataOf(meta);
    const inner = fields(template.spec);
    if (inner) podSpec(inner);
  });
  for (const claim of list(spec?.volumeClaimTemplates)) {
    delete claim.status;
    if (isFields(claim.metadata)) claim.metadata = metadataOf(claim.metadata);
  }
  return object;
}

function metadataOf(live: Fields): KubeObject["metadata"] {
  const kept = Object.fromEntries(Object.entries(live).filter(([key]) => metadataKept.has(key)));
  for (const [key, pattern] of [
    ["annotations", machineAnnotations],
    ["labels", machineLabels],
  ] as const) {
    const map = fields(kept[key]);
    if (!map) continue;
    const own = Object.entries(map).filter(([name]) => !pattern.test(name));
    if (own.length > 0) kept[key] = Object.fromEntries(own);
    else delete kept[key];
  }
  return kept as KubeObject["metadata"];
}

function service(spec: Fields, applied: Fields | undefined, prescribed: ReadonlySet<number>): void {
  // "None" is a choice (headless); an address is the cluster's.
  if (spec.clusterIP !== "None") delete spec.clusterIP;
  for (const key of ["clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"]) delete spec[key];
  const written = new Set(list(applied?.ports).map((port) => port.nodePort));
  for (const port of list(spec.ports)) {
    const number = port.nodePort;
    if (typeof number === "number" && !prescribed.has(number) && !written.has(number)) delete port.nodePort;
  }
}

function jobSpec(spec: Fields): void {
  if (spec.manualSelector === true) return;
  delete spec.selector;
  const labels = fields(fields(fields(spec.template)?.metadata)?.labels);
  for (const key of [
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "job-name",
    "batch.kubernetes.io/job-name",
  ])
    if (labels) delete labels[key];
}

/** What admission puts into every pod: the token's volume and the two tolerations. */
function podSpec(spec: Fields): void {
  delete spec.serviceAccount;
  const injected = new Set(
    list(spec.volumes)
      .map((volume) => String(volume.name))
      .filter((name) => name.startsWith("kube-api-access-")),
  );
  if (injected.size > 0) {
    spec.volumes = list(spec.volumes).filter((volume) => !injected.has(String(volume.name)));
    for (const container of [...list(spec.initContainers), ...list(spec.containers)])
      container.volumeMounts = list(container.volumeMounts).filter((mount) => !injected.has(String(mount.name)));
  }
  if (Array.isArray(spec.tolerations)) {
    spec.tolerations = list(spec.tolerations).filter(
      ({ key, tolerationSeconds }) =>
        !(tolerationSeconds === 300 && /^node\.kubernetes\.io\/(not-ready|unreachable)$/.test(String(key))),
    );
  }
}

/** Calls back with every pod template in an object, however deep. */
function walkTemplates(value: unknown, found: (template: Fields) => void): void {
  if (Array.isArray(value)) for (const item of value) walkTemplates(item, found);
  else if (isFields(value)) {
    for (const [key, field] of Object.entries(value)) {
      if (/template$/i.test(key) && isFields(field) && Array.isArray(fields(field.spec)?.containers)) found(field);
      else walkTemplates(field, found);
    }
  }
}

function parsed(text: string | undefined): Fields | undefined {
  if (text === undefined) return undefined;
  try {
    return fields(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Every number in a lab's facts that could be a NodePort. */
export function nodePortsOf(facts: unknown): Set<number> {
  const found = new Set<number>();
  const walk = (value: unknown): void => {
    if (typeof value === "number" && value >= 30_000 && value <= 32_767) found.add(value);
    else if (typeof value === "object" && value !== null) for (const field of Object.values(value)) walk(field);
  };
  walk(facts);
  return found;
}

/** A Secret with its keys and without its values: null stands for a value that stayed where it was. */
export function withoutValues(secret: KubeObject): KubeObject {
  const data = fields(secret.data);
  if (!data) return secret;
  return { ...secret, data: Object.fromEntries(Object.keys(data).map((key) => [key, null])) };
}
