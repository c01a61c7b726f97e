import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downCluster, ensureCluster } from "../../cluster/index.ts";
import { Transport } from "../kube/transport.ts";
import { mapped } from "../probes/target.ts";
import { type ClassOptions, gradeAlone } from "../submissions/class.ts";
import type { ClassPolicy } from "../submissions/class-policy.ts";
import { labImages } from "./cluster-manager.ts";

const name = "workbook-grading";

/** Lends this process the names of another cluster: cluster/ speaks of the one its environment names. */
async function under<T>(home: string, work: () => Promise<T>): Promise<T> {
  const lent = { WORKBOOK_CLUSTER: name, WORKBOOK_HOME: home };
  const own = Object.keys(lent).map((key) => [key, process.env[key]] as const);
  Object.assign(process.env, lent);
  try {
    return await work();
  } finally {
    for (const [key, value] of own) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  }
}

/**
 * Grades a submission whose lab needs cluster scope in a kind cluster made for it, which is deleted whatever happens. One at a time: the names are lent to
 * the whole process.
 */
export const throwAway =
  (policy: ClassPolicy, says: (line: string) => void): NonNullable<ClassOptions["ownCluster"]> =>
  async (work, signal) => {
    const home = mkdtempSync(join(tmpdir(), "workbook-grading-"));
    const remove = (): Promise<unknown> => under(home, () => downCluster({ purge: true, keepCache: true }));
    says(`making a cluster for ${work.student.id} ${work.lab.slug}`);
    try {
      const handle = await under(home, () =>
        ensureCluster({
          provider: "kind",
          yes: false,
          workers: work.lab.definition.requires?.workers ?? 1,
          images: labImages,
          signal,
        }),
      );
      const transport = await Transport.open({ kubeconfig: handle.kubeconfig });
      try {
        return await gradeAlone(work, transport, policy, signal, mapped(handle.nodePorts));
      } finally {
        transport.close();
      }
    } finally {
      await remove();
      rmSync(home, { recursive: true, force: true });
    }
  };
