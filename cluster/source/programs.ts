import { versions } from "../versions.ts";
import type { GoModule } from "./go.ts";

export const kind: GoModule = {
  name: "kind",
  module: "sigs.k8s.io/kind",
  version: versions.kind,
  programs: [{ name: "kind", pkg: "sigs.k8s.io/kind" }],
};

export const etcd: GoModule = {
  name: "etcd",
  module: "go.etcd.io/etcd/server/v3",
  version: versions.etcd,
  programs: [{ name: "etcd", pkg: "go.etcd.io/etcd/server/v3" }],
};

export const coredns: GoModule = {
  name: "coredns",
  module: "github.com/coredns/coredns",
  version: versions.coredns,
  programs: [{ name: "coredns", pkg: "github.com/coredns/coredns" }],
};

/** Measures pods' CPU and memory for `kubectl top` and the HorizontalPodAutoscaler. */
export const metricsServer: GoModule = {
  name: "metrics-server",
  module: "sigs.k8s.io/metrics-server",
  version: versions.metricsServer,
  programs: [{ name: "metrics-server", pkg: "sigs.k8s.io/metrics-server/cmd/metrics-server" }],
};

/** The module's v0.N is Prometheus 3.x; its web UI is not in the module, the API is. */
export const prometheus: GoModule = {
  name: "prometheus",
  module: "github.com/prometheus/prometheus",
  version: versions.prometheus,
  programs: [{ name: "prometheus", pkg: "github.com/prometheus/prometheus/cmd/prometheus" }],
};

/** An open-loop load generator: it starts requests by the clock, whether earlier ones have been answered or not. */
export const k6: GoModule = {
  name: "k6",
  module: "go.k6.io/k6",
  version: versions.k6,
  programs: [{ name: "k6", pkg: "go.k6.io/k6" }],
};
