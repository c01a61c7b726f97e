import { clusterName, downCluster, paths } from "../../cluster/index.ts";
import { stopRunning } from "../../site/server/control.ts";
import { confirm } from "./confirm.ts";
import type { Io } from "./io.ts";

/** Stops the course's server, the nodes and the engine if it is ours. `purge` also deletes the cluster and what was built. */
export async function down(options: { purge?: boolean; yes?: boolean }, io: Io): Promise<number> {
  const { state } = paths();
  if (options.purge && !options.yes) {
    const agreed = await confirm(
      `Delete the cluster "${clusterName()}" and everything built or pulled for it? Building it again takes a while. Your working folders and progress stay.`,
      io,
    );
    if (!agreed) {
      io.out("Nothing was changed.");
      return 2;
    }
  }
  if (await stopRunning(state)) io.out("✓ The course has stopped.");
  for (const line of await downCluster({ purge: options.purge === true })) io.out(`✓ ${line}`);
  io.out(`Your work and progress are kept in ${state}`);
  return 0;
}
