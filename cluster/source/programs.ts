import { chmod, cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
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
      // Of the ways to find targets only the one that is used: the others bring every cloud's client along, minutes of compiling.
      tags: ["remove_all_sd", "enable_kubernetes_sd"],
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
const legoModule = "github.com/go-acme/lego/v4";

const noProviders = `// Package dns knows none of the providers it has elsewhere.
package dns

import (
	"fmt"

	"${legoModule}/challenge"
)

func NewDNSChallengeProviderByName(name string) (challenge.Provider, error) {
	return nil, fmt.Errorf("unrecognized DNS provider: %s", name)
}
`;

/**
 * Puts a copy of lego, which gets certificates, beside the generated module, without its clients of 180 DNS providers: they are more than a third
 * of all packages traefik is compiled from, and no certificate is asked for here. Gives the line that replaces lego by it.
 */
async function withoutProviders(go: Go, folder: string, goMod: string): Promise<string> {
  const version = new RegExp(`${legoModule} (v\\S+)`).exec(goMod)?.[1];
  if (!version) throw new Error(`${traefikModule} ${versions.traefik} no longer requires ${legoModule}.`);
  const { dir } = await download(go, legoModule, version);
  const copy = join(folder, "lego");
  const providers = join(dir, "providers");
  await cp(dir, copy, { recursive: true, filter: (from) => from !== providers });
  // Folders of Go's module cache are read-only, and so would theirs be: nobody but root could remove them.
  const below = await readdir(copy, { recursive: true, withFileTypes: true });
  const folders = below.filter((one) => one.isDirectory()).map((one) => join(one.parentPath, one.name));
  await Promise.all([copy, ...folders].map((one) => chmod(one, 0o755)));
  await mkdir(join(copy, "providers/dns"), { recursive: true });
  await writeFile(join(copy, "providers/dns/none.go"), noProviders);
  return `${legoModule} => ./lego`;
}

/** A proxy that serves the Gateway API. Its web UI is not in the module. */
export const traefik: GoModule = {
  name: "traefik",
  module: traefikModule,
  version: versions.traefik,
  replaces: async (go, folder) => {
    const goMod = await readFile((await download(go, traefikModule, versions.traefik)).goMod, "utf8");
    return [...moduleReplaces(goMod), await withoutProviders(go, folder, goMod)];
  },
  programs: [
    {
      name: "traefik",
      pkg: `${traefikModule}/cmd/traefik`,
      ldflags: `-X ${traefikModule}/pkg/version.Version=${versions.traefik.slice(1)}`,
    },
  ],
};
