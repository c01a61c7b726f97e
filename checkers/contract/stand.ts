import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BoundScene } from "../core/run.ts";
import { deleteNamespace, type Entered, enterLab, resetLab, withFilled } from "../enter.ts";
import { FreshCluster } from "../kube/fresh.ts";
import type { Transport } from "../kube/transport.ts";
import { remove } from "../kubectl.ts";
import { type LoadedLab, namespaceOf, nodePortOf, withNodePort } from "../labs.ts";
import { makeScene } from "../probes/scene.ts";
import { type MappedPort, mapped } from "../probes/target.ts";
import type { Line } from "../probes/turn.ts";
import { applyAnswer } from "./answer.ts";
import { exchangePort } from "./files.ts";

/** What all runs of one proof share. */
export interface Ground {
  transport: Transport;
  kubeconfig: string;
  kubectl: string;
  /** Label that marks every namespace of this proof. */
  run: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  /** Node ports of the cluster that a port of this machine leads to. */
  nodePorts?: readonly MappedPort[];
}

export const runLabel = "workbook.local/contract";

/** What is particular to a stand. */
interface Fitting {
  /** Files of start/cluster/ that are not put in. */
  without?: readonly string[] | undefined;
  /** The node port it has, where its lab needs one: stands side by side cannot have the same. Answers and checks get to know it. */
  nodePort?: number | undefined;
}

/** One learner's place, made for one run: a namespace, a working folder and a kubeconfig that nobody else has. */
export class Stand {
  readonly lab: LoadedLab;
  readonly namespace: string;
  readonly #ground: Ground;
  readonly #home: string;
  readonly #without: readonly string[];
  readonly #exchanged: { usual: number; own: number } | undefined;
  #entered: Entered | undefined;
  /** Milliseconds spent on making the start and on doing the answer; the rest of a run is its checks' time. */
  readonly spent = { start: 0, answer: 0 };

  constructor(lab: LoadedLab, ground: Ground, { without = [], nodePort }: Fitting = {}) {
    const usual = nodePortOf(lab);
    this.#exchanged = usual === undefined || nodePort === undefined ? undefined : { usual, own: nodePort };
    this.lab = this.#exchanged ? withNodePort(lab, this.#exchanged.own) : lab;
    this.#without = without;
    this.#ground = ground;
    this.namespace = `${namespaceOf(lab)}-${randomBytes(4).toString("hex")}`;
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
      without: this.#without,
      labels: { [runLabel]: run },
    };
  }

  /** The node port it has in place of the lab's own. */
  get nodePort(): number | undefined {
    return this.#exchanged?.own;
  }

  async enter(): Promise<void> {
    this.#entered = await this.#timed("start", () => enterLab(this.#options));
  }
  async reset(): Promise<void> {
    this.#entered = await this.#timed("start", () => resetLab(this.#options));
  }

  /** Does what a learner with this answer does: its files into the working folder, its manifests applied, its run.sh run. */
  answer(dir: string): Promise<void> {
    const { folder, kubeconfig } = this.#at();
    const { kubectl, env, signal } = this.#ground;
    const { lab, namespace } = this;
    const home = this.#home;
    return this.#timed("answer", () =>
      withFilled(lab, dir, namespace, (filled) => {
        if (this.#exchanged) exchangePort(filled, this.#exchanged);
        return applyAnswer({ dir: filled, folder, kubeconfig, namespace, kubectl, env, home, signal });
      }),
    );
  }

  /** The learner's working folder. */
  get folder(): string {
    return this.#at().folder;
  }

  /** Deletes the objects of a manifest as the learner would, and waits until they are gone. */
  removeObjects(manifest: string): Promise<void> {
    const { kubeconfig } = this.#at();
    const { kubectl, signal } = this.#ground;
    return remove([manifest], { kubectl, kubeconfig, namespace: this.namespace, signal });
  }

  /** `line`: where its measuring checks are let in. */
  scene(line?: Line): BoundScene {
    const { folder, kubeconfig } = this.#at();
    const { transport, signal, nodePorts } = this.#ground;
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
      nodePorts: mapped(nodePorts),
      seed: lab.seed,
      ...(line && { line }),
    });
  }

  /** Deletes the Services, so that their node ports are free for the next run. Never rejects: that run says it if one is not. */
  async closePorts(): Promise<void> {
    const path = `/api/v1/namespaces/${this.namespace}/services`;
    await this.#ground.transport.json(path, { method: "DELETE" }).catch(() => undefined);
  }

  /** Deletes the namespace and the folders. Resolves when they are gone. */
  async remove(): Promise<void> {
    rmSync(this.#home, { recursive: true, force: true });
    await deleteNamespace(this.#ground.transport, this.namespace);
  }

  async #timed<T>(what: keyof Stand["spent"], run: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await run();
    } finally {
      this.spent[what] += performance.now() - began;
    }
  }

  #at(): Entered {
    if (!this.#entered) throw new Error("The lab has not been entered.");
    return this.#entered;
  }
}

/** Leaves a place: a node port is free afterwards; the rest goes away in the background, as `removing` is told. */
export async function leave(
  stand: Stand | undefined,
  door: boolean,
  removing: (gone: Promise<void>) => void,
): Promise<void> {
  if (door) await stand?.closePorts();
  const gone = stand?.remove() ?? Promise.resolve();
  gone.catch(() => {});
  removing(gone);
}
