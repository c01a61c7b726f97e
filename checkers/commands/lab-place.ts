import { existsSync } from "node:fs";
import { currentCluster } from "../../cluster/current.ts";
import { paths } from "../../cluster/paths.ts";
import type { BoundScene } from "../core/run.ts";
import { placesOf } from "../enter.ts";
import { withheldDuringExam } from "../exams/guard.ts";
import { KubeconfigError } from "../kube/errors.ts";
import { FreshCluster } from "../kube/fresh.ts";
import { Transport } from "../kube/transport.ts";
import { type LoadedLab, labRoots, loadLab, namespaceOf, userOf } from "../labs.ts";
import { makeScene } from "../probes/scene.ts";
import { mapped } from "../probes/target.ts";
import { asAttempted } from "./attempted.ts";

export interface LabArgs {
  /** Number or slug. */
  lab: string;
  namespace?: string;
  /** More roots, from --labs. */
  labs?: string[];
}

/** A lab where the learner works on it, with a connection to look at it. Close the transport. */
export interface LabPlace {
  lab: LoadedLab;
  namespace: string;
  transport: Transport;
  folder: string;
  kubeconfig: string;
  /** Whether it was ever entered on this machine. */
  entered: boolean;
}

/** The cluster the last `up` ended with, and the learner's namespace of a lab in it. Throws when there is none. */
export function clusterOf(lab: LoadedLab): { kubeconfig: string; namespace: string } {
  const current = currentCluster();
  if (!current) throw new KubeconfigError("There is no cluster yet.", 'Run "./workbook up" first.');
  const namespace = namespaceOf(lab, userOf(current.provider));
  withheldDuringExam(paths().state, { slug: lab.slug, namespace });
  return { kubeconfig: current.kubeconfig, namespace };
}

/** Finds the lab and the cluster. Rejects with an error for a person when either is not there. */
export async function labPlace(args: LabArgs): Promise<LabPlace> {
  const lab = asAttempted(await loadLab(args.lab, labRoots(args.labs)));
  return placeOver(await Transport.open({ kubeconfig: clusterOf(lab).kubeconfig }), lab, args.namespace);
}

/** The same over a connection that is there already. */
export function placeOver(transport: Transport, lab: LoadedLab, namespace?: string): LabPlace {
  const { kube, labs } = paths();
  const places = placesOf(lab, { kube, labs });
  if (namespace !== undefined) withheldDuringExam(paths().state, { slug: lab.slug, namespace });
  return {
    lab,
    namespace: namespace ?? clusterOf(lab).namespace,
    transport,
    ...places,
    entered: existsSync(places.folder),
  };
}

/** What checks look at there: read afresh, with the checkers' own credential. */
export function sceneAt(place: LabPlace, signal: AbortSignal): BoundScene {
  const { lab, namespace, transport, folder, kubeconfig } = place;
  return makeScene({
    lab: lab.definition,
    namespace,
    cluster: new FreshCluster(transport, namespace),
    transport,
    learnerKubeconfig: kubeconfig,
    folder,
    signal,
    nodePorts: mapped(currentCluster()?.nodePorts),
    seed: lab.seed,
  });
}
