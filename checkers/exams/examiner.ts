import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { alive, held, lock, type Process, thisProcess } from "../../cluster/lock.ts";
import { Slots } from "../contract/gates.ts";
import { LookError } from "../core/errors.ts";
import type { AddonName } from "../core/lab.ts";
import { placesOf, resetLab } from "../enter.ts";
import { gradeLabs } from "../grading/grade.ts";
import type { Policy } from "../grading/schema.ts";
import { FreshCluster } from "../kube/fresh.ts";
import { Transport } from "../kube/transport.ts";
import { type LoadedLab, labFolders, loadLabAt, namespaceOf, shortName } from "../labs.ts";
import { makeScene } from "../probes/scene.ts";
import { type MappedPort, mapped } from "../probes/target.ts";
import type { Attempt, ExamBook } from "./book.ts";
import type { Now } from "./clock.ts";
import { lateChanges } from "./late.ts";
import { type ExamTask, loadExam, stationsFor, stationsOf, tasksOf } from "./load.ts";
import { type ExamResult, resultOf } from "./result.ts";
import { type Standing, standing, tick } from "./standing.ts";

/** The cluster an exam is held on. */
export interface ExamGround {
  /** The checkers' own. */
  kubeconfig: string;
  kubectl: string;
  user: string | undefined;
  nodePorts: readonly MappedPort[];
  /** Makes sure of add-ons for a namespace, and keeps them until then (ms since 1970). */
  addons(namespace: string, names: readonly AddonName[], until: number, says: Says, signal: AbortSignal): Promise<void>;
}
type Says = (step: string) => void;

export interface ExaminerOptions {
  book: ExamBook;
  /** labs, kube: as cluster/paths.ts gives them; exams: where frozen files and reports go. */
  paths: { labs: string; kube: string; exams: string };
  roots: readonly string[];
  now: Now;
  /** Throws with a sentence where there is no cluster. */
  ground(): ExamGround;
}

/** Nothing is left out in an exam: what could not be judged because its ground is missing is not earned. */
const policy = (attempt: Attempt): Policy => ({ blocked: "lost", process: "counted", weights: attempt.file.domains });

/** Milliseconds beyond the exam's own time that its add-ons stay: for the grading. */
const graceOfAddons = 30 * 60_000;

/** Holds exams: begins them on a clean state, keeps their time, ends, freezes and grades them. The course and the commands share its book. */
export class Examiner {
  readonly book: ExamBook;
  readonly paths: ExaminerOptions["paths"];
  readonly roots: readonly string[];
  readonly #options: ExaminerOptions;

  constructor(options: ExaminerOptions) {
    this.#options = options;
    this.book = options.book;
    this.paths = options.paths;
    this.roots = options.roots;
  }

  /** Where the open attempt stands, its clock looked at; undefined where none is open. An attempt whose time is up ends by this. */
  look(): { attempt: Attempt; standing: Standing; ended: boolean } | undefined {
    const attempt = this.book.open();
    if (!attempt) return undefined;
    const seen = tick(this.book, attempt, this.#options.now());
    if (seen.ended) this.#freeze(attempt);
    return { attempt, ...seen };
  }

  standing(attempt: Attempt): Standing {
    return standing(attempt.minutes, this.book.journal(attempt.id), this.#options.now());
  }

  /** An attempt by its number, or the newest of an exam. */
  attempt(exam: string, id?: number): Attempt | undefined {
    return this.book.attempts(exam).find((one) => id === undefined || one.id === id);
  }

  /** Puts down a new attempt, refused while another is open. Its clock does not run yet. */
  async begin(name: string, { seed, minutes }: { seed: number; minutes?: number }): Promise<Attempt> {
    this.look();
    this.#giveUpDeadPreparation();
    const exam = await loadExam(name, this.#options.roots);
    const { user } = this.#options.ground();
    const stations = stationsFor(exam, seed).map((lab) => ({
      slug: lab.slug,
      dir: lab.dir,
      namespace: namespaceOf({ number: lab.number, exam: name }, user),
    }));
    const { file } = exam;
    const instant = this.#options.now();
    const attempt = this.book.begin(
      { exam: name, file, seed, minutes: minutes ?? file.minutes, stations },
      instant,
      JSON.stringify(thisProcess()),
    );
    return attempt;
  }

  /**
   * Brings every task to its start, then starts the clock. Where that cannot be done the attempt ends before it began, and rejects with why: no
   * time has been used.
   */
  async prepare(attempt: Attempt, says: Says, signal: AbortSignal): Promise<void> {
    const { paths, now } = this.#options;
    try {
      const ground = this.#options.ground();
      const stations = await stationsOf(attempt);
      // Facts and texts of all tasks are made up once before the clock runs: a bank with a mistake must not cost anybody time.
      tasksOf(attempt, stations);
      const until = Date.now() + attempt.minutes * 60_000 + graceOfAddons;
      const slots = new Slots(3);
      let ready = 0;
      says(`Preparing ${stations.length === 1 ? "the task" : `${stations.length} tasks`}`);
      await Promise.all(
        stations.map((lab) =>
          slots.use(async () => {
            signal.throwIfAborted();
            await resetLab({
              lab,
              kubeconfig: ground.kubeconfig,
              kubectl: ground.kubectl,
              namespace: namespaceIn(attempt, lab),
              paths,
              signal,
              addons: (names, tell) => ground.addons(namespaceIn(attempt, lab), names, until, tell, signal),
              says: (step) => says(`${shortName(lab.slug)}: ${step}`),
            });
            ready += 1;
            says(`${ready} of ${stations.length} ready`);
          }),
        ),
      );
      signal.throwIfAborted();
      this.book.add(attempt.id, { kind: "start", instant: now() });
    } catch (error) {
      this.book.end(attempt.id, { data: "abandoned", instant: now() });
      const { message, todo } = error as LookError;
      throw new LookError(
        `The exam was not begun: ${message} Its clock has not run.`.replace("..", "."),
        todo ?? "Try again when that is mended.",
        { cause: error },
      );
    }
  }

  flag(task: string, on: boolean): void {
    const open = this.look();
    if (open?.standing.phase !== "running") throw new LookError("The exam is over: nothing can be flagged any more.");
    const flagged = open.standing.flags.includes(task);
    if (flagged !== on) {
      this.book.add(open.attempt.id, { kind: on ? "flag" : "unflag", data: task, instant: this.#options.now() });
    }
  }

  /** Ends the open attempt, and keeps its files as they are now. Its time may have ended it already: that counts then. */
  submit(): Attempt {
    return this.#end("submitted");
  }
  abandon(): Attempt {
    return this.#end("abandoned");
  }

  #end(why: "submitted" | "abandoned"): Attempt {
    const open = this.look();
    if (!open) throw new LookError("No exam is under way.", "./workbook exam list shows what there is.");
    const { attempt, standing: seen } = open;
    if (why === "submitted" && seen.phase === "preparing") {
      throw new LookError(
        "The exam is still being prepared: there is nothing to hand in yet.",
        "Wait, or give it up: ./workbook exam abandon",
      );
    }
    this.book.end(attempt.id, { data: why, instant: this.#options.now() });
    this.#freeze(attempt);
    return attempt;
  }

  /** Folder of what is kept of an attempt beside the book. */
  folder(attempt: Attempt): string {
    return join(this.#options.paths.exams, String(attempt.id));
  }

  /** Copies the working folders as they are at the end: only these are graded, now and later. Safe to repeat. */
  #freeze(attempt: Attempt): void {
    const target = join(this.folder(attempt), "files");
    if (existsSync(target)) return;
    const next = `${target}.${process.pid}`;
    rmSync(next, { recursive: true, force: true });
    mkdirSync(next, { recursive: true, mode: 0o700 });
    for (const { slug } of attempt.stations) {
      const { folder } = placesOf({ slug }, this.#options.paths);
      if (existsSync(folder)) cpSync(folder, join(next, slug), { recursive: true, verbatimSymlinks: true });
    }
    try {
      renameSync(next, target);
    } catch {
      // Another process was faster, with the same files.
      rmSync(next, { recursive: true, force: true });
    }
  }

  /** The tasks of an attempt, as the candidate reads them. */
  async tasks(attempt: Attempt): Promise<ExamTask[]> {
    return tasksOf(attempt, await stationsOf(attempt));
  }

  result(attempt: Attempt): ExamResult | undefined {
    return this.book.result<ExamResult>(attempt.id);
  }

  /** Grades an attempt that has ended, from its frozen files and the cluster, and keeps the result. Can be run again. */
  async grade(attempt: Attempt, says: Says, signal: AbortSignal): Promise<ExamResult> {
    const seen = this.standing(attempt);
    if (seen.phase !== "ended") throw new LookError("The exam is not over: it is graded when it has been handed in.");
    if (seen.endedBy === "abandoned") throw new LookError("This attempt was given up: it is not graded.");
    this.#freeze(attempt);
    const release = this.#alone(attempt);
    try {
      this.book.add(attempt.id, { kind: "grading", data: String(process.pid), instant: this.#options.now() });
      const result = await this.#graded(attempt, seen, says, signal);
      signal.throwIfAborted();
      this.book.saveResult(attempt.id, result);
      return result;
    } finally {
      release();
    }
  }

  async #graded(attempt: Attempt, seen: Standing, says: Says, signal: AbortSignal): Promise<ExamResult> {
    const { paths, roots } = this.#options;
    const stations = await stationsOf(attempt);
    const tasks = tasksOf(attempt, stations);
    let transport: Transport | undefined;
    let connecting: Promise<{ transport: Transport; ground: ExamGround }> | undefined;
    const connect = (): NonNullable<typeof connecting> => {
      connecting ??= (async () => {
        const ground = this.#options.ground();
        transport = await Transport.open({ kubeconfig: ground.kubeconfig });
        await transport.json("/version", { signal });
        return { transport, ground };
      })();
      return connecting;
    };
    try {
      const since = Date.parse(seen.endedAt ?? "");
      const late = await connect()
        .then((to) =>
          lateChanges(
            to.transport,
            attempt.stations.map(({ namespace }) => namespace),
            since,
            signal,
          ),
        )
        .catch(() => []);
      const grade = await gradeLabs(
        stations.map((lab) => {
          const namespace = namespaceIn(attempt, lab);
          return {
            lab,
            namespace,
            open: async () => {
              const to = await connect();
              const { addons = [] } = lab.definition;
              if (addons.length > 0)
                await to.ground.addons(namespace, addons, Date.now() + graceOfAddons, says, signal);
              const scene = makeScene({
                lab: lab.definition,
                namespace,
                cluster: new FreshCluster(to.transport, namespace),
                transport: to.transport,
                learnerKubeconfig: placesOf(lab, paths).kubeconfig,
                folder: join(this.folder(attempt), "files", lab.slug),
                signal,
                nodePorts: mapped(to.ground.nodePorts),
                seed: attempt.seed,
              });
              return { lab, namespace, scene, seed: attempt.seed };
            },
          };
        }),
        { policy: policy(attempt), says },
      );
      return resultOf({
        attempt,
        standing: seen,
        tasks,
        grade,
        broken: this.book.broken(attempt.id),
        lateChanges: late,
        titles: await titlesOf(tasks, roots),
      });
    } finally {
      transport?.close();
    }
  }

  /** One grading of an attempt at a time, whichever process does it; one that was killed is no hindrance. */
  #alone(attempt: Attempt): () => void {
    try {
      return lock(this.#gradingLock(attempt), "grading an exam");
    } catch (error) {
      if (!this.grading(attempt)) throw error;
      throw new LookError("This attempt is being graded already.", "Wait for that to end.", { cause: error });
    }
  }

  /** Whether some process grades it just now. */
  grading(attempt: Attempt): boolean {
    return held(this.#gradingLock(attempt));
  }

  #gradingLock(attempt: Attempt): string {
    return join(this.folder(attempt), "grading.lock");
  }

  /** A preparation whose process is gone will never begin: it used no time, and must not keep anybody from starting. */
  #giveUpDeadPreparation(): void {
    const open = this.book.open();
    if (!open || this.standing(open).phase !== "preparing") return;
    const by = this.book.journal(open.id).find(({ kind }) => kind === "prepare")?.data;
    if (by !== undefined && alive(JSON.parse(by) as Process)) return;
    this.book.end(open.id, { data: "abandoned", instant: this.#options.now() });
  }
}

const namespaceIn = (attempt: Attempt, { slug }: { slug: string }): string =>
  (attempt.stations.find((one) => one.slug === slug) as { namespace: string }).namespace;

/** Titles of the labs that tasks name for study. One that is not here is passed over. */
async function titlesOf(tasks: readonly ExamTask[], roots: readonly string[]): Promise<Record<string, string>> {
  const numbers = new Set(tasks.flatMap(({ study }) => study));
  const folders = labFolders(roots).filter(({ slug }) => numbers.has(slug.slice(0, 2)));
  const loaded = await Promise.all(
    folders.map(({ dir, slug }) => loadLabAt(dir, slug).catch((): LoadedLab | undefined => undefined)),
  );
  return Object.fromEntries(loaded.flatMap((lab) => (lab ? [[lab.number, lab.definition.title]] : [])));
}
