import { join } from "node:path";
import { adminKubeconfigOf, paths } from "../../cluster/index.ts";
import { placesOf } from "../enter.ts";
import { type LoadedLab, labRoots, loadLab, namespaceOf } from "../labs.ts";
import { UserError } from "./io.ts";

export interface LocalLab {
  lab: LoadedLab;
  namespace: string;
  /** The checkers' own credential. */
  kubeconfig: string;
  kubectl: string;
  folder: string;
  learnerKubeconfig: string;
  paths: { labs: string; kube: string };
}

/** A lab on the learner's own cluster, for commands that look at it. Throws UserError when there is no cluster to look at. */
export async function localLab(name: string, options: { labs?: string[]; namespace?: string } = {}): Promise<LocalLab> {
  const lab = await loadLab(name, labRoots(options.labs));
  const at = paths();
  const kubeconfig = adminKubeconfigOf();
  if (!kubeconfig) {
    throw new UserError("There is no cluster to look at.", { todo: "Bring it up first: ./workbook up" });
  }
  const { folder, kubeconfig: learnerKubeconfig } = placesOf(lab, at);
  return {
    lab,
    namespace: options.namespace ?? namespaceOf(lab),
    kubeconfig,
    kubectl: join(at.bin, "kubectl"),
    folder,
    learnerKubeconfig,
    paths: { labs: at.labs, kube: at.kube },
  };
}
