import type { Check } from "./check.ts";
import { failureOf } from "./failures.ts";

export interface HintStep {
  /** 1-based. */
  step: number;
  of: number;
  text: string;
  /** Every hint given so far for this failure, this one last. */
  shown: string[];
}

/**
 * The next rung of a failure's hint ladder. `shown`: how many were given before; past the last one it stays on the last.
 * Undefined when the code is not one of this check's.
 */
export function nextHint(check: Check, code: string, shown: number): HintStep | undefined {
  const hints = failureOf(check, code)?.hints;
  if (!hints) return undefined;
  const step = Math.min(Math.max(shown, 0) + 1, hints.length);
  return { step, of: hints.length, text: hints[step - 1] as string, shown: hints.slice(0, step) };
}
