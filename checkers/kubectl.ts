import { LookError } from "./core/errors.ts";

export interface KubectlOptions {
  /** The program: a path, or "kubectl" to find it on PATH. */
  kubectl: string;
  kubeconfig: string;
  namespace: string;
  signal?: AbortSignal;
}

/** Applies files as a learner would. Rejects with kubectl's own words. */
export async function apply(files: readonly string[], options: KubectlOptions): Promise<void> {
  if (files.length === 0) return;
  const args = ["apply", "-n", options.namespace, ...files.flatMap((file) => ["-f", file])];
  // Not loaded by commands that only look.
  const { x } = await import("tinyexec");
  const { exitCode, stderr } = await x(options.kubectl, args, {
    ...(options.signal && { signal: options.signal }),
    timeout: 60_000,
    nodeOptions: { env: { ...process.env, KUBECONFIG: options.kubeconfig }, stdio: ["ignore", "pipe", "pipe"] },
  });
  if (exitCode === 0) return;
  const said = stderr.trim().split("\n").slice(-5).join("\n") || `exit code ${exitCode}`;
  throw new LookError(`kubectl apply failed: ${said}`);
}
