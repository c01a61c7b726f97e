import { placesOf } from "../../checkers/enter.ts";
import type { Attempt } from "../../checkers/exams/book.ts";
import type { Examiner } from "../../checkers/exams/examiner.ts";
import { type LoadedExam, loadExam, loadExams } from "../../checkers/exams/load.ts";
import type { ExamResult } from "../../checkers/exams/result.ts";
import type { Down, ExamCard, ExamPage, ExamState, ExamTaskView } from "../protocol.ts";
import { readAnswers, writeAnswer } from "./answers.ts";
import type { ClusterPort, Entered, Log } from "./deps.ts";
import { Fault, sentence } from "./fault.ts";
import { toHtml } from "./markdown.ts";
import type { Terminals } from "./terminals.ts";

export interface ExamsOptions {
  examiner: Examiner;
  cluster: ClusterPort;
  terminals: Terminals;
  log: Log;
  /** To every page. */
  emit(message: Down): void;
}

/** Milliseconds between two looks at the clock, and between two messages about nothing but the time left. */
const every = 1_000;
const tellEvery = 10_000;
/** Milliseconds until a grading that could not look at everything is tried again by itself. */
const again = 30_000;

/**
 * Exams as this server holds them. It looks at the clock every second, whoever began the exam (the page or a command), ends it when its time is up,
 * closes its terminals and grades it. While one runs no check of it is looked at anywhere in the server: nothing can leak that nobody knows.
 */
export class Exams {
  readonly #options: ExamsOptions;
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #says = "";
  #preparing: number | undefined;
  #grading: Promise<void> | undefined;
  #tried = new Map<number, number>();
  #told = { text: "", at: 0 };
  #stations = new Set<string>();

  constructor(options: ExamsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), every);
    this.#timer.unref();
    this.#look();
  }

  /** Ends what this process does; the exam's clock goes on without it. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort(new Error("The workbook is being stopped."));
    await this.#grading;
  }

  /** Whether this is a task of the exam that runs just now: only then has it terminals. */
  has(slug: string): boolean {
    return this.#stations.has(slug);
  }

  /** Where a task is worked on; undefined where it is none. Throws Fault once the exam is over. */
  entered(slug: string): Entered | undefined {
    const { examiner } = this.#options;
    const station = examiner.look()?.attempt.stations.find((one) => one.slug === slug);
    if (!station) return undefined;
    return { namespace: station.namespace, ...placesOf({ slug }, examiner.paths) };
  }

  /** Of the exam that is open, or else of the last one. */
  state(exam?: string): ExamState | undefined {
    const { examiner } = this.#options;
    const attempt = exam === undefined ? examiner.book.attempts()[0] : examiner.attempt(exam);
    return attempt && this.#stateOf(attempt);
  }

  #stateOf(attempt: Attempt): ExamState {
    const { examiner } = this.#options;
    const seen = examiner.standing(attempt);
    const result = seen.phase === "ended" ? examiner.result(attempt) : undefined;
    const grading = seen.phase === "ended" && examiner.grading(attempt);
    const graded = result !== undefined && result.status !== "incomplete";
    return {
      ...{ exam: attempt.exam, attempt: attempt.id, seed: attempt.seed, phase: seen.phase, minutes: attempt.minutes },
      remaining: seen.remaining,
      says: seen.phase === "running" || (graded && !grading) ? "" : this.#says || (result?.says ?? ""),
      ...(seen.endedBy && { endedBy: seen.endedBy }),
      grading,
      graded,
      flags: seen.flags,
      oddities: seen.oddities.map(({ says }) => says),
    };
  }

  async cards(): Promise<ExamCard[]> {
    const { exams, problems } = await loadExams(this.#options.examiner.roots);
    for (const error of problems) this.#options.log.warn({ error: sentence(error) }, "an exam cannot be loaded");
    return exams.map((exam) => this.#card(exam));
  }

  #card({ name, file, stations }: LoadedExam): ExamCard {
    const { title, summary, minutes, passMark, domains } = file;
    const none: ExamState = {
      ...{ exam: name, attempt: 0, seed: 0, phase: "none", minutes, remaining: minutes * 60_000, says: "" },
      ...{ grading: false, graded: false, flags: [], oddities: [] },
    };
    return {
      ...{ name, title, summary, minutes, passMark, domains: { ...domains } },
      tasks: file.draw ?? stations.length,
      state: this.state(name) ?? none,
    };
  }

  async page(name: string, number?: number): Promise<ExamPage> {
    const { examiner } = this.#options;
    const exam = await this.#exam(name);
    const card = this.#card(exam);
    const all = examiner.book.attempts(name);
    const shown = number === undefined ? all[0] : all.find(({ id }) => id === number);
    if (number !== undefined && !shown) throw new Fault(404, "There is no such attempt.", "Reload the page.");
    const running = shown && card.state.phase === "running" && card.state.attempt === shown.id;
    const result = shown && !running ? this.#resultOf(shown) : undefined;
    return {
      card,
      ...(running && { tasks: await this.#tasks(shown) }),
      ...(result && { result }),
      attempts: all.map((attempt) => {
        const { endedBy, phase, startedAt } = examiner.standing(attempt);
        const came = phase === "ended" ? examiner.result(attempt) : undefined;
        return {
          ...{ attempt: attempt.id, seed: attempt.seed, begun: startedAt ?? "" },
          says:
            phase !== "ended"
              ? "under way"
              : endedBy === "abandoned"
                ? startedAt === undefined
                  ? "never begun: it could not be prepared"
                  : "given up"
                : (came?.says ?? "not graded yet"),
          graded: came !== undefined,
        };
      }),
    };
  }

  /** Nothing of a result leaves before the end: there is none before. */
  #resultOf(attempt: Attempt): ExamResult | undefined {
    const { examiner } = this.#options;
    return examiner.standing(attempt).phase === "ended" ? examiner.result(attempt) : undefined;
  }

  result(name: string, number?: number): ExamResult {
    const { examiner } = this.#options;
    const attempt = examiner.book
      .attempts(name)
      .find((one) => (number === undefined ? this.#resultOf(one) !== undefined : one.id === number));
    const result = attempt && this.#resultOf(attempt);
    if (!result) throw new Fault(404, "There is no graded attempt of this exam yet.", "Hand it in first.");
    return result;
  }

  async #tasks(attempt: Attempt): Promise<ExamTaskView[]> {
    const { examiner } = this.#options;
    return Promise.all(
      (await examiner.tasks(attempt)).map(async ({ key, station, title, domain, weight, minutes, text, answers }) => ({
        ...{ key, station, title, domain, weight, minutes, answers },
        namespace: attempt.stations.find(({ slug }) => slug === station)?.namespace ?? "",
        html: toHtml(text),
        given: await readAnswers(placesOf({ slug: station }, examiner.paths).folder, Object.keys(answers)),
      })),
    );
  }

  async #exam(name: string): Promise<LoadedExam> {
    return loadExam(name, this.#options.examiner.roots).catch((error: unknown) => {
      throw new Fault(404, sentence(error), (error as { todo?: string }).todo);
    });
  }

  /** Begins it: the attempt is put down at once, its tasks are prepared in the background, then the clock starts. */
  async begin(name: string, given: { seed: number; minutes?: number }): Promise<ExamState> {
    const { examiner, cluster, log } = this.#options;
    await this.#exam(name);
    if (cluster.view().state !== "ready")
      throw new Fault(409, "The cluster is not ready, so nothing can be prepared.", "Wait for it, then begin.");
    const attempt = await this.#do(() => examiner.begin(name, given));
    this.#preparing = attempt.id;
    this.#say("Preparing the tasks");
    examiner
      .prepare(attempt, (step) => this.#say(step), this.#closing.signal)
      .then(
        () => this.#say(""),
        (error: unknown) => {
          log.error({ error }, "an exam could not be prepared");
          const { message, todo } = error as { message: string; todo?: string };
          this.#say(todo ? `${message} ${todo}` : message);
        },
      )
      .finally(() => {
        this.#preparing = undefined;
        this.#look();
      });
    return this.#stateOf(attempt);
  }

  async flag(name: string, task: string, on: boolean): Promise<ExamState> {
    const attempt = this.#running(name);
    const tasks = await this.#options.examiner.tasks(attempt);
    if (!tasks.some(({ key }) => key === task)) throw new Fault(404, "This exam has no such task.", "Reload the page.");
    await this.#do(() => this.#options.examiner.flag(task, on));
    this.#tell(true);
    return this.#stateOf(attempt);
  }

  async answer(name: string, task: string, key: string, text: string): Promise<void> {
    const { examiner } = this.#options;
    const found = (await examiner.tasks(this.#running(name))).find((one) => one.key === task);
    if (!found || !Object.hasOwn(found.answers, key))
      throw new Fault(404, "This task asks for no such answer.", "Reload the page.");
    await writeAnswer(placesOf({ slug: found.station }, examiner.paths).folder, key, text);
  }

  /** Ends it; where it has ended and has no score, grades it again. */
  async submit(name: string): Promise<ExamState> {
    const { examiner } = this.#options;
    const attempt = examiner.attempt(name);
    if (!attempt) throw new Fault(404, "This exam was never begun.", "Begin it first.");
    examiner.look();
    const { phase, endedBy } = examiner.standing(attempt);
    if (phase !== "ended") await this.#do(() => examiner.submit());
    else if (endedBy === "abandoned") throw new Fault(409, "This attempt was given up.", "Begin a new one.");
    this.#tried.delete(attempt.id);
    this.#look();
    return this.#stateOf(attempt);
  }

  async abandon(name: string): Promise<ExamState> {
    const attempt = this.#running(name);
    await this.#do(() => this.#options.examiner.abandon());
    this.#look();
    return this.#stateOf(attempt);
  }

  #running(name: string): Attempt {
    const open = this.#options.examiner.look();
    if (open?.attempt.exam === name && open.standing.phase !== "ended") return open.attempt;
    throw new Fault(409, "This exam is not under way.", "Reload the page: it shows where it stands.");
  }

  /** What the examiner refuses is a sentence for the candidate. */
  async #do<T>(act: () => T | Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw new Fault(409, sentence(error), (error as { todo?: string }).todo);
    }
  }

  /** Once a second: the clock, terminals of an exam that is over, and what is still to be graded. */
  #look(): void {
    if (this.#closing.signal.aborted) return;
    try {
      const open = this.#options.examiner.look();
      const running = open?.standing.phase === "running" ? open.attempt : undefined;
      const stations = new Set(running?.stations.map(({ slug }) => slug));
      for (const slug of this.#stations) if (!stations.has(slug)) this.#closeTerminals(slug);
      this.#stations = stations;
      if (!open || open.standing.phase === "ended") this.#gradeWhatIsLeft();
      this.#tell();
    } catch (error) {
      this.#options.log.error({ error }, "the exam's clock could not be looked at");
    }
  }

  #closeTerminals(slug: string): void {
    const { terminals, log } = this.#options;
    for (const { id } of terminals.list(slug))
      terminals.remove(id).catch((error: unknown) => log.warn({ error }, "a terminal of an exam did not close"));
  }

  #gradeWhatIsLeft(): void {
    const { examiner, cluster, log } = this.#options;
    if (this.#grading || this.#preparing !== undefined) return;
    const [attempt] = examiner.book.attempts();
    if (!attempt) return;
    const { phase, endedBy } = examiner.standing(attempt);
    const result = examiner.result(attempt);
    if (phase !== "ended" || endedBy === "abandoned" || (result && result.status !== "incomplete")) return;
    if (examiner.grading(attempt)) return;
    if (cluster.view().state !== "ready") {
      this.#says = `Not graded yet: the cluster is not ready. ${cluster.view().summary} Nothing is lost; it is graded once the cluster answers.`;
      return;
    }
    if (Date.now() - (this.#tried.get(attempt.id) ?? 0) < again) return;
    this.#tried.set(attempt.id, Date.now());
    this.#say("Grading begins");
    this.#grading = examiner
      .grade(attempt, (what) => this.#say(`Grading: ${what}`), this.#closing.signal)
      .then(
        () => this.#say(""),
        (error: unknown) => {
          log.error({ error }, "an exam could not be graded");
          this.#say(`Not graded yet: ${sentence(error)} Nothing is lost.`);
        },
      )
      .finally(() => {
        this.#grading = undefined;
        this.#tell(true);
      });
  }

  #say(says: string): void {
    this.#says = says;
    this.#tell(true);
  }

  /** Tells all pages where the exam stands: when something has changed, else now and then, so that their clocks stay right. */
  #tell(now = false): void {
    const state = this.state();
    if (!state) return;
    const { remaining: _remaining, ...rest } = state;
    const text = JSON.stringify(rest);
    if (!now && text === this.#told.text && Date.now() - this.#told.at < tellEvery) return;
    this.#told = { text, at: Date.now() };
    this.#options.emit({ type: "exam", exam: state });
  }
}
