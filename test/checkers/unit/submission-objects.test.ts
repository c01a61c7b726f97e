import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { kinds } from "../../../checkers/core/port.ts";
import { admit, imageAllowed, type Rules } from "../../../checkers/submissions/admit.ts";
import { defaults, guards, podSecurity, sandboxLabel } from "../../../checkers/submissions/guards.ts";
import { allowedKinds } from "../../../checkers/submissions/kinds.ts";
import { authored, type KubeObject, nodePortsOf, normalize } from "../../../checkers/submissions/normalize.ts";
import { moved } from "../../../checkers/submissions/one.ts";
import { AuthoredCluster, undefaulted } from "../../../checkers/submissions/view.ts";

const object = (kind: string, name: string, more: Record<string, unknown> = {}, apiVersion = "v1"): KubeObject => ({
  apiVersion,
  kind,
  ...more,
  metadata: { name, ...(more.metadata as object) },
});
const applied = (spec: object): Record<string, unknown> => ({
  annotations: { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify({ spec }) },
});

describe("an object as its author wrote it", () => {
  it("has no status, no identity of the cluster's and nothing a controller wrote", () => {
    const live = object(
      "Deployment",
      "web",
      {
        metadata: {
          uid: "u",
          resourceVersion: "1",
          generation: 3,
          creationTimestamp: "x",
          managedFields: [{}],
          finalizers: ["evil/never"],
          ownerReferences: [{ kind: "X" }],
          labels: { app: "web" },
          namespace: "lab-02",
          annotations: {
            "deployment.kubernetes.io/revision": "3",
            "kubernetes.io/change-cause": "v2",
            ...(applied({}).annotations as object),
          },
        },
        spec: {
          replicas: 2,
          template: {
            metadata: { creationTimestamp: null, labels: { app: "web" } },
            spec: { containers: [{ name: "a" }], serviceAccount: "x" },
          },
        },
        status: { replicas: 2 },
      },
      "apps/v1",
    );
    const before = structuredClone(live);
    expect(normalize(live)).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", labels: { app: "web" }, annotations: { "kubernetes.io/change-cause": "v2" } },
      spec: { replicas: 2, template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "a" }] } } },
    });
    expect(live).toEqual(before);
  });

  it("keeps a NodePort that was written down or that the lab prescribes, and no address", () => {
    const service = (metadata = {}) =>
      object("Service", "web", {
        metadata,
        spec: {
          type: "NodePort",
          clusterIP: "10.0.0.1",
          clusterIPs: ["10.0.0.1"],
          ipFamilies: ["IPv4"],
          ports: [{ port: 80, nodePort: 30080 }],
        },
      });
    const port = (one: KubeObject): unknown => (one.spec as { ports: { nodePort?: number }[] }).ports[0]?.nodePort;
    expect(normalize(service()).spec).toEqual({ type: "NodePort", ports: [{ port: 80 }] });
    expect(port(normalize(service(), { nodePorts: nodePortsOf({ a: { port: 30_080 } }) }))).toBe(30_080);
    expect(port(normalize(service(applied({ ports: [{ port: 80, nodePort: 30_080 }] }))))).toBe(30_080);
    expect(normalize(object("Service", "h", { spec: { clusterIP: "None" } })).spec as object).toEqual({
      clusterIP: "None",
    });
  });

  it("of a pod leaves out what admission and the scheduler put in", () => {
    const pod = object("Pod", "p", {
      spec: {
        nodeName: "n",
        serviceAccount: "default",
        serviceAccountName: "default",
        ephemeralContainers: [{ name: "debug" }],
        volumes: [
          { name: "data", emptyDir: {} },
          { name: "kube-api-access-abcde", projected: {} },
        ],
        containers: [{ name: "a", volumeMounts: [{ name: "data" }, { name: "kube-api-access-abcde" }] }],
        tolerations: [{ key: "node.kubernetes.io/not-ready", tolerationSeconds: 300 }, { key: "gpu" }],
      },
    });
    expect(normalize(pod).spec).toEqual({
      serviceAccountName: "default",
      volumes: [{ name: "data", emptyDir: {} }],
      containers: [{ name: "a", volumeMounts: [{ name: "data" }] }],
      tolerations: [{ key: "gpu" }],
    });
  });

  it("is no object of a controller, an account's token, an event or what every namespace has", () => {
    const owned = { metadata: { ownerReferences: [{ controller: true, kind: "ReplicaSet" }] } };
    expect(authored(object("Pod", "p", owned))).toBe(false);
    expect(authored(object("Pod", "p"))).toBe(true);
    expect(authored(object("EndpointSlice", "e", {}, "discovery.k8s.io/v1"))).toBe(false);
    expect(authored(object("Event", "e"))).toBe(false);
    expect(authored(object("ConfigMap", "kube-root-ca.crt"))).toBe(false);
    expect(authored(object("Secret", "t", { type: "kubernetes.io/service-account-token" }))).toBe(false);
    expect(authored(object("ServiceAccount", "default"))).toBe(false);
    expect(authored(object("ServiceAccount", "default", { automountServiceAccountToken: false }))).toBe(true);
  });
});

const rules: Rules = {
  kinds: allowedKinds({}),
  images: ["docker.io/library/redis:7", "registry.example.org/course/*"],
  from: "lab-02",
  to: "grade-02-x",
  nodePorts: new Set(),
};
const ours = { name: "a", image: "workbook.local/ml-inference:1.0" };
const deployment = (spec: object, name = "web"): KubeObject =>
  object("Deployment", name, { spec: { template: { spec: { containers: [ours], ...spec } } } }, "apps/v1");
const why = (one: KubeObject): string => admit([one], rules).refused[0]?.why ?? "admitted";

describe("what may be created on the instructor's cluster", () => {
  it.each([
    ["hostPath", { volumes: [{ name: "v", hostPath: { path: "/" } }] }, "hostPath"],
    ["nfs", { volumes: [{ name: "v", nfs: { server: "x" } }] }, "nfs"],
    ["csi", { volumes: [{ name: "v", csi: { driver: "x" } }] }, "csi"],
    ["hostNetwork", { hostNetwork: true }, "hostNetwork"],
    ["hostPID", { hostPID: true }, "hostPID"],
    ["hostIPC", { hostIPC: true }, "hostIPC"],
    ["privileged", { containers: [{ ...ours, securityContext: { privileged: true } }] }, "privileged"],
    [
      "a privileged init container",
      { initContainers: [{ ...ours, securityContext: { privileged: true } }] },
      "privileged",
    ],
    [
      "capabilities",
      { containers: [{ ...ours, securityContext: { capabilities: { add: ["SYS_ADMIN"] } } }] },
      "SYS_ADMIN",
    ],
    ["procMount", { containers: [{ ...ours, securityContext: { procMount: "Unmasked" } }] }, "/proc"],
    ["hostPort", { containers: [{ ...ours, ports: [{ hostPort: 80 }] }] }, "port of the node"],
    ["nodeName", { nodeName: "control-plane" }, "nodeName"],
    ["sysctls", { securityContext: { sysctls: [{ name: "x" }] } }, "sysctls"],
    ["system priority", { priorityClassName: "system-node-critical" }, "priority"],
    ["another runtime", { runtimeClassName: "x" }, "runtime"],
  ])("is nothing with %s", (_what, spec, says) => {
    expect(why(deployment(spec))).toContain(says);
    // The same in a kind that nobody has thought of yet.
    const other = { ...rules, kinds: new Set([...rules.kinds, "Rollout.argoproj.io"]) };
    const rollout = object(
      "Rollout",
      "r",
      { spec: { template: { spec: { containers: [ours], ...spec } } } },
      "argoproj.io/v1alpha1",
    );
    expect(admit([rollout], other).refused[0]?.why).toContain(says);
  });

  it.each([
    ["ClusterRole.rbac.authorization.k8s.io", object("ClusterRole", "x", {}, "rbac.authorization.k8s.io/v1")],
    ["ClusterRoleBinding", object("ClusterRoleBinding", "x", {}, "rbac.authorization.k8s.io/v1")],
    [
      "ValidatingWebhookConfiguration",
      object("ValidatingWebhookConfiguration", "x", {}, "admissionregistration.k8s.io/v1"),
    ],
    [
      "MutatingWebhookConfiguration",
      object("MutatingWebhookConfiguration", "x", {}, "admissionregistration.k8s.io/v1"),
    ],
    ["Namespace", object("Namespace", "x")],
    ["Node", object("Node", "x")],
    ["PersistentVolume", object("PersistentVolume", "x")],
    ["CustomResourceDefinition", object("CustomResourceDefinition", "x", {}, "apiextensions.k8s.io/v1")],
    ["APIService", object("APIService", "x", {}, "apiregistration.k8s.io/v1")],
    ["Deployment.example.org", object("Deployment", "x", {}, "example.org/v1")],
  ])("is no %s", (kind, one) => expect(why(one)).toContain(`the kind ${kind}`));

  it("is nothing for other namespaces", () => {
    expect(why(object("ConfigMap", "x", { metadata: { namespace: "kube-system" } }))).toContain(
      "another namespace (kube-system)",
    );
    expect(why(object("ConfigMap", "x", { metadata: { namespace: "lab-02" } }))).toBe("admitted");
  });

  it("is nothing that reaches out of the namespace by another way", () => {
    expect(why(object("Service", "s", { spec: { externalIPs: ["1.2.3.4"] } }))).toContain("externalIPs");
    expect(why(object("Service", "s", { spec: { type: "LoadBalancer" } }))).toContain("LoadBalancer");
    expect(why(object("Secret", "s", { type: "kubernetes.io/service-account-token" }))).toContain(
      "made by the cluster",
    );
    const rbac = "rbac.authorization.k8s.io/v1";
    const role = (rule: object) => object("Role", "r", { rules: [rule] }, rbac);
    expect(why(role({ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }))).toContain("change everything");
    expect(why(role({ apiGroups: [""], resources: ["resourcequotas"], verbs: ["delete"] }))).toContain(
      "resourcequotas",
    );
    expect(why(role({ apiGroups: [""], resources: ["pods"], verbs: ["get", "create"] }))).toBe("admitted");
    const binding = (more: object) =>
      object("RoleBinding", "b", { roleRef: { kind: "Role", name: "r" }, ...more }, rbac);
    expect(why(binding({ roleRef: { kind: "ClusterRole", name: "cluster-admin" } }))).toContain("cluster-admin");
    expect(why(binding({ subjects: [{ kind: "ServiceAccount", name: "x", namespace: "kube-system" }] }))).toContain(
      "kube-system",
    );
    expect(why(binding({ subjects: [{ kind: "ServiceAccount", name: "x", namespace: "lab-02" }] }))).toBe("admitted");
    expect(why(object("ConfigMap", "x", { metadata: { labels: { [sandboxLabel]: "true" } } }))).toContain(
      "workbook's own",
    );
  });

  it("carries no finalizer, no owner and nothing that was not asked for", () => {
    const [made] = admit(
      [
        object("ConfigMap", "x", {
          metadata: { finalizers: ["evil/never"], ownerReferences: [{ uid: "1" }], deletionGracePeriodSeconds: 9 },
        }),
      ],
      rules,
    ).objects;
    expect(made?.metadata).toEqual({ name: "x" });
  });

  it("is each object once", () => {
    const twice = admit([object("ConfigMap", "x"), object("ConfigMap", "x")], rules);
    expect(twice.objects).toHaveLength(1);
    expect(twice.refused).toEqual([{ object: "configmap/x", why: "it is there twice" }]);
  });

  it("goes by the names of its new namespace, where a name is meant", () => {
    const [made] = admit(
      [
        object("ConfigMap", "nginx", {
          data: {
            conf: "proxy_pass http://web.lab-02.svc.cluster.local:80; # lab-02 is mine; web.lab-021.svc, x-lab-02.org",
            url: "redis.lab-02:6379",
          },
        }),
      ],
      rules,
    ).objects;
    expect(made?.data).toEqual({
      conf: "proxy_pass http://web.grade-02-x.svc.cluster.local:80; # lab-02 is mine; web.lab-021.svc, x-lab-02.org",
      url: "redis.grade-02-x:6379",
    });
  });

  it("runs images of ours and of the policy's list; another is there by a name nothing answers to, so that it costs no more than itself", () => {
    expect(imageAllowed("workbook.local/toolbox:1.0", [])).toBe(true);
    expect(imageAllowed("registry.example.org/workbook.local/x", [])).toBe(false);
    expect(imageAllowed("docker.io/library/redis:7", rules.images)).toBe(true);
    expect(imageAllowed("docker.io/library/redis:7.1", rules.images)).toBe(false);
    expect(imageAllowed("registry.example.org/course/a:1", rules.images)).toBe(true);
    const { objects, refused, images } = admit(
      [deployment({ containers: [{ name: "a", image: "evil.example.org/miner:latest" }] })],
      rules,
    );
    expect(refused).toEqual([]);
    expect(images).toEqual(["evil.example.org/miner:latest"]);
    const spec = (objects[0] as unknown as { spec: { template: { spec: { containers: object[] } } } }).spec.template
      .spec;
    expect(spec.containers[0]).toEqual({
      name: "a",
      image: "not-allowed.invalid/evil.example.org/miner:latest",
      imagePullPolicy: "Never",
    });
  });

  it("is more where a lab or its add-ons say so", () => {
    expect(allowedKinds({ sandbox: { kinds: ["Thing.example.org"] } }).has("Thing.example.org")).toBe(true);
    expect(allowedKinds({ addons: ["gateway"] }).has("HTTPRoute.gateway.networking.k8s.io")).toBe(true);
    expect(allowedKinds({}).has("HTTPRoute.gateway.networking.k8s.io")).toBe(false);
  });
});

describe("a sandbox's guards", () => {
  const bounds = { cpu: 4, memory: 8e9, biggestNode: { cpu: 2, memory: 4e9 }, nodeAddresses: ["10.0.0.1", "fd00::1"] };
  const kindsOf = (lab: Parameters<typeof guards>[0]) => guards(lab, bounds).map(({ kind }) => kind);

  it("are quota, limits and a policy; a lab about policies has none of ours, one about resources no defaults", () => {
    expect(kindsOf({})).toEqual(["ResourceQuota", "LimitRange", "NetworkPolicy"]);
    expect(kindsOf({ requires: { networkPolicy: true } })).toEqual(["ResourceQuota", "LimitRange"]);
    const text = JSON.stringify(guards({ sandbox: { ownResources: true } }, bounds));
    expect(text).not.toContain("limits.memory");
    expect(text).toContain("ephemeral-storage");
    expect(JSON.stringify(guards({}, bounds))).toContain("fd00::1/128");
  });

  it("never make pod security weaker than baseline", () => {
    const key = "pod-security.kubernetes.io/enforce";
    expect(podSecurity({})[key]).toBe("baseline");
    expect(podSecurity({ [key]: "privileged" })[key]).toBe("baseline");
    expect(podSecurity({ [key]: "restricted" })[key]).toBe("restricted");
  });

  it("are not seen by checks, and neither are the defaults they put into pods", async () => {
    const pod: V1Pod = {
      metadata: {
        name: "p",
        annotations: {
          "kubernetes.io/limit-ranger":
            "LimitRanger plugin set: cpu, ephemeral-storage, memory request for container a; cpu, ephemeral-storage, memory limit for container a; memory limit for container b",
        },
      },
      spec: {
        containers: [
          { name: "a", resources: { requests: { ...defaults.request }, limits: { ...defaults.limit } } },
          {
            name: "b",
            resources: { requests: { cpu: "1", memory: "64Mi" }, limits: { cpu: "1", memory: defaults.limit.memory } },
          },
        ],
      },
      status: { qosClass: "Burstable" },
    };
    const seen = undefaulted(pod);
    expect(seen.spec?.containers[0]?.resources).toEqual({});
    expect(seen.spec?.containers[1]?.resources).toEqual({
      requests: { cpu: "1", memory: "64Mi" },
      limits: { cpu: "1" },
    });
    expect(undefaulted({ ...pod, spec: { containers: [pod.spec?.containers[0] as never] } }).status?.qosClass).toBe(
      "BestEffort",
    );
    const quota = { metadata: { name: "workbook-sandbox", labels: { [sandboxLabel]: "true" } } };
    const cluster = new AuthoredCluster({
      get: async () => quota as never,
      list: async () => [quota, { metadata: { name: "own" } }] as never,
    });
    expect(await cluster.get(kinds.ResourceQuota, "workbook-sandbox")).toBeUndefined();
    expect((await cluster.list(kinds.ResourceQuota)).map((one) => one.metadata?.name)).toEqual(["own"]);
  });
});

it("a dashboard's queries mean the namespace it is graded in", () => {
  const text = '{"expr":"up{namespace=\\"lab-12\\"} or up{namespace=\\"lab-120\\"} or up{namespace=\\"my-lab-12\\"}"}';
  expect(moved(Buffer.from(text), "lab-12", "grading-1").toString()).toBe(
    text.replace('\\"lab-12\\"', '\\"grading-1\\"'),
  );
});
