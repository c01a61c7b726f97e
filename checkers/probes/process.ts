import type { ProcessView } from "../core/check.ts";
import { LookError } from "../core/errors.ts";
import type { Transport } from "../kube/transport.ts";
import { debug } from "./debug.ts";
import { type ExecTarget, exec } from "./exec.ts";

const mark = "--workbook--";
const script = ["/proc/1/environ", "/proc/1/cmdline", "/proc/1/status", "/proc/net/tcp /proc/net/tcp6"]
  .map((files) => `cat ${files} 2>/dev/null; printf '\\n${mark}\\n'`)
  .join("; ");
/** What exec() gives for a program that is not in the image, or may not be run. */
const noShell = new Set([126, 127]);

/**
 * What a container's first process really has, whatever its manifest says: its environment as it was started, command line, user and group
 * ids, and the TCP ports that anything in the pod listens on. Read from /proc in the container itself, and by debug() beside it
 * where the image has no shell. In a pod with shareProcessNamespace the first process is not the application.
 */
export async function processOf(transport: Transport, target: ExecTarget, signal: AbortSignal): Promise<ProcessView> {
  const command = ["sh", "-c", script];
  let seen = await exec(transport, target, command, signal);
  if (noShell.has(seen.code)) seen = await debug(transport, target, command, signal);
  const view = viewOf(seen.stdout);
  if (!view)
    throw new LookError(
      `The process of pod/${target.pod} cannot be looked into: ${seen.stderr.trim() || `code ${seen.code}`}.`,
    );
  return view;
}

/** Reads what the script above prints. */
export function viewOf(text: string): ProcessView | undefined {
  const [environ = "", commandLine = "", status = "", sockets = ""] = text.split(`\n${mark}\n`);
  const ids = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+\\d+\\s+(\\d+)`, "m").exec(status)?.[1] ?? Number.NaN);
  const uid = ids("Uid");
  if (Number.isNaN(uid)) return undefined;
  const words = (list: string): string[] => list.split("\0").filter((word) => word !== "");
  const environment = Object.fromEntries(
    words(environ).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
  return { environment, command: words(commandLine), uid, gid: ids("Gid"), ports: listening(sockets) };
}

/** Ports in state LISTEN (0A) of /proc/net/tcp: "0: 00000000:1388 00000000:0000 0A …". */
function listening(table: string): number[] {
  const ports = [...table.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:0000 0A /gm)].map(([, hex = ""]) =>
    Number.parseInt(hex, 16),
  );
  return [...new Set(ports)].sort((one, other) => one - other);
}
