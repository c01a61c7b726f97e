import { CircleCheck, CircleDashed, CircleX, Clock3, EyeOff, Lock } from "lucide-preact";
import type { CheckState } from "../../../checkers/core/report.ts";
import { stateWord } from "../stores/words.ts";

const glyphs = { todo: CircleDashed, waiting: Clock3, blocked: Lock, fail: CircleX, pass: CircleCheck, error: EyeOff };

/** A state's glyph: each has its own outline, so that it reads without colour. */
export function StateGlyph({ state, size = 18 }: { state: CheckState; size?: number }) {
  const Glyph = glyphs[state];
  return <Glyph size={size} aria-hidden="true" class="glyph" />;
}

/** Glyph and word together. */
export function StateMark({ state }: { state: CheckState }) {
  return (
    <span class="state" data-state={state}>
      <StateGlyph state={state} />
      <span>{stateWord[state]}</span>
    </span>
  );
}
