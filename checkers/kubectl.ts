import { LookError } from "./core/errors.ts";

export interface KubectlOptions {
  /** The program: a path, or "kubectl" to find it on PATH. */
  kubectl: string;
  kubeconfig: string;
  namespace: string;
  signal?: AbortSignal;
}

/**
 * For a kubectl that nobody works in: it lives for half a second and needs 60 MB, and collecting its garbage would be a fifth of the processor time that
 * costs.
 */
export const briefly = { GOGC: "off", GOMEMLIMIT: "256MiB" };

/** Applies files as a learner would. Rejects with kubectl's own words. */
export async function apply(files: readonly string[], options: KubectlOptions): Promise<void> {
  try {
    await onFiles(["apply"], files, options);
  } catch (error) {
    // kubectl looks first, then creates; somebody else did so in between. A second look finds it.
    if (!(error as Error).message.includes("(AlreadyExists)")) throw error;
    await onFiles(["apply"], files, options);
  }
}

/** Deletes the objects of files, those that are there, and waits until they are gone. Rejects with kubectl's own words. */
export const remove = (files: readonly string[], options: KubectlOptions): Promise<void> =>
  onFiles(["delete", "--ignore-not-found"], files, options);

async function onFiles(
  verb: readonly string[],
  files: readonly string[],
  { kubectl, kubeconfig, namespace, signal }: KubectlOptions,
): Promise<void> {
  if (files.length === 0) return;
  const args = [...verb, "-n", namespace, ...files.flatMap((file) => ["-f", file])];
  // Not loaded by commands that only look.
  const { x } = await import("tinyexec");
  const { exitCode, stderr } = await x(kubectl, args, {
    ...(signal && { signal }),
    timeout: 60_000,
    nodeOptions: { env: { ...process.env, ...briefly, KUBECONFIG: kubeconfig }, stdio: ["ignore", "pipe", "pipe"] },
  });
  if (exitCode === 0) return;
  const said = stderr.trim().split("\n").slice(-5).join("\n") || `exit code ${exitCode}`;
  throw new LookError(`kubectl ${verb[0]} failed: ${said}`);
}
