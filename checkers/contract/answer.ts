import { spawn } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { manifests } from "../enter.ts";
import { apply, briefly } from "../kubectl.ts";

/** Milliseconds for a run.sh. */
const scriptLimit = 240_000;

export interface AnswerOptions {
  /** The answer's folder: manifests, then run.sh if there is one. */
  dir: string;
  /** The working folder it goes into. */
  folder: string;
  /** The learner's, not the checkers'. */
  kubeconfig: string;
  namespace: string;
  kubectl: string;
  env: NodeJS.ProcessEnv;
  /** HOME of run.sh. */
  home: string;
  signal: AbortSignal;
}

/**
 * Does what a learner with this answer does: its files into the working folder, its manifests applied, its run.sh run there with NAMESPACE and
 * the learner's kubeconfig. Rejects with the script's last lines when it fails or takes longer than four minutes.
 */
export async function applyAnswer(options: AnswerOptions): Promise<void> {
  const { dir, folder, kubeconfig, namespace, kubectl, signal } = options;
  cpSync(dir, folder, { recursive: true });
  signal.throwIfAborted();
  await apply(manifests(dir), { kubectl, kubeconfig, namespace, signal });
  signal.throwIfAborted();
  if (existsSync(join(dir, "run.sh"))) await script(join(folder, "run.sh"), options);
}

function script(file: string, { kubectl, kubeconfig, namespace, env, home, signal }: AnswerOptions): Promise<void> {
  const path = kubectl.includes("/") ? `${dirname(kubectl)}${delimiter}${env.PATH ?? ""}` : env.PATH;
  return new Promise((resolve, reject) => {
    const child = spawn("bash", [basename(file)], {
      cwd: dirname(file),
      // A group of its own, so that what it started ends with it.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...env, ...briefly, HOME: home, NAMESPACE: namespace, KUBECONFIG: kubeconfig, PATH: path },
    });
    let output = "";
    const take = (chunk: Buffer): void => {
      output = (output + chunk.toString("utf8")).slice(-20_000);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    const stop = (): void => {
      try {
        if (child.pid) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It ended by itself meanwhile.
      }
    };
    const timer = setTimeout(stop, scriptLimit);
    signal.addEventListener("abort", stop, { once: true });
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      // Something it left in the background must not outlive it.
      stop();
      if (code === 0) return resolve();
      const tail = output.trim().split("\n").slice(-20).join("\n    ");
      reject(new Error(`run.sh ended with ${code ?? `no answer within ${scriptLimit / 1000} s`}:\n    ${tail}`));
    });
  });
}
