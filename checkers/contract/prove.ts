import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spoken } from "../core/duration.ts";
import { type Checks, groundOf } from "../core/needs.ts";
import { type LoadedLab, withSeed } from "../labs.ts";
import { type Durations, longestFirst } from "./durations.ts";
import { asksForNodePort, type Mutant, mutantName, mutantsOf, overlay, startsWithout, variantsOf } from "./files.ts";
import { inLane, type Lane, type Pace, type Places, type Pool } from "./gates.ts";
import { failsWith, gradeAnswer, gradeMutant, gradeStart, inWords, missingGround, type Verdicts } from "./grade.ts";
import { changeOf, groupsOf } from "./in-place.ts";
import { proveInTurns } from "./in-turns.ts";
import { type Leg, proveJourney } from "./journey.ts";
import { waitsLong } from "./ledger.ts";
import { type Problem, problem } from "./problem.ts";
import { type RecordedState, recordFor } from "./record.ts";
import { type Ground, leave, Stand } from "./stand.ts";
import { staticProblems } from "./static.ts";

const parts = ["static", "start", "solution", "variants", "mutants", "reset"] as const;
export type Part = (typeof parts)[number];

export interface Step {
  lab: string;
  part: Part;
  /** "mutant nodes-ready/wrong-count". */
  name: string;
  ok: boolean;
  problems: Problem[];
  /** Remarks that fail nothing. */
  notes: string[];
  /** Milliseconds since the program started, when it had its place. */
  began: number;
  /** Milliseconds, waiting for a place left out. */
  took: number;
  /** A mutant that was laid over a solution which ran already, and turned its check from pass to its code. */
  inPlace?: true;
  /** Milliseconds of it that making the start and doing the answer took; the rest went into looking. */
  spent?: { start: number; answer: number };
}

export interface Proof {
  ground: Ground;
  /** For runs at the same time. */
  places: Places;
  /** How long runs took before. */
  durations: Durations;
  /** Node ports for the runs that need one, each its own. */
  doors: Pool<number>;
  only: Part | undefined;
  /** Told each step whose outcome is final, as it ends. */
  done(step: Step): void;
  /** Told each that failed and may be run once more. */
  failed(step: Step): void;
  /** Told each state that a right answer or a mutant came to, where checks could be asked about it again without a cluster. */
  recorded?(state: RecordedState): void;
  /** Told of each namespace to be deleted; the proof waits for all at its end. */
  removing(gone: Promise<void>): void;
}

/** The seed of a task's second proof. */
const otherSeed = 2;

/** A step that failed, and how to run it once more. */
export interface Failed {
  step: Step;
  again(): Promise<Step>;
}

/** What came of a run. */
export interface Outcome {
  problems: Problem[];
  /** A wrong answer passed: no load excuses that, so there is no second try. */
  wrongPass?: boolean;
  notes?: string[];
}

/** Static checks of a folder, as a step. */
export async function proveStatic(lab: { slug: string; dir: string }): Promise<Step> {
  const began = performance.now();
  const problems = await staticProblems(lab.dir);
  return {
    lab: lab.slug,
    part: "static",
    name: "static",
    ok: problems.length === 0,
    problems,
    notes: [],
    began,
    took: performance.now() - began,
  };
}

/**
 * Everything that takes a cluster: each run on a fresh namespace with a working folder of its own. Resolves to what failed and may have done so
 * because of its neighbors.
 */
export async function proveOnCluster(lab: LoadedLab, proof: Proof): Promise<Failed[]> {
  const wants = (part: Part): boolean => proof.only === undefined || proof.only === part;
  const steps: Promise<Failed | undefined>[] = [];
  /** What stands in line from the first, to begin in the order of how long it takes. */
  const line: { takes: number; soon?: boolean; begin(): Promise<unknown> }[] = [];
  const takes = (...names: string[]): number => proof.durations.of(...names.map((name) => ({ lab: lab.slug, name })));
  const doored = lab.definition.requires?.nodePort === true;
  const checks = lab.checks("pace");
  const whole = paceOf(lab, checks, Object.keys(checks));
  const run = (
    part: Part,
    name: string,
    act: (stand: Stand) => Promise<Outcome>,
    { door = doored, pace = whole, as = lab, without }: Partial<Lane & { as: LoadedLab; without: string[] }> = {},
  ): Promise<Failed | undefined> => {
    const step = runStep(as, { door, pace }, proof, part, name, act, without);
    steps.push(step);
    return step;
  };
  const solution = join(lab.dir, "solution");
  let atStart: Verdicts | undefined;
  const legs: Leg[] = [];
  if (wants("start") || wants("reset")) {
    legs.push({
      part: "start",
      name: "start",
      act: async (stand) => {
        atStart = await gradeStart(stand, proof.places);
        return judgeStart(lab, stand, atStart, wants("start"));
      },
    });
  }
  if (wants("solution")) {
    legs.push({
      part: "solution",
      name: "solution, first time",
      act: (stand) => answered(stand, solution, "solution", proof),
    });
  }
  if (wants("reset")) {
    legs.push({
      part: "reset",
      name: "reset",
      before: (stand) => stand.answer(solution),
      act: async (stand) => {
        await stand.reset();
        return judgeReset(lab, stand, atStart, await gradeStart(stand, proof.places));
      },
    });
  }
  if (wants("solution")) {
    // Beside the journey, on a stand of its own: the longest way through a proof is a journey, and this would make it as long again. Of an exam's task
    // with other facts: text, start, checks and answer must change together.
    const other = lab.exam === undefined ? lab : withSeed(lab, otherSeed);
    const name = `solution, second time${lab.exam === undefined ? "" : `, seed ${otherSeed}`}`;
    const act = (stand: Stand): Promise<Outcome> => answered(stand, solution, "solution", proof);
    line.push({ takes: takes(name), begin: () => run("solution", name, act, { as: other }) });
  }
  const alone = async (rest: readonly Leg[]): Promise<void> => {
    // What a later leg is compared with comes first.
    for (const { part, name, act, before } of rest) {
      await run(part, name, async (stand) => {
        await before?.(stand);
        return act(stand);
      });
    }
  };
  const journey = async (): Promise<void> =>
    alone(proof.only === undefined ? await proveJourney(lab, legs, proof, { door: doored, pace: whole }) : legs);
  line.push({ takes: takes(...legs.map(({ name }) => name)), begin: journey });
  if (wants("variants")) {
    for (const variant of variantsOf(lab.dir)) {
      const name = `variant ${variant}`;
      const act = (stand: Stand): Promise<Outcome> =>
        answered(stand, join(lab.dir, "variants", variant), `variants/${variant}`, proof);
      line.push({ takes: takes(name), begin: () => run("variants", name, act) });
    }
  }
  if (wants("mutants")) {
    const lane = (mutant: Mutant): Lane => ({
      door: doored && asksForNodePort(solution, mutant.dir),
      pace: paceOf(lab, checks, [mutant.check, ...groundOf(checks, mutant.check)]),
    });
    const fromTheStart = (mutant: Mutant, lost = 0): Promise<unknown> => {
      const as = { ...lane(mutant), without: startsWithout(mutant.dir) };
      const notes = lost < worthTelling ? [] : [inVain(lost)];
      const act = async (stand: Stand) => ({ notes, ...(await caught(stand, mutant, solution, proof)) });
      return run("mutants", mutantName(mutant), act, as);
    };
    const all = byMode(mutantsOf(lab.dir), checks);
    const changes = all.map((mutant) => changeOf(solution, mutant, checks)).filter((one) => one !== undefined);
    // One by itself would start as many pods as from the start.
    const groups = groupsOf(changes, ({ mutant }) => lane(mutant).pace).filter(({ length }) => length > 1);
    const inTurns = new Set(groups.flat().map(({ mutant }) => mutant));
    // Several, one after the other, take longer than any other run.
    for (const group of groups) {
      // They share the whole solution, and so its node port.
      const shared = { ...lane(group[0].mutant), door: doored && asksForNodePort(solution) };
      const begin = async (): Promise<void> => {
        const apart = await proveInTurns(lab, group, solution, proof, shared);
        for (const { mutant, lost } of apart) fromTheStart(mutant, lost);
      };
      line.push({ takes: takes(...group.map(({ mutant }) => mutantName(mutant))), begin });
    }
    for (const mutant of all.filter((one) => !inTurns.has(one))) {
      const soon = lane(mutant).pace === "measures";
      line.push({ takes: takes(mutantName(mutant)), soon, begin: () => fromTheStart(mutant) });
    }
  }
  await Promise.all(longestFirst(line).map(({ begin }) => begin()));
  return (await Promise.all(steps)).filter((one) => one !== undefined);
}

/** Milliseconds. */
const worthTelling = 10_000;

const inVain = (lost: number): string =>
  `${spoken(lost)} went into laying it over a running solution first, in vain: a step of its own that begins a rollout keeps it from being tried there`;

/**
 * As long as nobody knows how long they take: what disturbs comes first, as it takes longest, and what only looks and is soon done comes last. Among
 * their like, one of each check comes before the second of any: a check that takes minutes begins early, wherever the text has it.
 */
export function byMode(mutants: readonly Mutant[], checks: Checks): Mutant[] {
  const modes = ["disturb", "sample", "observe"];
  const rank = ({ check }: Mutant): number => modes.indexOf(checks[check]?.mode ?? "");
  const place = (mutant: Mutant): number => mutants.filter(({ check }) => check === mutant.check).indexOf(mutant);
  return mutants.toSorted((one, other) => rank(one) - rank(other) || place(one) - place(other));
}

/** The pace of a run that looks with these checks. */
function paceOf(lab: LoadedLab, checks: Checks, ids: readonly string[]): Pace {
  const acting = ids.map((id) => checks[id]).filter((one) => one !== undefined && one.mode !== "observe");
  if (acting.some((one) => one?.alone !== false)) return "measures";
  return acting.length > 0 && waitsLong(lab.definition.addons ?? []) ? "waits" : "looks";
}

async function runStep(
  lab: LoadedLab,
  lane: Lane,
  proof: Proof,
  part: Part,
  name: string,
  act: (stand: Stand) => Promise<Outcome>,
  without?: readonly string[],
): Promise<Failed | undefined> {
  const { ground } = proof;
  let wrongPass = false;
  const once = async (nodePort?: number): Promise<Step> => {
    const began = performance.now();
    let stand: Stand | undefined;
    const step = (ok: boolean, outcome: Outcome): Step => ({
      lab: lab.slug,
      part,
      name,
      ok,
      problems: outcome.problems,
      notes: outcome.notes ?? [],
      began,
      took: performance.now() - began,
      ...(stand && { spent: stand.spent }),
    });
    let result: Step;
    try {
      ground.signal.throwIfAborted();
      stand = new Stand(lab, ground, { without, nodePort });
      await stand.enter();
      const outcome = await act(stand);
      wrongPass = outcome.wrongPass === true;
      result = step(outcome.problems.length === 0, outcome);
    } catch (error) {
      const message = ground.signal.aborted ? "was interrupted" : `could not be run: ${(error as Error).message}`;
      result = step(false, { problems: [problem(name, message, "Mend it, then run this part again with --only.")] });
    }
    await leave(stand, lane.door, proof.removing);
    return result;
  };
  const first = await inLane(proof, lane, once);
  if (first.ok || wrongPass) {
    proof.done(first);
    return undefined;
  }
  proof.failed(first);
  return { step: first, again: () => inLane(proof, lane, once) };
}

async function answered(stand: Stand, dir: string, where: string, proof: Proof): Promise<Outcome> {
  await stand.answer(dir);
  const { verdicts, hasty } = await gradeAnswer(stand, proof.places);
  const checks = stand.lab.checks(stand.namespace);
  const failing = [...verdicts].filter(([, verdict]) => verdict.state !== "pass");
  if (failing.length === 0) await recordFor(proof, stand, where);
  return {
    problems: failing.map(([id, verdict]) =>
      problem(
        where,
        `${id} does not pass: ${inWords(checks[id], verdict)}`,
        "Mend the answer, or the check that refuses it.",
      ),
    ),
    notes: hasty.map(
      ({ check, code, after }) =>
        `${check} said fail(${code}) for ${(after / 1000).toFixed(1)} s although the answer was right: return waiting(…) while objects follow`,
    ),
  };
}

function judgeStart(lab: LoadedLab, stand: Stand, verdicts: Verdicts, withCodes: boolean): Outcome {
  const checks = stand.lab.checks(stand.namespace);
  const problems: Problem[] = [];
  for (const [id, verdict] of verdicts) {
    if (verdict.state === "error") {
      problems.push(
        problem(
          "start/",
          `${id} could not look: ${verdict.why}`,
          "A check must have something to say from the start: return fail with a code marked untouched.",
        ),
      );
    }
  }
  const passing = [...verdicts].filter(([, verdict]) => verdict.state === "pass").map(([id]) => id);
  if (passing.length === verdicts.size) {
    problems.push(
      problem(
        "start/",
        "passes every check although nothing was done",
        "Take something away from start/, or make the checks ask for more.",
      ),
    );
  }
  if (withCodes) problems.push(...unreached(lab, checks, verdicts));
  const notes = [...verdicts]
    .filter(([, verdict]) => verdict.state === "waiting")
    .map(
      ([id, verdict]) =>
        `${id} waits at the start (${inWords(checks[id], verdict)}): the learner sees it busy though nothing happens`,
    );
  if (passing.length > 0 && passing.length < verdicts.size) notes.push(`passes from the start: ${passing.join(", ")}`);
  return { problems, notes };
}

/** Codes that neither the start nor a mutant brings about: nobody has seen that message, so nobody knows that it is right. */
function unreached(lab: LoadedLab, checks: ReturnType<LoadedLab["checks"]>, atStart: Verdicts): Problem[] {
  const mutants = mutantsOf(lab.dir);
  const problems: Problem[] = [];
  for (const [id, check] of Object.entries(checks)) {
    const first = atStart.get(id);
    for (const [code, failure] of Object.entries(check.failures)) {
      if (failure.unreachable?.trim()) continue;
      if (first && first.state !== "blocked" && failsWith(first, code)) continue;
      if (mutants.some((one) => one.check === id && one.code === code)) continue;
      problems.push(
        problem(
          `lab.ts, check ${id}`,
          `nothing brings about "${code}"`,
          `Add mutants/${id}/${code}/ with a plausible wrong answer, or say why none can: unreachable: "…".`,
        ),
      );
    }
  }
  return problems;
}

const short = (verdict: { state: string; code?: string } | undefined): string =>
  verdict ? `${verdict.state}${verdict.code ? `(${verdict.code})` : ""}` : "nothing";

function judgeReset(lab: LoadedLab, stand: Stand, before: Verdicts | undefined, after: Verdicts): Outcome {
  if (!before)
    return {
      problems: [
        problem("reset", "the start could not be graded, so nothing can be compared", "Mend the start first."),
      ],
    };
  const checks = lab.checks(stand.namespace);
  return {
    problems: [...after]
      .filter(([id, verdict]) => short(verdict) !== short(before.get(id)))
      .map(([id, verdict]) =>
        problem(
          "reset",
          `after a reset ${id} says ${inWords(checks[id], verdict)}; at the start it said ${short(before.get(id))}`,
          "Something of the answer survives outside the namespace and the working folder.",
        ),
      ),
  };
}

async function caught(stand: Stand, mutant: Mutant, solution: string, proof: Proof): Promise<Outcome> {
  const where = `mutants/${mutant.check}/${mutant.code}`;
  const checks = stand.lab.checks(stand.namespace);
  const check = checks[mutant.check];
  if (!check)
    return { problems: [problem(where, "names no check of this lab", `Checks: ${Object.keys(checks).join(", ")}.`)] };
  const laid = mkdtempSync(join(tmpdir(), "workbook-mutant-"));
  try {
    overlay(solution, mutant.dir, laid);
    await stand.answer(laid);
  } finally {
    rmSync(laid, { recursive: true, force: true });
  }
  const ground = (): Promise<Verdicts> => missingGround(stand, mutant.check, proof.places);
  // What disturbs may break the very ground it stood on: that is looked at before.
  const before = check.mode === "disturb" ? await ground() : undefined;
  const verdict = await gradeMutant(stand, mutant.check, mutant.code, proof.places);
  if (failsWith(verdict, mutant.code)) {
    const missing = before ?? (await ground());
    await recordFor(proof, stand, where, mutant);
    return {
      problems: [...missing].map(([id, one]) =>
        problem(
          where,
          `a learner would never see ${mutant.code}: ${mutant.check} needs ${id}, which says ${inWords(checks[id], one)}`,
          "Let the mutant break nothing its check needs; or take the need away, if the check can be judged without it.",
        ),
      ),
    };
  }
  const todo =
    verdict.state === "pass"
      ? "The check does not notice this mistake: make it look closer."
      : "Mend the mutant, or the order in which the check decides.";
  return {
    wrongPass: verdict.state === "pass",
    problems: [
      problem(where, `${mutant.check} should fail with ${mutant.code}; it says ${inWords(check, verdict)}`, todo),
    ],
  };
}
