import { NotFound } from "../kube/errors.ts";
import type { Transport } from "../kube/transport.ts";
import { type ExecResult, type ExecTarget, exec } from "./exec.ts";
import { toolbox } from "./toolbox.ts";

/**
 * Does something in the workbook's own pod inside the cluster. The pod can vanish between the look and the exec (a drained node):
 * one more try finds or makes another.
 */
export async function fromInside<T>(
  transport: Transport,
  signal: AbortSignal,
  act: (probe: ExecTarget) => Promise<T>,
): Promise<T> {
  for (let again = false; ; again = true) {
    const probe = await toolbox(transport, signal);
    try {
      return await act(probe);
    } catch (error) {
      if (again || !(error instanceof NotFound)) throw error;
    }
  }
}

/** A command in that pod, which has sh, curl, dig, nc, jq and k6. Output is cut as exec() cuts it. */
export const inside = (transport: Transport, command: readonly string[], signal: AbortSignal): Promise<ExecResult> =>
  fromInside(transport, signal, (probe) => exec(transport, probe, command, signal));

/** A word of a shell script that stands for exactly this text. */
export const word = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
