import type { ChainedRow } from "../core/chain.ts";
import type { Check } from "../core/check.ts";
import { type Evidence, fail, pass } from "../core/verdict.ts";
import type { LoadedLab } from "../labs.ts";

/**
 * The lab with its process checks answered from the learner's record: what happened there cannot be looked at again here. Passed once is passed.
 * Whether any of it counts is the policy's business.
 */
export function withRecord(lab: LoadedLab, verdicts: readonly ChainedRow[]): LoadedLab {
  return {
    ...lab,
    checks: (namespace, seed) =>
      Object.fromEntries(
        Object.entries(lab.checks(namespace, seed)).map(([id, check]) => [
          id,
          check.evidence === "process"
            ? attested(
                check,
                verdicts.filter((row) => row.check === id),
              )
            : check,
        ]),
      ),
  };
}

function attested(check: Check, rows: readonly ChainedRow[]): Check {
  const passed = rows.find(({ state }) => state === "pass");
  const last = rows.at(-1);
  const evidence: Evidence = {
    path: "the learner's record",
    expected: "passed at some time",
    actual: passed
      ? `passed at ${passed.at}, as the learner's machine attests`
      : last
        ? `never passed; last ${last.state}${last.code ? ` (${last.code})` : ""} at ${last.at}`
        : "no entry",
  };
  const codes = Object.entries(check.failures);
  const code =
    (last?.code !== undefined && Object.hasOwn(check.failures, last.code) ? last.code : undefined) ??
    codes.find(([, { untouched }]) => untouched)?.[0] ??
    codes[0]?.[0] ??
    "";
  const parts = Object.fromEntries(
    Object.keys(check.parts ?? {}).map((id) => [
      id,
      passed ? { state: "pass" as const } : { state: "fail" as const, code },
    ]),
  );
  return {
    ...check,
    mode: "observe",
    observe: async () => ({
      ...(passed ? pass(evidence) : fail(code, evidence)),
      ...(check.parts && { parts }),
    }),
  };
}
