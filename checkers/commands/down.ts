import { clusterName, downCluster, paths } from "../../cluster/index.ts";
import { stopRunning } from "../../site/server/control.ts";
import { confirm } from "./confirm.ts";
import type { Io } from "./io.ts";

/** Stops the course's server, the nodes and the engine if it is ours. `delete` deletes the cluster, `purge` also what was built for it. */
export async function down(options: { delete?: boolean; purge?: boolean; yes?: boolean }, io: Io): Promise<number> {
  const { state } = paths();
  const { purge = false } = options;
  const deletes = purge || options.delete === true;
  if (deletes && !options.yes) {
    const what = purge
      ? "and everything built or pulled for it? Building it again takes a while."
      : "with all that was applied to it?";
    const agreed = await confirm(
      `Delete the cluster "${clusterName()}" ${what} Your working folders and progress stay.`,
      io,
    );
    if (!agreed) {
      io.out("Nothing was changed.");
      return 2;
    }
  }
  if (await stopRunning(state)) io.out("✓ The course has stopped.");
  for (const line of await downCluster({ purge: deletes, keepCache: !purge })) io.out(`✓ ${line}`);
  io.out(`Your work and progress are kept in ${state}`);
  return 0;
}
