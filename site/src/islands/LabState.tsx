import { $progress } from "../stores/socket.ts";
import { StateGlyph } from "./StateMark.tsx";
import { useLive } from "./useLive.ts";

/** A lab's state on the course map: glyph, word and points. */
export default function LabState({ lab, points }: { lab: string; points: number }) {
  const progress = useLive($progress)[lab];
  const earned = progress?.earned ?? 0;
  const done = progress !== undefined && earned >= points;
  const state = done ? "pass" : progress?.visitedAt || earned > 0 ? "waiting" : "todo";
  // What the workbook did is told as such, and is nobody's pass.
  const marked = progress?.marked === "solved" ? "solved by the workbook" : progress?.marked;
  const word = done ? "done" : (marked ?? (state === "waiting" ? "under way" : "to do"));
  return (
    <span class="lab-state">
      <span class="lab-points">
        {earned} / {points}
      </span>
      <span class="state" data-state={state === "waiting" ? "live" : state}>
        <StateGlyph state={state} />
        <span>{word}</span>
      </span>
    </span>
  );
}
