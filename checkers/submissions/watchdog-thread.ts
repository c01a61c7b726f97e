import { writeSync } from "node:fs";
import { type Debugger, Session } from "node:inspector";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { workerData } from "node:worker_threads";
import type { Stall, Watch } from "./watchdog.ts";

const { beats, asks, descriptor, every, most } = workerData as Watch;

let last = -1;
let silent = 0;
// Counts its own rounds and reads no clock: a machine that was asleep stopped both threads. It goes on after a stall, since nothing else
// keeps this thread alive until the inspector has answered.
setInterval(() => {
  const beat = Atomics.load(beats, 0);
  silent = beat === last ? silent + 1 : 0;
  last = beat;
  if (silent === most) look();
}, every);

/** Stops the other thread where it stands, and asks it whose grading that is. */
function look(): void {
  const session = new Session();
  session.connectToMainThread();
  const files = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params }) => void files.set(params.scriptId, params.url));
  session.on("Debugger.paused", ({ params }) => {
    const [top] = params.callFrames;
    if (!top) return;
    const question = { callFrameId: top.callFrameId, expression: `globalThis["${asks}"]?.()`, returnByValue: true };
    session.post("Debugger.evaluateOnCallFrame", question, (_error, answer) => {
      const { result } = answer as Debugger.EvaluateOnCallFrameReturnType;
      const submission: unknown = result?.value;
      tell({ where: whereOf(params.callFrames, files), ...(typeof submission === "string" && { submission }) });
    });
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause");
}

/** The innermost line that is a file's, not Node's own. */
function whereOf(frames: readonly Debugger.CallFrame[], files: ReadonlyMap<string, string>): string {
  for (const { location, functionName } of frames) {
    const url = files.get(location.scriptId) ?? "";
    if (!url.startsWith("file:")) continue;
    const file = fileURLToPath(url);
    const line = `${basename(dirname(file))}/${basename(file)}:${location.lineNumber + 1}`;
    return functionName ? `${line} (${functionName})` : line;
  }
  return "an unknown line";
}

const tell = (stall: Stall): void => void writeSync(descriptor, `${JSON.stringify(stall)}\n`);
