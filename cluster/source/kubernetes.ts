import { readFile } from "node:fs/promises";
import { versions } from "../versions.ts";
import { download, type Go, type GoModule } from "./go.ts";

/** Components in the order they are built: the terminal wants kubectl first. */
export const components = [
  "kubectl",
  "kubelet",
  "kubeadm",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kube-proxy",
] as const;

/** Staging modules named in Kubernetes's own go.mod, as replacements by their releases: v1.34.4 goes with v0.34.4. */
export function stagingReplaces(goMod: string, version: string): string[] {
  const release = version.replace(/^v1\./, "v0.");
  return [...goMod.matchAll(/^\s*(k8s\.io\/\S+) => \.\/staging\/src\/\S+$/gm)].map(
    ([, module]) => `${module} => ${module} ${release}`,
  );
}

async function replaces(go: Go): Promise<string[]> {
  const { goMod } = await download(go, "k8s.io/kubernetes", versions.kubernetes);
  const lines = stagingReplaces(await readFile(goMod, "utf8"), versions.kubernetes);
  if (lines.length === 0) throw new Error(`The go.mod of Kubernetes ${versions.kubernetes} names no staging modules.`);
  return lines;
}

const stamp = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]
  .map((pkg) => `-X ${pkg}.gitVersion=${versions.kubernetes}`)
  .join(" ");

export const kubernetes: GoModule = {
  name: "kubernetes",
  module: "k8s.io/kubernetes",
  version: versions.kubernetes,
  replaces,
  programs: components.map((name) => ({ name, pkg: `k8s.io/kubernetes/cmd/${name}`, ldflags: stamp })),
};
