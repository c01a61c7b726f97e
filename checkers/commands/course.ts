import { join } from "node:path";
import type { ClusterHandle, Paths } from "../../cluster/index.ts";
import type { LabDeps, ServedLab } from "../../site/server/deps.ts";
import { type AddonName, defaultSeed } from "../core/lab.ts";
import { enterLab, resetLab } from "../enter.ts";
import { LiveCluster } from "../kube/live.ts";
import { Transport } from "../kube/transport.ts";
import { type LoadedLab, namespaceOf } from "../labs.ts";
import { LabSession } from "../session.ts";
import { LabAddons } from "./addons.ts";

/** The labs as the server serves them. */
export const served = (labs: readonly LoadedLab[]): Promise<ServedLab[]> =>
  Promise.all(
    labs.map(async (lab) => ({
      slug: lab.slug,
      number: lab.number,
      definition: lab.definition,
      quiz: await lab.quiz(),
    })),
  );

/**
 * What the server needs of labs and cluster: one connection and one live cache for all labs, made when the first lab is entered.
 * close() ends both.
 */
export function courseDeps(options: {
  labs: readonly LoadedLab[];
  at: Paths;
  user: string | undefined;
  handle(): ClusterHandle | undefined;
  /** Told what went wrong where nobody waits for it. */
  problem?: (error: unknown) => void;
}): LabDeps & { close(): void } {
  const loaded = new Map(options.labs.map((lab) => [lab.slug, lab]));
  const labOf = (lab: ServedLab): LoadedLab => loaded.get(lab.slug) as LoadedLab;
  const namespace = (lab: { number: string }): string => namespaceOf(lab, options.user);
  let open: Promise<{ transport: Transport; live: LiveCluster; kubeconfig: string }> | undefined;

  const handle = (): ClusterHandle => {
    const found = options.handle();
    if (!found) throw new Error("The cluster is not ready yet.");
    return found;
  };
  const connection = (kubeconfig: string) => {
    open ??= Transport.open({ kubeconfig })
      .then((transport) => ({ transport, live: new LiveCluster(transport), kubeconfig }))
      .catch((error: unknown) => {
        open = undefined;
        throw error;
      });
    return open;
  };
  const addons = new LabAddons(options.handle, options.problem);
  const entering = (lab: ServedLab, more: { signal: AbortSignal; says(line: string): void }) => ({
    lab: labOf(lab),
    kubeconfig: handle().kubeconfig,
    namespace: namespace(lab),
    paths: { labs: options.at.labs, kube: options.at.kube },
    kubectl: join(handle().bin, "kubectl"),
    addons: (names: readonly AddonName[], says: (line: string) => void) =>
      addons.bring(namespace(lab), names, says, more.signal),
    ...more,
  });

  return {
    namespaceOf: namespace,
    seed: () => defaultSeed,
    async enterLab(lab, more) {
      const { namespace, folder, kubeconfig } = await enterLab(entering(lab, more));
      return { namespace, folder, kubeconfig };
    },
    async resetLab(lab, more) {
      const { saved } = await resetLab(entering(lab, more));
      return { saved: saved || "nothing: the working folder was empty" };
    },
    async createSession(lab, entered) {
      const { transport, live } = await connection(handle().kubeconfig);
      const { nodePorts } = handle();
      const session = new LabSession({
        lab: labOf(lab),
        namespace: entered.namespace,
        live,
        transport,
        folder: entered.folder,
        kubeconfig: entered.kubeconfig,
        nodePorts,
      });
      if (labOf(lab).definition.addons?.length) {
        const stop = session.stop.bind(session);
        session.stop = async () => {
          addons.left(entered.namespace);
          await stop();
        };
      }
      return session;
    },
    close() {
      addons.close();
      void open?.then(({ transport, live }) => {
        live.close();
        transport.close();
      });
    },
  };
}
