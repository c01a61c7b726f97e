import type { Check } from "./check.ts";
import type { Evidence, PartOutcome, Verdict } from "./verdict.ts";

const isEvidence = (value: unknown): value is Evidence => {
  if (typeof value !== "object" || value === null) return false;
  const { expected, actual } = value as Record<string, unknown>;
  return typeof expected === "string" && typeof actual === "string";
};

const declares = (check: Check, code: unknown): code is string =>
  typeof code === "string" && Object.hasOwn(check.failures, code);

/** What observe() returned as a verdict, or a sentence on what is wrong with it: then the mistake is the lab's. */
export function judged(check: Check, outcome: unknown): Verdict | string {
  if (typeof outcome !== "object" || outcome === null) return `returned ${outcome === null ? "null" : typeof outcome}`;
  const { state, code, why, evidence, parts } = outcome as Record<string, unknown>;
  if (!Array.isArray(evidence) || !evidence.every(isEvidence)) {
    return "returned evidence without an expected and an actual text";
  }
  if (state === "waiting") {
    return typeof why === "string" && why !== "" ? { state, why, evidence } : "is waiting without saying what for";
  }
  if (state !== "pass" && state !== "fail") return `returned the state ${JSON.stringify(state)}`;
  if (state === "fail" && !declares(check, code)) {
    return `failed with the code ${JSON.stringify(code)}, which it does not declare`;
  }
  if (check.parts === undefined && parts === undefined) {
    return state === "pass" ? { state, evidence } : { state, code: code as string, evidence };
  }
  const each = partsOf(check, parts);
  if (typeof each === "string") return each;
  // Whatever order observe() went in, the parts are told as they are declared, and the first that fails gives its code.
  const failing = Object.values(each).find((one): one is PartOutcome & { state: "fail" } => one.state === "fail");
  if (state === "pass") return failing ? "passed although one of its parts failed" : { state, evidence, parts: each };
  return failing ? { state, code: failing.code, evidence, parts: each } : "failed although all of its parts passed";
}

/** The outcome of each declared part, in declared order, or what is wrong with them. */
function partsOf(check: Check, given: unknown): Record<string, PartOutcome> | string {
  const declared = Object.keys(check.parts ?? {});
  if (declared.length === 0) return "ended with parts, but declares none";
  if (typeof given !== "object" || given === null) return "declares parts, but did not end with parts()";
  const missing = declared.filter((id) => !Object.hasOwn(given, id));
  if (missing.length > 0) return `said nothing of its part ${missing.join(", ")}`;
  const unknown = Object.keys(given).filter((id) => !declared.includes(id));
  if (unknown.length > 0) return `ended with the part ${unknown.join(", ")}, which it does not declare`;
  const each: Record<string, PartOutcome> = {};
  for (const id of declared) {
    const { state, code } = ((given as Record<string, unknown>)[id] ?? {}) as Record<string, unknown>;
    if (state === "pass") each[id] = { state };
    else if (state !== "fail") return `returned the state ${JSON.stringify(state)} for its part ${id}`;
    else if (declares(check, code)) each[id] = { state, code };
    else return `failed its part ${id} with the code ${JSON.stringify(code)}, which it does not declare`;
  }
  return each;
}
