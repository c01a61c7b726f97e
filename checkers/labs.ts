import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Check } from "./core/check.ts";
import { LookError } from "./core/errors.ts";
import { defaultSeed, type Experiment, type LabDefinition } from "./core/lab.ts";
import type { Quiz } from "./core/quiz.ts";

/** The labs of the course itself. */
export const courseLabs = fileURLToPath(new URL("../labs", import.meta.url));

export const slugPattern = /^(\d{2})-[a-z0-9]+(?:-[a-z0-9]+)*$/;

export interface LoadedLab {
  /** Its folder's name: "02-deploy-ml-inference". */
  slug: string;
  /** "02". */
  number: string;
  dir: string;
  /** Of a task of an exam: the exam's name. Its slug is then "practice-03-slug". */
  exam?: string;
  /** What facts are made of where nobody says otherwise. */
  seed: number;
  definition: LabDefinition<unknown>;
  facts(namespace: string, seed?: number): Record<string, unknown>;
  /** Its checks for a namespace, by id, in order. */
  checks(namespace: string, seed?: number): Readonly<Record<string, Check>>;
  experiments(namespace: string, seed?: number): Readonly<Record<string, Experiment>>;
  /** quiz.yaml, parsed and validated; it loads the schema library, so it waits until it is needed. Rejects with LabError. */
  quiz(): Promise<Quiz>;
}

/** A mistake in a lab's folder, told to its author. */
export class LabError extends LookError {
  constructor(what: string, todo: string, options?: ErrorOptions) {
    super(what, todo, options);
  }
}

/** The folders that hold labs: the course's, then those given with --labs. */
export const labRoots = (extra: readonly string[] = []): string[] => [courseLabs, ...extra.map((dir) => resolve(dir))];

/** Folders of labs in these roots, by slug. Names that are no slug are left out: `lab verify` complains about them. */
export function labFolders(roots: readonly string[] = labRoots()): { slug: string; dir: string }[] {
  const found: { slug: string; dir: string }[] = [];
  for (const root of roots) {
    if (!existsSync(root)) throw new LabError(`There is no folder ${root}.`, "Give --labs a folder that holds labs.");
    for (const entry of readdirSync(root, { withFileTypes: true })) {
      if (!entry.isDirectory() || !slugPattern.test(entry.name)) continue;
      const twin = found.find((one) => one.slug === entry.name);
      if (twin)
        throw new LabError(
          `The lab ${entry.name} is there twice: in ${twin.dir} and in ${root}.`,
          "Rename one of them.",
        );
      found.push({ slug: entry.name, dir: join(root, entry.name) });
    }
  }
  return found.sort((a, b) => a.slug.localeCompare(b.slug));
}

/** What an exam may be called: it begins with a letter, so that no lab has the same name. */
export const examPattern = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Folders of exams in these roots: ROOT/exams/NAME. */
export function examFolders(roots: readonly string[] = labRoots()): { name: string; dir: string }[] {
  const found: { name: string; dir: string }[] = [];
  for (const root of roots) {
    const exams = join(root, "exams");
    if (!existsSync(exams)) continue;
    for (const entry of readdirSync(exams, { withFileTypes: true })) {
      if (!entry.isDirectory() || !examPattern.test(entry.name)) continue;
      const twin = found.find((one) => one.name === entry.name);
      if (twin)
        throw new LabError(`The exam ${entry.name} is there twice: in ${twin.dir} and in ${exams}.`, "Rename one.");
      found.push({ name: entry.name, dir: join(exams, entry.name) });
    }
  }
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

/** Folders of the tasks of exams: each is a lab without a lesson. */
export const stationFolders = (roots?: readonly string[]): { slug: string; dir: string; exam: string }[] =>
  examFolders(roots).flatMap(({ name, dir }) =>
    readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && slugPattern.test(entry.name))
      .map((entry) => ({ slug: `${name}-${entry.name}`, dir: join(dir, entry.name), exam: name }))
      .sort((a, b) => a.slug.localeCompare(b.slug)),
  );

/** The exam that a folder is a task of, and the task's own name. */
function stationOf(dir: string): { exam: string; own: string } | undefined {
  const [own, exam, exams] = [basename(dir), basename(dirname(dir)), basename(dirname(dirname(dir)))];
  return exams === "exams" && examPattern.test(exam) ? { exam, own } : undefined;
}

/** The task meant by "practice/03", "practice-03", "practice/03-slug" or "practice-03-slug"; by "capstone" where that exam has one task. */
function findStation(name: string, roots?: readonly string[]): { slug: string; dir: string } | undefined {
  // Also as it is called in lists: "practice-03".
  const [exam = "", own] = name.replace(/-(?=\d{2}$)/, "/").split("/");
  if (!examPattern.test(exam)) return undefined;
  const stations = stationFolders(roots);
  const exact = stations.find((one) => one.slug === name);
  if (exact) return exact;
  const of = stations.filter((one) => one.exam === exam);
  if (of.length === 0) return undefined;
  const meant =
    own === undefined ? of : of.filter((one) => `${basename(one.dir)}-`.startsWith(`${own.padStart(2, "0")}-`));
  if (meant.length === 1) return meant[0];
  const known = of.map((one) => `${exam}/${basename(one.dir)}`).join(", ");
  throw new LabError(
    own === undefined ? `The exam ${exam} has ${of.length} tasks.` : `The exam ${exam} has no task "${own}".`,
    `Name one of them: ${known}.`,
  );
}

/** What "lab verify NAME" means: a lab, a task of an exam, or all tasks of an exam. */
export function provable(name: string, roots?: readonly string[]): { slug: string; dir: string }[] {
  const all = stationFolders(roots).filter(({ exam }) => exam === name);
  return all.length > 0 ? all : [findLab(name, roots)];
}

/** A short name for lines of a list: "02", "practice-03". */
export const shortName = (slug: string): string => /^(?:\d{2}|.+?-\d{2})(?=-)/.exec(slug)?.[0] ?? slug;

/**
 * The folder meant by "02-deploy-ml-inference", "02" or "2", or of an exam's task by "practice/03". Throws LabError with the labs there
 * are.
 */
export function findLab(name: string, roots?: readonly string[]): { slug: string; dir: string } {
  const station = findStation(name, roots);
  if (station) return station;
  const folders = labFolders(roots);
  const exact = folders.find((one) => one.slug === name);
  if (exact) return exact;
  const number = /^\d{1,2}$/.test(name) ? name.padStart(2, "0") : undefined;
  const same = number ? folders.filter((one) => one.slug.startsWith(`${number}-`)) : [];
  if (same.length === 1) return same[0] as { slug: string; dir: string };
  if (same.length > 1) {
    throw new LabError(
      `${name} is more than one lab: ${same.map((one) => one.slug).join(", ")}.`,
      "Give the whole name.",
    );
  }
  const known = folders.map((one) => one.slug).join(", ") || "none";
  throw new LabError(`There is no lab "${name}".`, `The labs here: ${known}.`);
}

const sentence = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).split("\n")[0]?.replace(/\.$/, "") ?? "";

async function moduleOf(dir: string, slug: string): Promise<LabDefinition<unknown>> {
  const file = join(dir, "lab.ts");
  if (!existsSync(file))
    throw new LabError(`${slug} has no lab.ts.`, `Write one that ends with "export default defineLab({…})".`);
  let loaded: { default?: unknown };
  try {
    loaded = (await import(pathToFileURL(file).href)) as { default?: unknown };
  } catch (cause) {
    throw new LabError(
      `${slug}/lab.ts cannot be loaded: ${sentence(cause)}.`,
      "Run it alone to see where: node labs/…/lab.ts",
      { cause },
    );
  }
  const definition = loaded.default;
  if (typeof definition !== "object" || definition === null) {
    throw new LabError(`${slug}/lab.ts exports no lab.`, 'End it with "export default defineLab({…})".');
  }
  const { facts, checks } = definition as Record<string, unknown>;
  if (typeof facts !== "function") {
    throw new LabError(
      `facts in ${slug}/lab.ts is not a function.`,
      "Import facts from ./facts.ts: (seed, namespace) => ({…}).",
    );
  }
  if (typeof checks !== "function") {
    throw new LabError(`checks in ${slug}/lab.ts is not a function.`, "Write checks: (facts) => ({ id: check({…}) }).");
  }
  return definition as LabDefinition<unknown>;
}

async function quizOf(dir: string, slug: string): Promise<Quiz> {
  const file = join(dir, "quiz.yaml");
  if (!existsSync(file)) throw new LabError(`${slug} has no quiz.yaml.`, 'Write one; "items: []" is the smallest.');
  const [{ parse }, { parseQuiz }] = await Promise.all([import("yaml"), import("./core/quiz.ts")]);
  let value: unknown;
  try {
    value = parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new LabError(
      `${slug}/quiz.yaml is not YAML: ${sentence(cause)}.`,
      "Mend the line it names; quote strings that hold a colon.",
      { cause },
    );
  }
  const parsed = parseQuiz(value);
  if ("quiz" in parsed) return parsed.quiz;
  throw new LabError(
    `${slug}/quiz.yaml: ${parsed.problems.join("; ")}.`,
    "Mend what is named; CONTRIBUTING.md shows each kind of item.",
  );
}

/** Loads one lab folder. Only what running it needs is looked at here; everything else is `lab verify`'s. Rejects with LabError. */
export async function loadLabAt(dir: string, slug: string): Promise<LoadedLab> {
  const station = stationOf(dir);
  const number = slugPattern.exec(station?.own ?? slug)?.[1];
  if (!number) throw new LabError(`"${slug}" is no name for a lab.`, "Two digits and words with hyphens: 27-my-lab.");
  const definition = await moduleOf(dir, slug);
  return labOf({ slug, number, dir, ...(station && { exam: station.exam }) }, definition, defaultSeed);
}

/** The same lab with the facts of this seed wherever none is named. */
export const withSeed = (lab: LoadedLab, seed: number): LoadedLab => labOf(lab, lab.definition, seed);

/** The node port that a lab's learners open, where it needs one: its fact of that name. */
export const nodePortOf = (lab: LoadedLab): number | undefined => {
  if (lab.definition.requires?.nodePort !== true) return undefined;
  const { nodePort } = lab.facts("x");
  return typeof nodePort === "number" ? nodePort : undefined;
};

/** The same lab with another node port in its facts. */
export function withNodePort(lab: LoadedLab, nodePort: number): LoadedLab {
  const { definition, seed } = lab;
  const facts = (...of: Parameters<typeof definition.facts>): unknown => ({
    ...(definition.facts(...of) as Record<string, unknown>),
    nodePort,
  });
  return labOf(lab, { ...definition, facts }, seed);
}

function labOf(
  { slug, number, dir, exam }: Pick<LoadedLab, "slug" | "number" | "dir" | "exam">,
  definition: LabDefinition<unknown>,
  own: number,
): LoadedLab {
  const facts = (namespace: string, seed = own): Record<string, unknown> =>
    definition.facts(seed, namespace) as Record<string, unknown>;
  return {
    slug,
    number,
    dir,
    ...(exam !== undefined && { exam }),
    seed: own,
    definition,
    facts,
    checks: (namespace, seed) => definition.checks(facts(namespace, seed)),
    experiments: (namespace, seed) => definition.experiments?.(facts(namespace, seed)) ?? {},
    quiz: () => quizOf(dir, slug),
  };
}

/** Loads the lab meant by a slug or a number. */
export async function loadLab(name: string, roots?: readonly string[]): Promise<LoadedLab> {
  const { slug, dir } = findLab(name, roots);
  return loadLabAt(dir, slug);
}

/** Loads every lab. Rejects with the first LabError. */
export async function loadLabs(roots?: readonly string[]): Promise<LoadedLab[]> {
  return Promise.all(labFolders(roots).map(({ dir, slug }) => loadLabAt(dir, slug)));
}

/** The learner's namespace of a lab: "lab-02" on our own cluster, "USER-lab-02" on a shared one; "exam-practice-03" of an exam's task. */
export const namespaceOf = ({ number, exam }: { number: string; exam?: string }, user?: string): string =>
  `${user ? `${user}-` : ""}${exam ? `exam-${exam}` : "lab"}-${number}`;

/** On a cluster that others use too, a learner's namespaces carry their name. */
export const userOf = (provider: "kind" | "context" | undefined): string | undefined =>
  provider === "context" ? (process.env.USER ?? "learner").toLowerCase().replaceAll(/[^a-z0-9-]/g, "-") : undefined;
