import { readFile } from "node:fs/promises";
import { versions } from "../versions.ts";
import { download, type Go, type GoModule } from "./go.ts";

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
  programs: [
    {
      name: "prometheus",
      pkg: "github.com/prometheus/prometheus/cmd/prometheus",
      // The module's v0.3NN is the release 3.NN.
      ldflags: `-X github.com/prometheus/common/version.Version=${versions.prometheus.replace("v0.3", "3.")}`,
    },
  ],
};

/** An open-loop load generator: it starts requests by the clock, whether earlier ones have been answered or not. */
export const k6: GoModule = {
  name: "k6",
  module: "go.k6.io/k6",
  version: versions.k6,
  programs: [{ name: "k6", pkg: "go.k6.io/k6" }],
};

/** Replacements of a go.mod by other modules ("a => b v1.2.3"): they count in the main module only, so ours repeats them. */
export function moduleReplaces(goMod: string): string[] {
  return [...goMod.matchAll(/^(?:replace\s+|\s+)(\S+(?: v\S+)? => [^\s.]\S* v\S+)/gm)].map(
    ([, line]) => line as string,
  );
}

const traefikModule = "github.com/traefik/traefik/v3";

/** A proxy that serves the Gateway API. Its web UI is not in the module. */
export const traefik: GoModule = {
  name: "traefik",
  module: traefikModule,
  version: versions.traefik,
  replaces: async (go: Go) =>
    moduleReplaces(await readFile((await download(go, traefikModule, versions.traefik)).goMod, "utf8")),
  programs: [
    {
      name: "traefik",
      pkg: `${traefikModule}/cmd/traefik`,
      ldflags: `-X ${traefikModule}/pkg/version.Version=${versions.traefik.slice(1)}`,
    },
  ],
};
