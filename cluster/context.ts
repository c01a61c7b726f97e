import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EnsureOptions } from "./ensure.ts";
import type { Paths } from "./paths.ts";
import { run, which } from "./run.ts";
import { fits, install, kubectlVersion } from "./tools.ts";
import { ClusterError, type ClusterHandle } from "./types.ts";

/** A cluster that isn't ours, reached by a context of the person's own kubeconfig. Nothing is installed in it here. */
export async function contextHandle(at: Paths, options: EnsureOptions): Promise<ClusterHandle> {
  const { context, signal } = options;
  if (!context)
    throw new ClusterError(
      "The provider is an existing context, and none is named.",
      "Nothing was changed.",
      "Name one: ./workbook up --context NAME (`kubectl config get-contexts` lists them).",
    );
  // The pinned one first: a kubectl found on PATH may be too old for this cluster. Each is tried before the person is asked for another.
  const candidates = [await which("kubectl", at.bin), await which("kubectl")].filter((one) => one !== undefined);
  const [kubectl] = candidates;
  if (!kubectl)
    throw new ClusterError(
      "kubectl is not installed.",
      "Nothing was changed.",
      "Install the kubectl that fits your cluster, then run the same command again.",
    );
  const kubeconfig = join(at.kube, `context-${context.replace(/[^\w.-]/g, "_")}.yaml`);
  const { stdout, code, stderr } = await run(
    kubectl,
    ["config", "view", "--minify", "--flatten", "--raw", "--context", context, "-o", "json"],
    { signal, allowFailure: true, timeout: 15_000 },
  );
  if (code !== 0) {
    throw new ClusterError(
      `There is no usable context "${context}": ${stderr.trim()}`,
      "Nothing was changed.",
      "`kubectl config get-contexts` lists those you have.",
    );
  }
  await writeFile(kubeconfig, stdout, { mode: 0o600 });
  const ask = (args: string[]) =>
    run(kubectl, ["--kubeconfig", kubeconfig, "--request-timeout=10s", ...args], {
      signal,
      allowFailure: true,
      timeout: 20_000,
    });
  const version = await ask(["version", "-o", "json"]);
  const server =
    version.code === 0
      ? (JSON.parse(version.stdout) as { serverVersion?: { gitVersion: string } }).serverVersion
      : undefined;
  if (!server) {
    throw new ClusterError(
      `The cluster of context "${context}" does not answer: ${version.stderr.trim().split("\n").at(-1) ?? ""}`,
      "Nothing was changed.",
      `Check it with: kubectl --context ${context} get nodes`,
    );
  }
  const versions = await Promise.all(candidates.map(kubectlVersion));
  const fitting = candidates.find((_, index) => fits(versions[index] ?? "", server.gitVersion));
  if (!fitting) {
    const found = versions.map((version) => version ?? "(unknown)").join(" and ");
    throw new ClusterError(
      `kubectl ${found} is more than one minor version away from the cluster's ${server.gitVersion}.`,
      "Nothing was changed.",
      "Install a kubectl of the cluster's version.",
    );
  }
  // Reading nodes may well be forbidden on a shared cluster.
  const nodes = await ask(["get", "nodes", "-o", "name"]);
  // A folder of its own: the pinned kubectl of our own cluster stays what it is.
  const pinned = join(at.bin, "kubectl");
  const bin = fitting === pinned ? at.bin : join(at.cache, "bin-context");
  if (fitting !== pinned) {
    await mkdir(bin, { recursive: true });
    await install(bin, "kubectl", fitting);
  }
  return {
    provider: "context",
    name: context,
    kubeconfig,
    bin,
    serverVersion: server.gitVersion,
    nodes:
      nodes.code === 0
        ? nodes.stdout
            .split("\n")
            .filter(Boolean)
            .map((line) => line.replace(/^node\//, ""))
        : [],
    nodePorts: [],
    networkPolicy: false,
  };
}
