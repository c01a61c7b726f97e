import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "../clock.ts";
import { LookError } from "../core/errors.ts";
import type { Cluster } from "../core/port.ts";
import { gradeLab } from "../grading/grade.ts";
import type { LabGrade, LabTiming, Policy } from "../grading/schema.ts";
import { FreshCluster } from "../kube/fresh.ts";
import type { Transport } from "../kube/transport.ts";
import type { LoadedLab } from "../labs.ts";
import { makeScene, type SceneOptions } from "../probes/scene.ts";
import { type Admitted, admit, type Refused } from "./admit.ts";
import { withRecord } from "./attested.ts";
import type { Bounds } from "./guards.ts";
import { factsHash, labVersion } from "./hashes.ts";
import { allowedKinds } from "./kinds.ts";
import { nodePortsOf } from "./normalize.ts";
import type { Quiet } from "./quiet.ts";
import type { ReadSubmission } from "./read.ts";
import type { Resource } from "./resources.ts";
import { comeToRest, underLoad } from "./rest.ts";
import { fillSandbox, type NotCreated, openSandbox } from "./sandbox.ts";
import { AuthoredCluster } from "./view.ts";

/** What grading one submission gave: everything the gradebook, the report and a later --resume need. */
export interface GradedSubmission {
  file: string;
  /** Under a policy that leaves nothing out; the real one is applied when the gradebook is written. */
  grade: LabGrade;
  timing: LabTiming;
  refused: Refused[];
  /** Images that may not run here. */
  images: string[];
  notCreated: NotCreated[];
  notes: string[];
  /** Not passed, and the cluster's load may be the reason: to be graded again with nothing beside it. */
  shaky?: true;
}

/** The cluster had no room for a submission's pods just now. */
export class NoRoom extends LookError {}

/** Nothing is left out: what a policy leaves out is decided when the gradebook is written. */
export const neutral: Policy = { blocked: "lost", process: "counted", weights: {} };

export interface Ground {
  transport: Transport;
  /** All namespaces, watched: for coming to rest. */
  live: Cluster;
  resources: readonly Resource[];
  bounds: Bounds;
  run: string;
  quiet: Quiet;
  /** Of the policy. */
  images: readonly string[];
  nodePorts?: NonNullable<SceneOptions["nodePorts"]>;
  /** The cluster was made for one submission and is deleted afterwards. */
  wholeCluster?: boolean;
}

/** What may be created of a submission here. */
export function admitted(read: ReadSubmission, lab: LoadedLab, namespace: string, images: readonly string[]): Admitted {
  const { submission } = read;
  return admit(read.objects, {
    kinds: allowedKinds(lab.definition),
    images,
    from: submission.namespace,
    to: namespace,
    nodePorts: nodePortsOf(lab.facts(namespace, submission.seed)),
  });
}

/**
 * Re-creates a submission in a namespace of its own and grades it there. The namespace is left for the caller to remove, also when this rejects: with
 * Unreachable where the cluster is gone, else with what could not be done.
 */
export async function gradeOne(
  file: string,
  read: ReadSubmission,
  own: LoadedLab,
  namespace: string,
  ground: Ground,
  signal: AbortSignal,
): Promise<GradedSubmission> {
  const { submission, record } = read;
  const { transport, quiet } = ground;
  const { seed } = submission;
  const { biggestNode } = ground.bounds;
  const lab = withRecord(own, record.verdicts);
  const notes = [...read.notes];
  if (submission.lab.version !== labVersion(own)) notes.push("It was made with another version of the lab.");
  const { objects, refused, images } = admitted(read, own, namespace, ground.images);
  const home = mkdtempSync(join(tmpdir(), "workbook-grading-"));
  try {
    const folder = join(home, "folder");
    const kubeconfig = join(home, "kubeconfig");
    mkdirSync(folder);
    for (const [path, data] of read.folder) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), path.endsWith(".json") ? moved(data, submission.namespace, namespace) : data);
    }
    const terminal = submission.terminal === submission.namespace ? namespace : submission.terminal;
    writeFileSync(kubeconfig, JSON.stringify(terminalKubeconfig(terminal)));
    const options = {
      transport,
      namespace,
      lab: own,
      run: ground.run,
      podSecurity: submission.podSecurity,
      bounds: ground.bounds,
      resources: ground.resources,
      wholeCluster: ground.wholeCluster === true,
      signal,
    };
    const notCreated = await quiet.noisy(async () => {
      await openSandbox(options);
      const failed = await fillSandbox(objects, options);
      if (!(await comeToRest(ground.live, namespace, biggestNode, systemClock, signal))) {
        notes.push("It had not come to rest when its time was up.");
      }
      if ((await underLoad(ground.live, namespace, biggestNode)) === "no room") {
        throw new NoRoom("The cluster had no room for its pods.", "Grade again when less is running there.");
      }
      return failed;
    });
    signal.throwIfAborted();
    const scene = makeScene({
      lab: own.definition,
      namespace,
      cluster: new AuthoredCluster(new FreshCluster(transport, namespace, signal)),
      transport,
      learnerKubeconfig: kubeconfig,
      folder,
      signal,
      seed,
      line: quiet,
      ...(ground.nodePorts && { nodePorts: ground.nodePorts }),
    });
    const { grade, timing } = await gradeLab({ lab, namespace, scene, seed }, { policy: neutral });
    signal.throwIfAborted();
    const shaky = grade.status !== "passed" && (await underLoad(ground.live, namespace, biggestNode)) !== undefined;
    return { file, grade, timing, refused, images, notCreated, notes, ...(shaky && { shaky: true as const }) };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Why a submission cannot be graded with the labs here, or undefined. */
export function unfit(read: ReadSubmission, lab: LoadedLab): string | undefined {
  const { submission } = read;
  if (submission.lab.facts !== factsHash(lab, submission.seed)) {
    return "It was made for other names, ports or numbers than the lab has here (its facts differ): grade it with the version it was made with.";
  }
  return undefined;
}

/** A dashboard's queries name the namespace they were written in: graded elsewhere, they mean the one they are graded in. */
export function moved(data: Buffer, from: string, to: string): Buffer {
  // A namespace's name is letters, digits and hyphens: nothing in it means anything to a pattern.
  const name = new RegExp(`(?<![\\w.-])${from}(?![\\w-])`, "g");
  return Buffer.from(data.toString("utf8").replaceAll(name, to), "utf8");
}

/** A kubeconfig that says where the learner's terminal stood, and reaches nothing. */
const terminalKubeconfig = (namespace: string): object => ({
  apiVersion: "v1",
  kind: "Config",
  clusters: [],
  users: [],
  contexts: [{ name: "workbook", context: { cluster: "workbook", user: "workbook", namespace } }],
  "current-context": "workbook",
});
