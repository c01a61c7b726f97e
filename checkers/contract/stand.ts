import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import type { BoundScene } from "../core/run.ts";
import { deleteNamespace, type Entered, enterLab, manifests, resetLab } from "../enter.ts";
import { FreshCluster } from "../kube/fresh.ts";
import type { Transport } from "../kube/transport.ts";
import { apply } from "../kubectl.ts";
import type { LoadedLab } from "../labs.ts";
import { makeScene } from "../probes/scene.ts";

/** What all runs of one proof share. */
export interface Ground {
  transport: Transport;
  kubeconfig: string;
  kubectl: string;
  /** Label that marks every namespace of this proof. */
  run: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

export const runLabel = "workbook.local/contract";
/** Milliseconds for a run.sh. */
const scriptLimit = 240_000;

/** One learner's place, made for one run: a namespace, a working folder and a kubeconfig that nobody else has. */
export class Stand {
  readonly lab: LoadedLab;
  readonly namespace: string;
  readonly #ground: Ground;
  readonly #home: string;
  #entered: Entered | undefined;

  constructor(lab: LoadedLab, ground: Ground) {
    this.lab = lab;
    this.#ground = ground;
    this.namespace = `lab-${lab.number}-${randomBytes(4).toString("hex")}`;
    this.#home = mkdtempSync(join(tmpdir(), "workbook-lab-"));
  }

  get #options(): Parameters<typeof enterLab>[0] {
    const { kubeconfig, kubectl, signal, run } = this.#ground;
    const paths = { labs: join(this.#home, "labs"), kube: join(this.#home, "kube") };
    return {
      lab: this.lab,
      kubeconfig,
      kubectl,
      namespace: this.namespace,
      paths,
      signal,
      labels: { [runLabel]: run },
    };
  }

  async enter(): Promise<void> {
    this.#entered = await enterLab(this.#options);
  }
  async reset(): Promise<void> {
    this.#entered = await resetLab(this.#options);
  }

  /** Does what a learner with this answer does: its files into the working folder, its manifests applied, its run.sh run. */
  async answer(dir: string): Promise<void> {
    const { folder, kubeconfig } = this.#at();
    cpSync(dir, folder, { recursive: true });
    const { kubectl, signal } = this.#ground;
    signal.throwIfAborted();
    await apply(manifests(dir), { kubectl, kubeconfig, namespace: this.namespace, signal });
    signal.throwIfAborted();
    if (existsSync(join(dir, "run.sh"))) await this.#script(join(folder, "run.sh"));
  }

  scene(): BoundScene {
    const { folder, kubeconfig } = this.#at();
    const { transport, signal } = this.#ground;
    const cluster = new FreshCluster(transport, this.namespace);
    const { lab, namespace } = this;
    return makeScene({
      lab: lab.definition,
      namespace,
      cluster,
      transport,
      learnerKubeconfig: kubeconfig,
      folder,
      signal,
    });
  }

  /** Deletes the namespace and the folders. Resolves when they are gone. */
  async remove(): Promise<void> {
    rmSync(this.#home, { recursive: true, force: true });
    await deleteNamespace(this.#ground.transport, this.namespace);
  }

  #at(): Entered {
    if (!this.#entered) throw new Error("The lab has not been entered.");
    return this.#entered;
  }

  #script(file: string): Promise<void> {
    const { kubectl, env, signal } = this.#ground;
    const path = kubectl.includes("/") ? `${dirname(kubectl)}${delimiter}${env.PATH ?? ""}` : env.PATH;
    return new Promise((resolve, reject) => {
      const child = spawn("bash", [basename(file)], {
        cwd: dirname(file),
        // A group of its own, so that what it started ends with it.
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...env, HOME: this.#home, NAMESPACE: this.namespace, KUBECONFIG: this.#at().kubeconfig, PATH: path },
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
}
