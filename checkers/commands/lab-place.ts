import { existsSync } from "node:fs";
import { join } from "node:path";
import { paths } from "../../cluster/paths.ts";
import { placesOf } from "../enter.ts";
import { KubeconfigError } from "../kube/errors.ts";
import { Transport } from "../kube/transport.ts";
import { labRoots, type LoadedLab, loadLab, namespaceOf } from "../labs.ts";

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

/** Finds the lab and the cluster. Rejects with an error for a person when either is not there. */
export async function labPlace(args: LabArgs): Promise<LabPlace> {
  const lab = await loadLab(args.lab, labRoots(args.labs));
  const { kube, labs } = paths();
  const admin = join(kube, "admin.yaml");
  if (!existsSync(admin)) throw new KubeconfigError("There is no cluster yet.", 'Run "./workbook up" first.');
  const transport = await Transport.open({ kubeconfig: admin });
  const places = placesOf(lab, { kube, labs });
  return { lab, namespace: args.namespace ?? namespaceOf(lab), transport, ...places, entered: existsSync(places.folder) };
}
