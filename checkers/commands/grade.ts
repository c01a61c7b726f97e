import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { paths } from "../../cluster/paths.ts";
import { Store } from "../../site/server/store.ts";
import { type GradeTarget, gradeLabs } from "../grading/grade.ts";
import { defaultPolicy, readPolicy } from "../grading/policy.ts";
import type { Grade } from "../grading/schema.ts";
import type { Lms } from "../grading/writers/csv.ts";
import { NotFound } from "../kube/errors.ts";
import { Transport } from "../kube/transport.ts";
import { findLab, LabError, type LoadedLab, labFolders, labRoots, loadLabAt } from "../labs.ts";
import { asAttempted } from "./attempted.ts";
import { gradeLines } from "./grade-lines.ts";
import { interruptible } from "./interrupt.ts";
import { type Io, UserError } from "./io.ts";
import { clusterOf, type LabPlace, placeOver, sceneAt } from "./lab-place.ts";

/** Where a grade is written, beside the terminal: any number of them at once. */
export interface GradeFiles {
  junit?: string;
  gradescope?: string;
  classroom?: string;
  csv?: string;
  lms?: Lms;
  html?: string;
}

export interface GradeArgs extends GradeFiles {
  /** Numbers or slugs; all labs when there is none. */
  names: string[];
  json?: boolean;
  schema?: boolean;
  policy?: string;
  namespace?: string;
  /** Who the gradebook's row is about: login name or address. */
  student?: string;
  labs?: string[];
}

/** Exit code of a grade: 0 all passed, 1 not, 2 incomplete. */
export const gradeExitCode = ({ status }: Pick<Grade, "status">): number =>
  status === "passed" ? 0 : status === "incomplete" ? 2 : 1;

/** Grades labs as they stand, hidden checks too, and writes the grade in every format asked for. */
export async function gradeCommand(args: GradeArgs, io: Io): Promise<number> {
  if (args.schema) {
    io.out((await import("../grading/schema.ts")).gradeSchemaText().trimEnd());
    return 0;
  }
  if (args.csv && !args.lms) {
    throw new UserError("--csv needs to know whose import it is for.", { todo: "Add --lms canvas or --lms moodle." });
  }
  const { policy } = args.policy ? await readPolicy(args.policy) : { policy: defaultPolicy };
  const labs = await labsNamed(args.names, args.labs);
  if (args.namespace && labs.length > 1) {
    throw new UserError("--namespace looks at one lab.", { todo: "Name the lab whose namespace it is." });
  }
  const transport = await Transport.open({ kubeconfig: clusterOf(labs[0] as LoadedLab).kubeconfig });
  const solved = solvedLabs(io);
  try {
    return await interruptible(async (signal) => {
      const places = labs.map((lab) => placeOver(transport, lab, args.namespace));
      const grade = await gradeLabs(
        places.map((place) => ({
          lab: place.lab,
          namespace: place.namespace,
          open: () => target(place, signal, solved.has(place.lab.slug)),
        })),
        { policy, says: (what) => io.tty && !args.json && io.err(io.style("dim", `… ${what}`)) },
      );
      await writeGrade(grade, args, args.student);
      if (args.json) io.out(JSON.stringify(grade, null, 2));
      else for (const line of gradeLines(grade, io)) io.out(line);
      return signal.aborted ? 2 : gradeExitCode(grade);
    });
  } finally {
    transport.close();
  }
}

async function labsNamed(names: readonly string[], extra: string[] | undefined): Promise<LoadedLab[]> {
  const roots = labRoots(extra);
  const folders = names.length === 0 ? labFolders(roots) : names.map((name) => findLab(name, roots));
  if (folders.length === 0) throw new LabError("There is no lab to grade.", "Give --labs a folder that holds some.");
  const unique = [...new Map(folders.map((one) => [one.slug, one])).values()];
  return Promise.all(unique.map(async ({ dir, slug }) => asAttempted(await loadLabAt(dir, slug))));
}

async function target(place: LabPlace, signal: AbortSignal, solvedByWorkbook: boolean): Promise<GradeTarget> {
  const { lab, namespace, transport, entered } = place;
  const begun = entered || (await thereIs(transport, namespace));
  return { lab, namespace, scene: sceneAt(place, signal), begun, solvedByWorkbook };
}

const thereIs = (transport: Transport, namespace: string): Promise<boolean> =>
  transport.json(`/api/v1/namespaces/${namespace}`).then(
    () => true,
    (error: unknown) => {
      if (error instanceof NotFound) return false;
      throw error;
    },
  );

/** Labs whose present state is the workbook's own solution. */
function solvedLabs(io: Io): Set<string> {
  const { db } = paths();
  if (!existsSync(db)) return new Set();
  try {
    const store = new Store(db);
    try {
      return new Set(store.solvedLabs());
    } finally {
      store.close();
    }
  } catch (error) {
    io.err(
      `The file of your progress cannot be read (${(error as Error).message}): whether the workbook solved a lab is not told.`,
    );
    return new Set();
  }
}

/** Writes a grade in the formats asked for. Each is loaded only then. */
export async function writeGrade(grade: Grade, files: GradeFiles, student?: string): Promise<void> {
  const { jsonText, writeResult } = await import("../grading/writers/files.ts");
  if (files.junit) writeResult(files.junit, (await import("../grading/writers/junit.ts")).junitXml(grade));
  if (files.gradescope) {
    const { gradescopeResults } = await import("../grading/writers/gradescope.ts");
    writeResult(files.gradescope, jsonText(gradescopeResults(grade)));
  }
  if (files.classroom) {
    const { classroomResults } = await import("../grading/writers/classroom.ts");
    writeResult(files.classroom, jsonText(classroomResults(grade)));
  }
  if (files.csv && files.lms) {
    const { gradebookCsv } = await import("../grading/writers/csv.ts");
    const name = student ?? userInfo().username;
    const who = name.includes("@") ? { name, email: name } : { name, login: name };
    writeResult(files.csv, gradebookCsv([{ student: who, grade }], files.lms));
  }
  if (files.html) {
    const about = student === undefined ? [] : [student];
    writeResult(files.html, (await import("../grading/writers/html.ts")).gradeHtml(grade, about));
  }
}
