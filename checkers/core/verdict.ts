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
}
export interface Fail<Code extends string = string> {
  state: "fail";
  code: Code;
  evidence: Evidence[];
}
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
