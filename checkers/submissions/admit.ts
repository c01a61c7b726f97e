/**
 * What of a submission may be created on the instructor's cluster. Pure. A submission is a stranger's input: nothing in it is trusted to be what
 * `submit` would have packed, so everything is normalized again and looked at field by field.
 */
import { type KubeObject, kindOf, nameOf, normalize } from "./normalize.ts";

export interface Rules {
  /** As allowedKinds() gives them. */
  kinds: ReadonlySet<string>;
  /** Image names beyond workbook.local/…: whole names, or prefixes that end with "*". */
  images: readonly string[];
  /** The learner's namespace, and the one its objects go into. */
  from: string;
  to: string;
  /** NodePorts the lab prescribes. */
  nodePorts: ReadonlySet<number>;
}
export interface Refused {
  /** "deployment/web". */
  object: string;
  why: string;
}
export interface Admitted {
  objects: KubeObject[];
  refused: Refused[];
  /** Images that may not run here. Their objects are created all the same, with a name that nothing answers to, so that one wrong image costs no more than it should. */
  images: string[];
}

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);
const objectOf = (value: unknown): Fields => (isFields(value) ? value : {});

/** Sorts a submission's objects into what is created, rewritten for its new namespace, and what is refused, with why. */
export function admit(objects: readonly KubeObject[], rules: Rules): Admitted {
  const admitted: Admitted = { objects: [], refused: [], images: [] };
  const seen = new Set<string>();
  for (const given of objects) {
    const object = moved(normalize(given, { nodePorts: rules.nodePorts }), rules);
    // A chosen NodePort is known from the annotation when it is packed; here it can only be believed.
    keepNodePorts(given, object);
    const key = `${kindOf(object)}/${object.metadata.name}`;
    const why = seen.has(key) ? "it is there twice" : refusal(given, object, rules);
    seen.add(key);
    if (why === undefined) {
      for (const image of barImages(object, rules.images))
        if (!admitted.images.includes(image)) admitted.images.push(image);
      admitted.objects.push(object);
    } else admitted.refused.push({ object: nameOf(object), why });
  }
  return admitted;
}

function keepNodePorts(given: KubeObject, object: KubeObject): void {
  if (kindOf(object) !== "Service") return;
  const ports = list(objectOf(object.spec).ports);
  for (const [index, port] of list(objectOf(given.spec).ports).entries()) {
    const own = ports[index];
    if (own && typeof port.nodePort === "number") own.nodePort = port.nodePort;
  }
}

/** Why an object is not created, or undefined. */
function refusal(given: KubeObject, object: KubeObject, rules: Rules): string | undefined {
  const kind = kindOf(object);
  if (!rules.kinds.has(kind)) return `the kind ${kind} is not on this lab's list`;
  const { namespace } = given.metadata;
  if (namespace !== undefined && namespace !== rules.from) return `it is for another namespace (${namespace})`;
  if (!/^[a-z0-9]([a-z0-9.:-]{0,251}[a-z0-9])?$/.test(object.metadata.name)) return "its name is none Kubernetes takes";
  if (kind === "ConfigMap" && object.metadata.name === "kube-root-ca.crt") return "every namespace has its own";
  if (Object.keys(object.metadata.labels ?? {}).some((key) => key.startsWith("workbook.local/sandbox")))
    return "it carries a label of the workbook's own";
  const spec = objectOf(object.spec);
  const special =
    kind === "Service"
      ? serviceRefusal(spec)
      : kind === "Secret"
        ? secretRefusal(object)
        : kind.startsWith("Role.")
          ? roleRefusal(object)
          : kind.startsWith("RoleBinding.")
            ? bindingRefusal(object, rules.to)
            : undefined;
  return special ?? podRefusal(object);
}

function serviceRefusal(spec: Fields): string | undefined {
  if (Array.isArray(spec.externalIPs) && spec.externalIPs.length > 0) return "externalIPs would take others' traffic";
  if (spec.type === "LoadBalancer") return "a LoadBalancer reaches beyond the namespace";
  return undefined;
}

const secretTypes = new Set([
  undefined,
  "Opaque",
  "kubernetes.io/tls",
  "kubernetes.io/basic-auth",
  "kubernetes.io/ssh-auth",
  "kubernetes.io/dockerconfigjson",
  "kubernetes.io/dockercfg",
  "helm.sh/release.v1",
]);
const secretRefusal = ({ type }: KubeObject): string | undefined =>
  secretTypes.has(type as string | undefined) ? undefined : `Secrets of type ${String(type)} are made by the cluster`;

/** What would let a pod of the sandbox change the sandbox. */
const guarded = new Set([
  "*",
  "resourcequotas",
  "limitranges",
  "namespaces",
  "roles",
  "rolebindings",
  "networkpolicies",
  "serviceaccounts/token",
]);
const reading = new Set(["get", "list", "watch"]);

function roleRefusal(object: KubeObject): string | undefined {
  for (const rule of list(object.rules)) {
    const verbs = (rule.verbs as unknown[] | undefined) ?? [];
    if (verbs.every((verb) => reading.has(String(verb)))) continue;
    const which = ((rule.resources as unknown[] | undefined) ?? []).map(String).find((one) => guarded.has(one));
    if (which) return `it would let a pod change ${which === "*" ? "everything" : which} in its namespace`;
    if (verbs.some((verb) => ["escalate", "bind", "impersonate"].includes(String(verb))))
      return "it grants more than it has";
  }
  return undefined;
}

function bindingRefusal(object: KubeObject, to: string): string | undefined {
  const ref = objectOf(object.roleRef);
  if (ref.kind === "ClusterRole" && ref.name !== "view") return `it binds the ClusterRole ${String(ref.name)}`;
  for (const subject of list(object.subjects)) {
    if (subject.kind === "ServiceAccount" && subject.namespace !== undefined && subject.namespace !== to)
      return `it gives rights to an account of another namespace (${String(subject.namespace)})`;
    if (subject.kind === "Group") return "it gives rights to a group";
  }
  return undefined;
}

const volumeTypes = new Set([
  "name",
  "configMap",
  "secret",
  "emptyDir",
  "projected",
  "downwardAPI",
  "persistentVolumeClaim",
  "ephemeral",
]);

/** Every pod in an object, wherever it is: a spec with containers is one, in a Deployment or in a kind of tomorrow. */
function podSpecs(object: KubeObject): Fields[] {
  const found: Fields[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) walk(item);
    else if (isFields(value)) {
      if (Array.isArray(value.containers)) found.push(value);
      for (const field of Object.values(value)) walk(field);
    }
  };
  const { metadata: _metadata, ...rest } = object;
  walk(rest);
  return found;
}

const podRefusal = (object: KubeObject): string | undefined =>
  podSpecs(object)
    .map(podSpecRefusal)
    .find((why) => why !== undefined);

const containersOf = (spec: Fields): Fields[] => [
  ...list(spec.initContainers),
  ...list(spec.containers),
  ...list(spec.ephemeralContainers),
];

/** Gives images that may not run here a name that nothing answers to. Returns their own names. */
function barImages(object: KubeObject, allowed: readonly string[]): string[] {
  const barred: string[] = [];
  for (const container of podSpecs(object).flatMap(containersOf)) {
    const image = String(container.image ?? "");
    if (imageAllowed(image, allowed)) continue;
    barred.push(image);
    container.image = `${barredRegistry}/${image.replaceAll(/[^\w./:-]/g, "-")}`;
    container.imagePullPolicy = "Never";
  }
  return barred;
}
export const barredRegistry = "not-allowed.invalid";

function podSpecRefusal(spec: Fields): string | undefined {
  for (const key of ["hostNetwork", "hostPID", "hostIPC"])
    if (spec[key] === true) return `${key} reaches into the node`;
  if (spec.nodeName !== undefined) return "nodeName goes past the scheduler";
  if (typeof spec.priorityClassName === "string" && spec.priorityClassName.startsWith("system-"))
    return "its priority would push the cluster's own pods aside";
  if (spec.runtimeClassName !== undefined) return "runtimeClassName chooses another runtime";
  for (const volume of list(spec.volumes)) {
    const other = Object.keys(volume).find((key) => !volumeTypes.has(key));
    if (other) return `a volume of type ${other} reaches beyond the namespace`;
    for (const source of list(objectOf(volume.projected).sources)) {
      const beyond = Object.keys(source).find((key) => key === "clusterTrustBundle");
      if (beyond) return `a projected volume of ${beyond} reaches beyond the namespace`;
    }
  }
  const pod = objectOf(spec.securityContext);
  if (Array.isArray(pod.sysctls) && pod.sysctls.length > 0) return "sysctls reach into the node";
  for (const container of containersOf(spec)) {
    const name = String(container.name);
    const security = objectOf(container.securityContext);
    if (security.privileged === true) return `container ${name} is privileged`;
    if (security.procMount !== undefined && security.procMount !== "Default") return `container ${name} unmasks /proc`;
    const added = objectOf(security.capabilities).add;
    if (Array.isArray(added) && added.some((one) => one !== "NET_BIND_SERVICE"))
      return `container ${name} adds capabilities (${added.join(", ")})`;
    if (list(container.ports).some((port) => typeof port.hostPort === "number" && port.hostPort !== 0))
      return `container ${name} takes a port of the node`;
  }
  return undefined;
}

/** Ours, or on the policy's list. */
export const imageAllowed = (image: string, allowed: readonly string[]): boolean =>
  /^workbook\.local\/[a-z0-9]/.test(image) ||
  allowed.some((one) => (one.endsWith("*") ? image.startsWith(one.slice(0, -1)) : image === one));

/**
 * The object with its author's namespace replaced by the new one: in the names of Services (web.lab-02.svc, web.lab-02:80) and in fields
 * called namespace. Texts that merely hold the same letters stay as they are.
 */
function moved(object: KubeObject, { from, to }: Rules): KubeObject {
  const name = from.replaceAll("-", "\\-");
  const inName = new RegExp(`(?<=[a-z0-9]\\.)${name}(?![a-z0-9-])`, "g");
  const walk = (value: unknown, key?: string): unknown => {
    if (typeof value === "string") return key === "namespace" && value === from ? to : value.replace(inName, to);
    if (Array.isArray(value)) return value.map((one) => walk(one));
    if (!isFields(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, walk(field, name)]));
  };
  const { metadata, ...rest } = object;
  return { ...(walk(rest) as Omit<KubeObject, "metadata">), metadata } as KubeObject;
}
