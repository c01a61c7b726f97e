import { randomBytes } from "node:crypto";
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { Slots } from "../contract/gates.ts";
import { LookError } from "../core/errors.ts";
import type { AddonName } from "../core/lab.ts";
import { Unreachable } from "../kube/errors.ts";
import { LiveCluster } from "../kube/live.ts";
import type { Transport } from "../kube/transport.ts";
import type { LoadedLab } from "../labs.ts";
import { type BookRow, type Handed, missingRow, rowOf } from "./book.ts";
import type { ClassPolicy } from "./class-policy.ts";
import type { Bounds } from "./guards.ts";
import { type HandedIn, takeIn } from "./hand-in.ts";
import { type GradedSubmission, type Ground, gradeOne, NoRoom } from "./one.ts";
import { Quiet } from "./quiet.ts";
import { readSubmission } from "./read.ts";
import { resources } from "./resources.ts";
import { type Capacity, capacityOf, Room } from "./room.ts";
import type { Roster } from "./roster.ts";
import { closeSandbox, gradingLabel, sandboxesOf } from "./sandbox.ts";
import type { Alike } from "./similarity.ts";
import { similarity } from "./similarity.ts";
import { type GradingState, readState, stateName, writeState } from "./state.ts";
import { gradingOf } from "./watchdog.ts";

export interface ClassOptions {
  /** Folder of submissions. */
  dir: string;
  roster: Roster;
  policy: ClassPolicy;
  labs: readonly LoadedLab[];
  /** Labs that cannot be loaded, and why: told to those who handed in for them. */
  brokenLabs?: ReadonlyMap<string, string>;
  /** Where the state is kept; has to be there. */
  out: string;
  /** Carry on with what `out` holds. */
  resume: boolean;
  /** Submissions, by SHA-256, at which the grading stood still before: not graded, for this reason. */
  stalled?: ReadonlyMap<string, string>;
  /** The instructor's cluster. Closed by the caller. */
  transport: Transport;
  /** Submissions at a time at most, whatever room there is. */
  jobs?: number;
  nodePorts?: NonNullable<Ground["nodePorts"]>;
  /** Grades a submission whose lab needs a cluster of its own. Absent: such a submission cannot be graded here. */
  ownCluster?: (work: HandedIn, signal: AbortSignal) => Promise<GradedSubmission>;
  /** Makes sure of the add-ons that labs handed in for need. Absent: they are there, or those labs cannot be graded whole. */
  addons?: (names: readonly AddonName[], says: (step: string) => void) => Promise<void>;
  signal: AbortSignal;
  says?: (line: string) => void;
}

export interface ClassResult {
  rows: BookRow[];
  unknown: { file: string; says: string }[];
  alike: Alike[];
  /** Submissions that were not graded this time: interrupted, or the cluster went away. */
  left: number;
  /** Why, when the cluster went away. */
  down?: string;
  /** Namespaces that could not be removed, with why. */
  remains: string[];
  /** ISO times, and milliseconds until the last grade was there and until everything was removed. */
  began: string;
  graded: number;
  took: number;
}

/** Submissions at a time, where there is room. */
const jobsDefault = 40;
/** Of them, those whose pods are being started at the same time: more would only slow each other down. */
const starting = 16;
/** Share of the cluster's room that is used: a scheduler needs some to place pods. */
const usable = 0.85;

/** Whether a lab's submissions use something there is only one of. */
const serial = ({ definition }: LoadedLab): boolean =>
  definition.requires?.nodePort === true || (definition.addons ?? []).includes("gateway");

/**
 * Grades a folder of submissions. What a submission, a lab or a checker does wrong becomes a line of the gradebook; the rest is graded. Keeps its state
 * after each one, so that an interruption costs only what was under way. Rejects when it cannot even begin.
 */
export async function gradeClass(options: ClassOptions): Promise<ClassResult> {
  const { dir, roster, policy, labs, out, transport, says = () => {} } = options;
  const began = performance.now();
  const state = beginState(options);
  const known = await resources(transport, options.signal);
  if (options.resume) await sweep(transport, state.run, known, says);
  const { capacity, bounds } = await look(transport, state.run, options.signal);
  says("reading the submissions");
  const desk = await takeIn({
    dir,
    roster,
    policy,
    labs,
    broken: options.brokenLabs ?? new Map(),
    out,
    nodes: capacity.nodes,
  });
  const needed = [...new Set(desk.works.flatMap(({ lab }) => lab.definition.addons ?? []))];
  if (needed.length > 0) await options.addons?.(needed, says);
  const live = new LiveCluster(transport);
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(options.signal.reason);
  options.signal.addEventListener("abort", onAbort, { once: true });
  if (options.signal.aborted) onAbort();
  const ground: Ground = {
    transport,
    live,
    resources: known,
    bounds,
    run: state.run,
    quiet: new Quiet(starting),
    images: policy.images,
    ...(options.nodePorts && { nodePorts: options.nodePorts }),
  };
  const room = new Room(
    { cpu: capacity.cpu * usable, memory: capacity.memory * usable, pods: capacity.pods * usable },
    options.jobs ?? jobsDefault,
    () => tidy(),
  );
  const oneAtATime = new Slots(1);
  const removals: Promise<void>[] = [];
  const remains: string[] = [];
  const results = new Map<HandedIn, Handed["result"]>();
  let down: string | undefined;

  const remove = (namespace: string, leave: () => void): Promise<void> =>
    closeSandbox(transport, namespace, known, leave)
      .catch((error: unknown) => void remains.push(`${namespace}: ${(error as Error).message}`))
      .finally(leave);

  /** Sandboxes that are graded. Removing one costs as much as making one, so it waits until its room is needed or all are graded. */
  const finished: (() => void)[] = [];
  const tidy = (): void => {
    for (const begin of finished.splice(0)) begin();
  };

  /** To be graded once more with nothing beside them: their failures may be the load's. */
  const again: HandedIn[] = [];

  const attempt = async (work: HandedIn, leave: () => void, alone: boolean): Promise<Handed["result"] | undefined> => {
    const namespace = `grade-${work.lab.number}-${randomBytes(5).toString("hex")}`;
    try {
      const read = await readSubmission(work.path);
      const { shaky, ...result } = await gradeOne(work.file, read, work.lab, namespace, ground, stop.signal);
      if (!alone && shaky) {
        again.push(work);
        return undefined;
      }
      return result;
    } catch (error) {
      if (stop.signal.aborted) return undefined;
      if (!alone && error instanceof NoRoom) {
        again.push(work);
        return undefined;
      }
      if (error instanceof Unreachable && !(await answers(transport))) {
        down ??= (error as Error).message;
        stop.abort(error);
        return undefined;
      }
      return { problem: `It could not be graded: ${sentence(error)}`, status: "incomplete", file: work.file };
    } finally {
      if (serial(work.lab)) await remove(namespace, leave);
      else {
        finished.push(() => void removals.push(remove(namespace, leave)));
        if (room.waiting || stop.signal.aborted) tidy();
      }
    }
  };

  const grade = async (work: HandedIn): Promise<void> => {
    const result = await first(work);
    if (result) await keep(work, result);
  };
  const first = async (work: HandedIn): Promise<Handed["result"] | undefined> => {
    const before = options.resume ? state.results[work.sha256] : undefined;
    if (before && before.grade.status !== "incomplete" && before.notCreated.length === 0) {
      results.set(work, { ...before, file: work.file });
      return undefined;
    }
    const unfit = work.unfit ?? options.stalled?.get(work.sha256);
    if (unfit) {
      results.set(work, { problem: unfit, status: "incomplete", file: work.file });
      return undefined;
    }
    if (work.lab.definition.requires?.clusterAdmin) return oneAtATime.use(() => elsewhere(work));
    return serial(work.lab) ? oneAtATime.use(() => inRoom(work)) : inRoom(work);
  };
  const keep = async (work: HandedIn, result: Handed["result"]): Promise<void> => {
    // A grade with errors in it from a cluster that has just died says nothing: it is done again.
    if ("grade" in result && result.grade.status === "incomplete" && !(await answers(transport))) {
      down ??= "The API server stopped answering.";
      stop.abort(new Unreachable(down));
      return;
    }
    results.set(work, result);
    if ("grade" in result) {
      state.results[work.sha256] = result;
      writeState(out, state);
    }
    says(`${work.student.id} ${work.lab.slug}: ${"problem" in result ? result.problem : result.grade.says}`);
  };
  const inRoom = async (work: HandedIn, alone = false): Promise<Handed["result"] | undefined> => {
    const leave = await room.enter(work.need);
    if (stop.signal.aborted) {
      leave();
      return undefined;
    }
    return attempt(work, leave, alone);
  };
  const elsewhere = async (work: HandedIn): Promise<Handed["result"] | undefined> => {
    if (stop.signal.aborted) return undefined;
    if (!options.ownCluster) {
      const problem =
        "The lab needs a cluster of its own for each submission, and none can be made here: grade it where kind can run.";
      return { problem, status: "incomplete", file: work.file };
    }
    try {
      return await options.ownCluster(work, stop.signal);
    } catch (error) {
      if (stop.signal.aborted) return undefined;
      return { problem: `It could not be graded: ${sentence(error)}`, status: "incomplete", file: work.file };
    }
  };

  let gradedAfter: number;
  try {
    await Promise.all(desk.works.map((work) => gradingOf(work.sha256, () => grade(work))));
    if (again.length > 0 && !stop.signal.aborted) {
      says(`grading ${again.length} once more, one at a time: what they failed at may have been the load`);
      tidy();
      await Promise.all(removals);
      for (const work of again) {
        const result = await gradingOf(work.sha256, () => inRoom(work, true));
        if (result) await keep(work, result);
        tidy();
        await Promise.all(removals);
      }
    }
    gradedAfter = performance.now() - began;
  } finally {
    options.signal.removeEventListener("abort", onAbort);
    live.close();
    if (finished.length + removals.length > 0) says("removing what was made for it");
    tidy();
    await Promise.all(removals);
  }
  const rows = rowsOf(desk, results, options, down);
  return {
    rows,
    unknown: desk.unknown,
    alike: similarity(desk.forSimilarity),
    left: desk.works.filter((work) => !results.has(work)).length,
    ...(down !== undefined && { down }),
    remains,
    began: state.began,
    graded: gradedAfter,
    took: performance.now() - began,
  };
}

const sentence = (error: unknown): string =>
  error instanceof LookError && error.todo
    ? `${error.message} ${error.todo}`
    : ((error as Error).message.split("\n")[0] ?? "");

function beginState({ out, resume }: ClassOptions): GradingState {
  const before = readState(out);
  if (before && !resume) {
    throw new LookError(
      `${out} holds a grading already, begun ${before.began}.`,
      "Carry on with it with --resume, or give another folder with --out.",
    );
  }
  const state: GradingState = before ?? {
    schema: stateName,
    run: randomBytes(5).toString("hex"),
    began: new Date().toISOString(),
    results: {},
  };
  // Before anything is made on the cluster: whatever happens then, its name is known.
  writeState(out, state);
  return state;
}

/** Removes what an interrupted grading left on the cluster. */
async function sweep(
  transport: Transport,
  run: string,
  known: Awaited<ReturnType<typeof resources>>,
  says: (line: string) => void,
): Promise<void> {
  const left = await sandboxesOf(transport, run);
  if (left.length === 0) return;
  says(`removing ${left.length} namespaces that an interrupted grading left`);
  await Promise.all(left.map((namespace) => closeSandbox(transport, namespace, known)));
}

/** Grades a submission on a cluster that is there for it alone, and is deleted by the caller afterwards. */
export async function gradeAlone(
  work: Pick<HandedIn, "file" | "path" | "lab">,
  transport: Transport,
  policy: ClassPolicy,
  signal: AbortSignal,
  nodePorts?: NonNullable<Ground["nodePorts"]>,
): Promise<GradedSubmission> {
  const live = new LiveCluster(transport);
  try {
    const run = randomBytes(5).toString("hex");
    const [known, { bounds }, read] = await Promise.all([
      resources(transport, signal),
      look(transport, run, signal),
      readSubmission(work.path),
    ]);
    const alone = { quiet: new Quiet(1), images: policy.images, wholeCluster: true };
    const ground: Ground = {
      transport,
      live,
      resources: known,
      bounds,
      run,
      ...alone,
      ...(nodePorts && { nodePorts }),
    };
    return await gradeOne(work.file, read, work.lab, `grade-${work.lab.number}`, ground, signal);
  } finally {
    live.close();
  }
}

async function look(
  transport: Transport,
  run: string,
  signal: AbortSignal,
): Promise<{ capacity: Capacity; bounds: Bounds }> {
  const list = async <T>(path: string): Promise<T[]> => (await transport.json<{ items: T[] }>(path, { signal })).items;
  const [nodes, pods, namespaces] = await Promise.all([
    list<V1Node>("/api/v1/nodes"),
    list<V1Pod>("/api/v1/pods"),
    list<{ metadata: { name: string; labels?: Record<string, string> } }>("/api/v1/namespaces"),
  ]);
  const ours = new Set(
    namespaces.filter(({ metadata }) => metadata.labels?.[gradingLabel] === run).map(({ metadata }) => metadata.name),
  );
  const capacity = capacityOf(nodes, pods, (pod) => ours.has(pod.metadata?.namespace ?? ""));
  const whole = capacityOf(nodes, []);
  const sizes = nodes.map((node) => capacityOf([node], []));
  return {
    capacity,
    bounds: {
      cpu: whole.cpu,
      memory: whole.memory,
      biggestNode: {
        cpu: Math.max(...sizes.map((one) => one.cpu)),
        memory: Math.max(...sizes.map((one) => one.memory)),
      },
      nodeAddresses: nodes.flatMap(({ status }) =>
        (status?.addresses ?? []).filter(({ type }) => type === "InternalIP").map(({ address }) => address),
      ),
    },
  };
}

/** Whether the API server still answers, asked three times over a few seconds. */
async function answers(transport: Transport): Promise<boolean> {
  for (let times = 0; times < 3; times++) {
    if (times > 0) await new Promise((resolve) => setTimeout(resolve, 1_000));
    const fine = await transport.json("/version", { timeout: 3_000 }).then(
      () => true,
      () => false,
    );
    if (fine) return true;
  }
  return false;
}

function rowsOf(
  desk: Awaited<ReturnType<typeof takeIn>>,
  results: ReadonlyMap<HandedIn, Handed["result"]>,
  { roster, policy, labs }: ClassOptions,
  down: string | undefined,
): BookRow[] {
  const rows: BookRow[] = desk.works.map((work) => {
    const why = down
      ? `Not graded yet: the cluster stopped answering (${down}). Run it again with --resume.`
      : "Not graded yet: the grading was interrupted. Run it again with --resume.";
    const { student, lab, received, madeAt, attested, notes, file } = work;
    const result = results.get(work) ?? { problem: why, status: "incomplete" as const, file };
    return rowOf({ student, lab: lab.slug, received, madeAt, attested, notes, result }, policy);
  });
  rows.push(...desk.rows);
  const seen = new Set(rows.map((row) => `${row.student.id}\n${row.lab ?? ""}`));
  const given = labs.filter(({ slug }) => rows.some((row) => row.lab === slug));
  for (const student of roster.students) {
    for (const lab of given) {
      if (seen.has(`${student.id}\n${lab.slug}`)) continue;
      rows.push(missingRow(student, lab.slug, pointsOf(lab), policy));
    }
  }
  const order = new Map(roster.students.map(({ id }, index) => [id, index]));
  rows.sort(
    (a, b) =>
      (order.get(a.student.id) ?? Number.POSITIVE_INFINITY) - (order.get(b.student.id) ?? Number.POSITIVE_INFINITY) ||
      (a.lab ?? "").localeCompare(b.lab ?? "") ||
      (a.file ?? "").localeCompare(b.file ?? ""),
  );
  const wrong = roster.problems.map(
    ({ id, says }): BookRow => ({
      student: { id, name: "", email: "" },
      status: "roster",
      says,
      overrides: [],
      final: null,
      notes: [],
    }),
  );
  return [...rows, ...wrong];
}

/** What a lab is worth; 0 where its checks cannot even be made up. */
function pointsOf(lab: LoadedLab): number {
  try {
    return Object.values(lab.checks("any")).reduce((sum, check) => sum + check.points, 0);
  } catch {
    return 0;
  }
}
