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
