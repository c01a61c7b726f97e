/** One thing a check saw, next to what it expected: enough for a learner to look at it with their own eyes. */
export interface Evidence {
  /** The object looked at, as kubectl names it: "deployment/ml-inference". */
  object?: string;
  /** Field path inside the object ("spec.replicas") or what was measured ("requests answered by pod"). */
  path?: string;
  expected: string;
  actual: string;
  /** A command the learner can run to see the same thing. It names no namespace: the terminal's context has it. */
  command?: string;
}

export interface Pass {
  state: "pass";
  evidence: Evidence[];
  /** Of a check with parts: what became of each. */
  parts?: Readonly<Record<string, PartOutcome>>;
}
export interface Fail<Code extends string = string> {
  state: "fail";
  code: Code;
  evidence: Evidence[];
  parts?: Readonly<Record<string, PartOutcome<Code>>>;
}
/** One part of a check with partial credit. */
export type PartOutcome<Code extends string = string> = { state: "pass" } | { state: "fail"; code: Code };
/** Not settled yet (a rollout in progress, a pod starting). At a deadline it becomes fail("not-settled"). */
export interface Waiting {
  state: "waiting";
  why: string;
  evidence: Evidence[];
}
/** We could not look. Nobody loses a point for it. */
export interface CouldNotLook {
  state: "error";
  why: string;
  evidence: Evidence[];
}

/** Not looked at: checks it needs have not passed. Made by the runner alone. */
export interface Blocked {
  state: "blocked";
  /** Ids of those that have not passed. */
  needs: string[];
  evidence: Evidence[];
}

/** What a check's observe() may return; "error" is made by the runner alone, from what observe() throws. */
export type Outcome<Code extends string = string> = Pass | Fail<Code> | Waiting;
export type Verdict = Pass | Fail | Waiting | CouldNotLook;

const list = (evidence: Evidence | Evidence[] | undefined): Evidence[] =>
  evidence === undefined ? [] : Array.isArray(evidence) ? evidence : [evidence];

export const pass = (evidence?: Evidence | Evidence[]): Pass => ({ state: "pass", evidence: list(evidence) });
export const fail = <Code extends string>(code: Code, evidence?: Evidence | Evidence[]): Fail<Code> => ({
  state: "fail",
  code,
  evidence: list(evidence),
});
export const waiting = (why: string, evidence?: Evidence | Evidence[]): Waiting => ({
  state: "waiting",
  why,
  evidence: list(evidence),
});

/** What a check with parts ends with: a pass when every part passes, else a fail with the first failing part's code. */
export function parts<Code extends string>(outcomes: Readonly<Record<string, Pass | Fail<Code>>>): Pass | Fail<Code> {
  const all = Object.entries(outcomes);
  const evidence = all.flatMap(([, one]) => one.evidence);
  const each = Object.fromEntries(
    all.map(([id, one]) => [id, one.state === "pass" ? { state: one.state } : { state: one.state, code: one.code }]),
  ) as Record<string, PartOutcome<Code>>;
  const first = all.map(([, one]) => one).find((one): one is Fail<Code> => one.state === "fail");
  return first ? { state: "fail", code: first.code, evidence, parts: each } : { state: "pass", evidence, parts: each };
}
