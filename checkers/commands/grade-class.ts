import { mkdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { currentCluster } from "../../cluster/current.ts";
import type { Lms } from "../grading/writers/csv.ts";
import { KubeconfigError } from "../kube/errors.ts";
import { Transport } from "../kube/transport.ts";
import { type LoadedLab, labFolders, labRoots, loadLabAt, stationFolders } from "../labs.ts";
import { mapped } from "../probes/target.ts";
import { gradeClass } from "../submissions/class.ts";
import { defaultClassPolicy, readClassPolicy } from "../submissions/class-policy.ts";
import { readRoster } from "../submissions/roster.ts";
import { writeBook } from "../submissions/write-book.ts";
import { bringAddons } from "./addons.ts";
import { interruptible } from "./interrupt.ts";
import { type Io, UserError } from "./io.ts";
import { throwAway } from "./throw-away.ts";
import { beWatched, watched } from "./watched.ts";

export interface GradeClassArgs {
  submissions: string;
  roster?: string;
  policy?: string;
  out?: string;
  resume?: boolean;
  jobs?: string;
  lms?: Lms;
  labs?: string[];
  json?: boolean;
}

/** Grades a folder of submissions. 0 every one has a final result, 1 some have none or need a look, 2 it could not be done or was interrupted. */
export async function gradeClassCommand(args: GradeClassArgs, io: Io): Promise<number> {
  const stalled = beWatched(io);
  return stalled ? grade(args, stalled, io) : watched(io);
}

async function grade(args: GradeClassArgs, stalled: ReadonlyMap<string, string>, io: Io): Promise<number> {
  const { roster: rosterFile } = args;
  if (!rosterFile) {
    throw new UserError("Whose submissions are they?", {
      todo: "Give --roster roster.csv with the columns id,name,email.",
    });
  }
  if (!statSync(args.submissions, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError(`${args.submissions} is no folder.`, { todo: "Give --submissions the folder they are in." });
  }
  const jobs = args.jobs === undefined ? undefined : Number(args.jobs);
  if (jobs !== undefined && !(Number.isInteger(jobs) && jobs > 0)) {
    throw new UserError(`${args.jobs} is no number of submissions.`, { todo: "--jobs takes 1 or more." });
  }
  const roster = readRoster(rosterFile);
  const policy = args.policy ? await readClassPolicy(args.policy) : defaultClassPolicy;
  const { labs, broken } = await load(args.labs);
  const current = currentCluster();
  if (!current)
    throw new KubeconfigError(
      "There is no cluster to grade on.",
      'Run "./workbook up" first, with --context to use one of yours.',
    );
  const out = resolve(args.out ?? "grades");
  mkdirSync(out, { recursive: true });
  const transport = await Transport.open({ kubeconfig: current.kubeconfig });
  const says = (line: string): void => void (args.json || io.err(io.style("dim", `… ${line}`)));
  try {
    return await interruptible(async (signal) => {
      const result = await gradeClass({
        dir: resolve(args.submissions),
        roster,
        policy,
        labs,
        brokenLabs: broken,
        out,
        resume: args.resume === true,
        stalled,
        transport,
        signal,
        nodePorts: mapped(current.nodePorts),
        ...(jobs !== undefined && { jobs }),
        ownCluster: throwAway(policy, says),
        addons: bringAddons(current.kubeconfig, "grading", signal),
        says,
      });
      const files = writeBook(out, result, policy, args.lms);
      const { rows, unknown, remains } = result;
      const of = (status: string): number => rows.filter((row) => row.status === status).length;
      if (args.json)
        io.out(JSON.stringify({ out, files, rows: rows.length, graded: of("graded"), left: result.left }, null, 2));
      else {
        for (const row of rows.filter(({ status }) => status !== "graded")) {
          io.out(
            `${io.style("yellow", row.status.padEnd(10))} ${[row.student.id, row.lab, row.file].filter(Boolean).join(" ")}: ${row.says}`,
          );
        }
        for (const { file, says } of unknown) io.out(`${io.style("yellow", "unknown".padEnd(10))} ${file}: ${says}`);
        for (const one of remains) io.out(`${io.style("red", "left over".padEnd(10))} ${one}`);
        io.out(
          `${of("graded")} graded, ${of("incomplete")} incomplete, ${of("missing")} missing, ${of("unreadable")} unreadable; ${unknown.length} unknown`,
        );
        io.out(`Gradebook, reports and item analysis: ${out}`);
      }
      if (result.down) io.err(io.style("red", `✗ The cluster stopped answering: ${result.down}`));
      if (result.left > 0)
        io.err(
          `  ${result.left} are still to be graded; what was graded is kept. Carry on with the same command and --resume.`,
        );
      if (signal.aborted || result.down) return 2;
      return rows.every((row) => row.status === "graded" || row.status === "missing") && unknown.length === 0 ? 0 : 1;
    });
  } finally {
    transport.close();
  }
}

/** Every lab that can be loaded; one that cannot costs only those who handed in for it. */
async function load(roots?: string[]): Promise<{ labs: LoadedLab[]; broken: Map<string, string> }> {
  const labs: LoadedLab[] = [];
  const broken = new Map<string, string>();
  for (const { dir, slug } of [...labFolders(labRoots(roots)), ...stationFolders(labRoots(roots))]) {
    try {
      labs.push(await loadLabAt(dir, slug));
    } catch (error) {
      broken.set(slug, (error as Error).message);
    }
  }
  return { labs, broken };
}
