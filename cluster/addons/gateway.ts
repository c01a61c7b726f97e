import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { KubernetesObject, V1Service } from "@kubernetes/client-node";
import { artifact } from "../artifact.ts";
import { findGoOrGet } from "../go-toolchain.ts";
import { type Paths, paths } from "../paths.ts";
import { download } from "../source/go.ts";
import { arch, imagePrefix, versions } from "../versions.ts";
import {
  type Addon,
  type AddonName,
  confined,
  deployment,
  ground,
  labelsOf,
  type Making,
  mayDo,
  namespaceOf,
  probes,
} from "./addon.ts";

const name = "gateway" satisfies AddonName;
const namespace = namespaceOf(name);
const labels = labelsOf(name);
const group = "gateway.networking.k8s.io";
/** Where traefik answers for its own health. */
const healthPort = 9000;
/** Asked through the gateway itself: what answers has come through a route. */
const readyPath = "/.workbook/ready";

/** An object of the Gateway API; its kinds have no types in the client library. */
interface GatewayObject extends KubernetesObject {
  spec: Record<string, unknown>;
}
const gatewayObject = (
  kind: string,
  own: string,
  inNamespace: boolean,
  spec: Record<string, unknown>,
): GatewayObject => ({
  apiVersion: `${group}/v1`,
  kind,
  metadata: { name: own, ...(inNamespace && { namespace }), labels },
  spec,
});

const kinds = ["gatewayclasses", "gateways", "httproutes", "grpcroutes", "referencegrants", "backendtlspolicies"];

function objects(image: string): KubernetesObject[] {
  const service: V1Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels },
    spec: { selector: labels, ports: [{ name: "web", port: 80, targetPort: "web" }] },
  };
  const health: V1Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "health", namespace, labels },
    spec: { selector: labels, ports: [{ name: "health", port: healthPort, targetPort: "health" }] },
  };
  return [
    ...ground(name),
    ...mayDo(name, [
      { apiGroups: [""], resources: ["namespaces"], verbs: ["list", "watch"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
      { apiGroups: [""], resources: ["services", "secrets", "configmaps"], verbs: ["get", "list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      { apiGroups: [group], resources: kinds, verbs: ["get", "list", "watch"] },
      { apiGroups: [group], resources: kinds.map((kind) => `${kind}/status`), verbs: ["update"] },
    ]),
    service,
    health,
    deployment(name, {
      // A gateway's listener has the port the proxy itself listens on: 80, without being root.
      securityContext: { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }] },
      containers: [
        {
          name: "traefik",
          image,
          imagePullPolicy: "IfNotPresent",
          args: [
            "--entrypoints.web.address=:80",
            `--entrypoints.traefik.address=:${healthPort}`,
            "--ping=true",
            "--providers.kubernetesgateway=true",
            `--providers.kubernetesgateway.statusaddress.hostname=${name}.${namespace}.svc.cluster.local`,
            // Routes follow their objects at once instead of every two seconds.
            "--providers.providersthrottleduration=200ms",
            "--global.checknewversion=false",
            "--global.sendanonymoususage=false",
          ],
          env: [
            { name: "GOMEMLIMIT", value: "160MiB" },
            { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
            { name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
          ],
          ports: [
            { name: "web", containerPort: 80 },
            { name: "health", containerPort: healthPort },
          ],
          ...probes("/ping", "health"),
          resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } },
          securityContext: confined,
          volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
        },
      ],
      volumes: [{ name: "tmp", emptyDir: {} }],
    }),
    gatewayObject("GatewayClass", "workbook", false, { controllerName: "traefik.io/gateway-controller" }),
    gatewayObject("Gateway", "workbook", true, {
      gatewayClassName: "workbook",
      listeners: [{ name: "web", protocol: "HTTP", port: 80, allowedRoutes: { namespaces: { from: "All" } } }],
    }),
    gatewayObject("HTTPRoute", "ready", true, {
      parentRefs: [{ name: "workbook" }],
      rules: [
        {
          matches: [{ path: { type: "Exact", value: readyPath } }],
          filters: [
            { type: "URLRewrite", urlRewrite: { path: { type: "ReplaceFullPath", replaceFullPath: "/ping" } } },
          ],
          backendRefs: [{ name: "health", port: healthPort }],
        },
      ],
    }),
  ];
}

/** The Gateway API's kinds as one file in the cache, which a bundle carries along. */
export const gatewayKinds = (at: Paths): string =>
  join(at.cache, "images", arch(), `gateway-api-${versions.gatewayApi}.yaml`);

/** Takes the kinds out of the API's own Go module. */
async function fetchKinds({ yes, signal, says }: Making): Promise<string> {
  const at = paths();
  const log = join(at.log, "addons.log");
  return artifact(gatewayKinds(at), async (temporary) => {
    const command = await findGoOrGet({ cache: at.cache, yes, signal, log, detail: says });
    says("downloading the Gateway API");
    const folder = join(at.cache, "source", arch());
    await mkdir(folder, { recursive: true });
    const { dir } = await download({ command, folder, log, signal }, "sigs.k8s.io/gateway-api", versions.gatewayApi);
    const crds = join(dir, "config/crd/standard");
    const names = (await readdir(crds)).filter((file) => file.startsWith(`${group}_`) && !file.includes("_vap_"));
    const texts = await Promise.all(names.sort().map((file) => readFile(join(crds, file), "utf8")));
    await writeFile(temporary, texts.map((text) => `---\n${text.trim()}\n`).join(""));
  });
}

interface Crd {
  metadata: { annotations?: Record<string, string>; managedFields?: { manager?: string }[] };
}

export const gateway: Addon = {
  name,
  title: "Gateway API",
  image: `${imagePrefix}/traefik:${versions.traefik}`,
  upstream: `docker.io/traefik:${versions.traefik}`,
  objects,
  scattered: ["gatewayclass", "clusterrolebinding", "clusterrole"],
  within: 60_000,
  /** The kinds stay when the rest goes: learners' routes are objects of them. */
  async prepare(kubectl, making) {
    const there = await kubectl.get<Crd>(["crd", `httproutes.${group}`, "--show-managed-fields"]);
    const version = there?.metadata.annotations?.[`${group}/bundle-version`];
    const ours = there?.metadata.managedFields?.some((field) => field.manager === "workbook") ?? true;
    if (version === versions.gatewayApi || !ours) return;
    const file = existsSync(gatewayKinds(paths())) ? gatewayKinds(paths()) : await fetchKinds(making);
    making.says("installing the Gateway API's kinds");
    await kubectl.run(["apply", "--server-side", "--force-conflicts", "--field-manager=workbook", "-f", file]);
    await kubectl.run([
      "wait",
      "--for=condition=Established",
      "--timeout=50s",
      ...["gatewayclasses", "gateways", "httproutes"].map((kind) => `crd/${kind}.${group}`),
    ]);
  },
  async lacks(kubectl) {
    const through = `/api/v1/namespaces/${namespace}/services/${name}:80/proxy${readyPath}`;
    return (await kubectl.answers(through)) ? undefined : "no request gets through a route yet";
  },
};
