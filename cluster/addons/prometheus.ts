import { createHash } from "node:crypto";
import type { KubernetesObject, V1ConfigMap, V1Service } from "@kubernetes/client-node";
import { stringify } from "yaml";
import { imagePrefix, versions } from "../versions.ts";
import { type Addon, confined, deployment, ground, labelsOf, mayDo, namespaceOf, probes } from "./addon.ts";
import type { Kubectl } from "./kubectl.ts";

const name = "prometheus";
const namespace = namespaceOf(name);
const labels = labelsOf(name);
const port = 9090;

const discovered = (role: string, field: string): string => `__meta_kubernetes_${role}_${field}`;

/** Relabeling common to pods and Services: who asks for it by annotation is scraped, on the port and path it names. */
function byAnnotation(role: "pod" | "service"): object[] {
  const annotation = (key: string) => discovered(role, `annotation_prometheus_io_${key}`);
  return [
    { source_labels: [annotation("scrape")], regex: "true", action: "keep" },
    // Kubernetes' and the workbook's own are not the learner's subject.
    { source_labels: ["__meta_kubernetes_namespace"], regex: "kube-.*|workbook-.*", action: "drop" },
    { source_labels: [annotation("scheme")], regex: "(https?)", target_label: "__scheme__" },
    { source_labels: [annotation("path")], regex: "(.+)", target_label: "__metrics_path__" },
    {
      source_labels: ["__address__", annotation("port")],
      regex: "([^:]+)(?::\\d+)?;(\\d+)",
      replacement: "$1:$2",
      target_label: "__address__",
    },
    { source_labels: [discovered("pod", "phase")], regex: "Pending|Succeeded|Failed|Completed", action: "drop" },
    { source_labels: ["__meta_kubernetes_namespace"], target_label: "namespace" },
    { source_labels: [discovered("pod", "name")], target_label: "pod" },
    { source_labels: [discovered("pod", "node_name")], target_label: "node" },
    { source_labels: [discovered("pod", "label_app")], regex: "(.+)", target_label: "app" },
  ];
}

/** cAdvisor's series that tell how full a container's CPU and memory are, and what limits them. */
const usage = [
  "container_cpu_usage_seconds_total",
  "container_cpu_cfs_(periods|throttled_periods|throttled_seconds)_total",
  "container_memory_(working_set_bytes|rss|usage_bytes|failcnt)",
  "container_network_(receive|transmit)_(bytes|packets_dropped|errors)_total",
  "container_oom_events_total",
  "container_spec_(cpu_quota|cpu_period|memory_limit_bytes)",
  "machine_(cpu_cores|memory_bytes)",
].join("|");

const configuration = {
  global: { scrape_interval: "5s", scrape_timeout: "4s", evaluation_interval: "5s" },
  scrape_configs: [
    { job_name: "prometheus", static_configs: [{ targets: [`localhost:${port}`] }] },
    {
      job_name: "kubernetes-pods",
      kubernetes_sd_configs: [{ role: "pod" }],
      relabel_configs: [
        // A pod has one target for each port it declares, and one without: the annotated address makes them the same.
        ...byAnnotation("pod"),
        { source_labels: [discovered("pod", "container_init")], regex: "true", action: "drop" },
      ],
    },
    {
      job_name: "kubernetes-services",
      kubernetes_sd_configs: [{ role: "endpointslice" }],
      relabel_configs: [
        ...byAnnotation("service"),
        // Discovery adds the ports of a pod that are not the Service's: without an annotation that names one, they are nobody's.
        {
          source_labels: [
            "__meta_kubernetes_endpointslice_port",
            discovered("service", "annotation_prometheus_io_port"),
          ],
          regex: ";",
          action: "drop",
        },
        // Asked for by its own annotation, a pod is scraped already: twice would count every request twice.
        { source_labels: [discovered("pod", "annotation_prometheus_io_scrape")], regex: "true", action: "drop" },
        { source_labels: [discovered("service", "name")], target_label: "service" },
      ],
    },
    {
      job_name: "kubernetes-cadvisor",
      // The kubelet reads the containers' cgroups every 10 to 15 s: more often shows nothing new.
      scrape_interval: "10s",
      scheme: "https",
      metrics_path: "/metrics/cadvisor",
      authorization: { credentials_file: "/var/run/secrets/kubernetes.io/serviceaccount/token" },
      // kind's kubelets have certificates nobody signed.
      tls_config: { insecure_skip_verify: true },
      kubernetes_sd_configs: [{ role: "node" }],
      relabel_configs: [{ source_labels: [discovered("node", "name")], target_label: "node" }],
      metric_relabel_configs: [
        { source_labels: ["__name__"], regex: usage, action: "keep" },
        { source_labels: ["__name__", "container"], regex: "container_(cpu|memory|spec)_.*;(|POD)", action: "drop" },
        { regex: "id|name|image", action: "labeldrop" },
      ],
    },
  ],
};

function objects(image: string): KubernetesObject[] {
  const text = stringify(configuration);
  const config: V1ConfigMap = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace, labels },
    data: { "prometheus.yml": text },
  };
  const service: V1Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels },
    spec: { selector: labels, ports: [{ name: "http", port, targetPort: "http" }] },
  };
  return [
    ...ground(name),
    ...mayDo(name, [
      {
        apiGroups: [""],
        resources: ["nodes", "services", "endpoints", "pods", "namespaces"],
        verbs: ["get", "list", "watch"],
      },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["get", "list", "watch"] },
      { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
    ]),
    config,
    service,
    deployment(
      name,
      {
        containers: [
          {
            name,
            image,
            imagePullPolicy: "IfNotPresent",
            args: [
              "--config.file=/etc/prometheus/prometheus.yml",
              `--web.listen-address=:${port}`,
              "--storage.tsdb.path=/prometheus",
              "--storage.tsdb.retention.time=6h",
              "--storage.tsdb.retention.size=256MB",
              "--query.timeout=20s",
              // A dashboard of a lab asks a few at a time; a runaway query must not take the memory.
              "--query.max-samples=5000000",
            ],
            env: [
              { name: "GOMEMLIMIT", value: "220MiB" },
              { name: "GOMAXPROCS", value: "1" },
            ],
            ports: [{ name: "http", containerPort: port }],
            ...probes("/-/ready", "http"),
            resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { memory: "384Mi" } },
            securityContext: confined,
            volumeMounts: [
              { name: "config", mountPath: "/etc/prometheus", readOnly: true },
              { name: "data", mountPath: "/prometheus" },
            ],
          },
        ],
        volumes: [
          { name: "config", configMap: { name } },
          { name: "data", emptyDir: { sizeLimit: "1Gi" } },
        ],
      },
      // A pod reads it once: a changed one takes a new pod.
      { "workbook.local/configuration": createHash("sha256").update(text).digest("hex").slice(0, 16) },
    ),
  ];
}

interface Answer {
  data?: { result?: { value?: [number, string] }[] };
}

export const prometheus: Addon = {
  name,
  title: "Prometheus",
  image: `${imagePrefix}/prometheus:${versions.prometheus}`,
  // The module's v0.3NN is the release v3.NN.
  upstream: `docker.io/prom/prometheus:${versions.prometheus.replace("v0.3", "v3.")}`,
  objects,
  scattered: ["clusterrolebinding", "clusterrole"],
  within: 60_000,
  async lacks(kubectl: Kubectl) {
    const proxy = `/api/v1/namespaces/${namespace}/services/${name}:${port}/proxy`;
    if (!(await kubectl.answers(`${proxy}/-/ready`))) return "it is not ready yet";
    const up = await kubectl.raw<Answer>(
      `${proxy}/api/v1/query?query=${encodeURIComponent('up{job="prometheus"} == 1')}`,
    );
    return up?.data?.result?.length ? undefined : "it has not scraped itself yet";
  },
};
