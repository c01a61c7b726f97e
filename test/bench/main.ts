/** What people wait for, measured: `./workbook bench`. Never judges by its exit code: 0 measured, 2 something could not be measured. */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checks } from "./checks.ts";
import { cluster } from "./cluster.ts";
import { table } from "./figures.ts";
import { grading } from "./grading.ts";
import { labs } from "./labs.ts";
import { machine, machineLines } from "./machine.ts";
import { page } from "./page.ts";
import type { Bench, Measured, Part } from "./part.ts";
import { screen } from "./screen.ts";
import { type Stage, setStage } from "./stage.ts";
import { up } from "./up.ts";
import { verdict } from "./verdict.ts";

const parts: readonly Part[] = [up, verdict, checks, labs, grading, screen, page, cluster];
/** Name of what --json prints. */
const schema = "workbook/bench/1";

const { values, positionals } = parseArgs({ options: { json: { type: "boolean" } }, allowPositionals: true });
const unknown = positionals.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(", ")}. Parts: ${parts.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}
const chosen = parts.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

const stop = new AbortController();
const interrupt = (): void => {
  if (stop.signal.aborted) return;
  console.error("Stopping, and clearing away what was set up ...");
  stop.abort(new Error("interrupted"));
};
process.on("SIGINT", interrupt).on("SIGTERM", interrupt).on("SIGHUP", interrupt);
// The command that started this one is gone.
process.on("disconnect", interrupt);
process.channel?.unref();

const scratch = mkdtempSync(join(tmpdir(), "workbook-bench-"));
const endings: (() => Promise<unknown> | unknown)[] = [];
let stage: Promise<Stage> | undefined;
let part = "";
const bench: Bench = {
  signal: stop.signal,
  scratch,
  says: (line) => console.error(`… ${part === "" ? "" : `${part}: `}${line}`),
  after: (work) => void endings.push(work),
  stage: () => {
    stage ??= setStage(bench);
    return stage;
  },
};

const results: ({ part: string } & Partial<Measured> & { problem?: string })[] = [];
const about = await machine();
const out = (lines: readonly string[]): void => {
  if (!values.json) console.log(lines.join("\n"));
};
out(machineLines(about));
try {
  for (const { name, says, run } of chosen) {
    if (stop.signal.aborted) break;
    part = name;
    out(["", `${name}: ${says}`]);
    try {
      const measured = await run(bench);
      const load = loadavg()[0] ?? 0;
      if (load > 2 * about.cores) {
        measured.notes.push(`Load average ${load.toFixed(1)}: something else was busy too, so times are too long.`);
      }
      results.push({ part: name, ...measured });
      out([...table(measured.figures), ...measured.notes].map((line) => `  ${line}`));
    } catch (error) {
      if (stop.signal.aborted) break;
      const problem = (error as Error).message;
      results.push({ part: name, problem });
      out([`  could not be measured: ${problem}`]);
      if (process.env.WORKBOOK_DEBUG) console.error(error);
    }
  }
} finally {
  part = "";
  for (const end of endings.reverse()) {
    try {
      await end();
    } catch (error) {
      console.error(`Clearing away: ${(error as Error).message}`);
    }
  }
  rmSync(scratch, { recursive: true, force: true });
}
if (values.json)
  console.log(JSON.stringify({ schema, at: new Date().toISOString(), machine: about, parts: results }, null, 2));
const code = stop.signal.aborted ? 130 : results.some(({ problem }) => problem !== undefined) ? 2 : 0;
// Sockets of clients that were measured with may still linger.
process.exit(code);
