import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import type { LoadedLab } from "../labs.ts";
import type { BookRow } from "./book.ts";
import type { ClassPolicy } from "./class-policy.ts";
import { sha256 } from "./hashes.ts";
import { unfit } from "./one.ts";
import { type ReadSubmission, readSubmission } from "./read.ts";
import { type Need, needOf } from "./room.ts";
import { type Roster, type Student, studentOf } from "./roster.ts";
import type { LearnerRecord } from "./schema.ts";
import type { Work } from "./similarity.ts";

/** One submission that counts. It is read again when it is graded: a class's working folders are not kept in memory. */
export interface HandedIn {
  file: string;
  path: string;
  sha256: string;
  student: Student;
  lab: LoadedLab;
  /** ISO time by the policy's clock. */
  received: string;
  madeAt: string;
  attested: LearnerRecord["score"];
  need: Need;
  /** Why it cannot be graded with the labs here. */
  unfit?: string;
  notes: string[];
}

export interface Desk {
  works: HandedIn[];
  /** What cannot be read, as lines of the gradebook. */
  rows: BookRow[];
  /** Submissions and files that belong to nobody. */
  unknown: { file: string; says: string }[];
  forSimilarity: Work[];
}

/** Every file below a folder, in order; links are not followed. */
function filesBelow(dir: string, leave: string): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.name.startsWith(".") || path === leave) return [];
      return entry.isDirectory() ? filesBelow(path, leave) : entry.isFile() ? [path] : [];
    });
}

/** Takes in a folder of submissions: verifies each, finds whose it is, and keeps the newest of each student and lab. */
export async function takeIn(from: {
  dir: string;
  roster: Roster;
  policy: ClassPolicy;
  labs: readonly LoadedLab[];
  /** Labs that cannot be loaded, and why. */
  broken: ReadonlyMap<string, string>;
  /** Left out where it is below `dir`. */
  out: string;
  /** Of the cluster: a DaemonSet has a pod on each. */
  nodes: number;
}): Promise<Desk> {
  const { dir, roster, policy, labs, broken, out, nodes } = from;
  const desk: Desk = { works: [], rows: [], unknown: [], forSimilarity: [] };
  for (const path of filesBelow(dir, out)) {
    const file = relative(dir, path);
    if (!/\.(tar\.gz|tgz)$/.test(file)) {
      desk.unknown.push({ file, says: "It is no submission: those end with .tar.gz." });
      continue;
    }
    let read: ReadSubmission;
    try {
      read = await readSubmission(path);
    } catch (error) {
      desk.rows.push(unreadable(file, (error as Error).message, roster, labs));
      continue;
    }
    const { submission } = read;
    const student = studentOf(roster, submission.identity);
    if (!student) {
      const { id, name, email } = submission.identity;
      desk.unknown.push({ file, says: `The roster has no ${name} <${email}>${id ? ` (${id})` : ""}.` });
      continue;
    }
    const lab = labs.find(({ slug }) => slug === submission.lab.slug);
    if (!lab) {
      const { slug } = submission.lab;
      const why = broken.get(slug) ?? `It is for the lab ${slug}, which is not here; --labs names more labs.`;
      desk.rows.push({
        ...unreadable(file, why, roster, labs),
        lab: slug,
        student: { id: student.id, name: student.name, email: student.email },
      });
      continue;
    }
    const received =
      policy.received === "file" ? statSync(path).mtime.toISOString() : new Date(submission.madeAt).toISOString();
    const wrong = unfit(read, lab);
    desk.works.push({
      file,
      path,
      sha256: sha256(readFileSync(path)),
      student,
      lab,
      received,
      madeAt: submission.madeAt,
      attested: read.record.score,
      need: needOf(read.objects, nodes),
      ...(wrong && { unfit: wrong }),
      notes: [],
    });
    desk.forSimilarity.push({
      who: student.id,
      lab: lab.slug,
      namespace: submission.namespace,
      objects: read.objects,
      folder: new Map([...read.folder].map(([name, data]) => [name, sha256(data)])),
    });
  }
  keepNewest(desk);
  return desk;
}

/** Of several submissions of a student for one lab the last one counts; the others are told. */
function keepNewest(desk: Desk): void {
  const groups = Map.groupBy(desk.works, ({ student, lab }) => `${student.id}\n${lab.slug}`);
  const kept = new Set<HandedIn>();
  for (const group of groups.values()) {
    const newest = group.reduce((one, other) => (Date.parse(other.received) >= Date.parse(one.received) ? other : one));
    const older = group.filter((one) => one !== newest).map(({ file }) => file);
    if (older.length > 0) newest.notes.push(`Handed in more than once; the last one counts, not ${older.join(", ")}.`);
    kept.add(newest);
  }
  const keep = desk.works.map((one) => kept.has(one));
  desk.works = desk.works.filter((_, index) => keep[index]);
  desk.forSimilarity = desk.forSimilarity.filter((_, index) => keep[index]);
}

/** Whose a file is that cannot be read, as far as its name tells: LMSs put the student's id or address into it. */
function unreadable(file: string, says: string, roster: Roster, labs: readonly LoadedLab[]): BookRow {
  const words = new Set(
    file
      .toLowerCase()
      .split(/[^a-z0-9@.+-]+|(?<=[^.])\.tar\.gz$|[_/-]/)
      .filter(Boolean),
  );
  const student = roster.students.find(
    ({ id, email }) => words.has(id.toLowerCase()) || (email !== "" && words.has(email.toLowerCase())),
  );
  const lab = labs.find(({ slug }) => basename(file).includes(slug));
  return {
    student: student ? { id: student.id, name: student.name, email: student.email } : { id: "", name: "", email: "" },
    ...(lab && { lab: lab.slug }),
    status: "unreadable",
    says,
    overrides: [],
    final: null,
    file,
    notes: [],
  };
}
