import type { Engine } from "./engine.ts";
import { CommandError, run } from "./run.ts";
import { registryNodeImage } from "./versions.ts";

/** Milliseconds within which a pull must have begun to receive. */
const patience = 8_000;

/**
 * Pulls the pinned node image through the engine itself, so that its proxies and mirrors count. Gives up when nothing has
 * arrived within eight seconds. Returns whether the image is there now.
 */
export async function pullNodeImage(
  engine: Pick<Engine, "command">,
  options: { signal: AbortSignal; log?: string; detail?: (text: string) => void; image?: string },
): Promise<boolean> {
  const image = options.image ?? registryNodeImage;
  const quiet = new AbortController();
  const timer = setTimeout(() => quiet.abort(new Error("no answer")), patience);
  try {
    await run(engine.command, ["pull", image], {
      signal: AbortSignal.any([options.signal, quiet.signal]),
      log: options.log,
      onLine: (line) => {
        options.detail?.(line);
        // The first layer is named once the manifest has come.
        if (/Pulling fs layer|Already exists|Copying blob|Download/.test(line)) clearTimeout(timer);
      },
    });
    return true;
  } catch (error) {
    options.signal.throwIfAborted();
    if (quiet.signal.aborted || error instanceof CommandError) return false;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
