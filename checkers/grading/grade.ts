import { systemClock } from "../clock.ts";
import { Slots } from "../contract/gates.ts";
import type { Check } from "../core/check.ts";
import type { Checks } from "../core/needs.ts";
import type { Clock } from "../core/poll.ts";
import { type Looked, toReport } from "../core/reports.ts";
import type { BoundScene } from "../core/run.ts";
import type { LoadedLab } from "../labs.ts";
import { lookAt } from "./look.ts";
import type { CheckGrade, Grade, LabGrade, LabTiming, Policy } from "./schema.ts";
import { sumUp, sumUpLab } from "./sum.ts";

/** One lab to be graded, where it was worked on. */
export interface GradeTarget {
  lab: LoadedLab;
  namespace: string;
  scene: BoundScene;
  seed?: number;
  /** False: it was never opened, so there is nothing to look at. Default true. */
  begun?: boolean;
  /** The workbook applied its own solution here. */
  solvedByWorkbook?: boolean;
}

export interface GradeOptions {
  policy: Policy;
  clock?: Clock;
  says?: (what: string) => void;
}

export interface GradedLab {
  grade: LabGrade;
  timing: LabTiming;
}

/** Grades one lab. Never rejects because of the lab: one whose checks cannot even be made up is incomplete, with the reason. */
export async function gradeLab(target: GradeTarget, options: GradeOptions): Promise<GradedLab> {
  const { lab, namespace, begun = true } = target;
  const { policy, clock = systemClock } = options;
  const began = clock.now();
  const about = {
    lab: lab.slug,
    title: lab.definition.title,
    domain: lab.definition.domain as string,
    namespace,
    begun,
    ...(target.solvedByWorkbook && { solvedByWorkbook: true as const }),
  };
  const timing = (checks: LabTiming["checks"] = []): LabTiming => ({
    lab: lab.slug,
    took: Math.round(clock.now() - began),
    checks,
  });
  let checks: Checks;
  try {
    checks = lab.checks(namespace, target.seed);
  } catch (error) {
    const problem = `The lab's checks cannot be made up: ${(error as Error).message.split("\n")[0]}`;
    return { grade: sumUpLab({ ...about, problem }, [], policy), timing: timing() };
  }
  const looked = begun ? await lookAt(checks, { ...options, scene: target.scene }) : new Map<string, Looked>();
  const graded = Object.entries(checks).map(([id, check]) => checkGrade(id, check, looked.get(id), checks));
  const times = [...looked]
    .filter(([, { at }]) => at !== "")
    .map(([check, { at, took }]) => ({ check, at, took: Math.round(took * 10) / 10 }));
  return { grade: sumUpLab(about, graded, policy), timing: timing(times) };
}

const neverOpened = "The lab was never opened, so there is nothing to look at.";

/** A check's line in a grade, before it is decided whether it counts. */
function checkGrade(id: string, check: Check, looked: Looked | undefined, checks: Checks): CheckGrade {
  const report = toReport(id, check, looked, { reveal: true, checks });
  const { title, points, earned, mode, code, says = looked ? undefined : neverOpened, needs, parts, why } = report;
  return {
    id,
    title,
    points,
    earned,
    counts: true,
    mode,
    basis: check.evidence,
    // Still waiting means that the grading was stopped: it could not be looked at.
    state: report.state === "todo" ? "untouched" : report.state === "waiting" ? "error" : report.state,
    ...(check.hidden && { hidden: true as const }),
    ...(code !== undefined && { code }),
    ...(says !== undefined && { says }),
    ...(needs && { needs }),
    ...(parts && {
      parts: parts.map(({ id, title, points, state, code, says }) => ({
        id,
        title,
        points,
        earned: state === "pass" ? points : 0,
        state,
        ...(code !== undefined && { code }),
        ...(says !== undefined && { says }),
      })),
    }),
    evidence: report.evidence.map(({ object, path, expected, actual, command }) => ({
      ...(object !== undefined && { object }),
      ...(path !== undefined && { path }),
      expected,
      actual,
      ...(command !== undefined && { command }),
    })),
    ...(why !== undefined && { why }),
  };
}

/** What a grade says, apart from when it was given and how long it took. Two gradings of one state are equal in it. */
export const withoutTiming = ({ timing: _timing, ...rest }: Grade): Omit<Grade, "timing"> => rest;

/** What a whole grading needs of time, beyond the policy. */
export interface GradeAllOptions extends GradeOptions {
  /** Labs graded at the same time; what measures takes turns all the same. Default 2. */
  jobs?: number;
}

/**
 * Grades labs side by side and sums them up, in the order given. `open` makes a target ready; where it rejects, that lab is incomplete with
 * the reason and the others are graded.
 */
export async function gradeLabs(
  labs: readonly { lab: LoadedLab; namespace: string; open(): Promise<GradeTarget> }[],
  options: GradeAllOptions,
): Promise<Grade> {
  const { clock = systemClock, jobs = 2, policy } = options;
  const gradedAt = new Date().toISOString();
  const began = clock.now();
  const places = new Slots(jobs);
  const graded = await Promise.all(
    labs.map(({ lab, namespace, open }) =>
      places.use(async () => {
        try {
          return await gradeLab(await open(), options);
        } catch (error) {
          return notGraded({ lab, namespace }, (error as Error).message.split("\n")[0] ?? "", policy);
        }
      }),
    ),
  );
  return sumUp(graded, policy, { gradedAt, took: Math.round(clock.now() - began) });
}

/** A lab that could not be graded at all, with the reason. */
export function notGraded(
  { lab, namespace }: { lab: LoadedLab; namespace: string },
  problem: string,
  policy: Policy,
): GradedLab {
  const { slug, definition } = lab;
  const about = {
    lab: slug,
    title: definition.title,
    domain: definition.domain as string,
    namespace,
    begun: true,
    problem,
  };
  return { grade: sumUpLab(about, [], policy), timing: { lab: slug, took: 0, checks: [] } };
}
