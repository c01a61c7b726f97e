import { $progress, $reports } from "../stores/socket.ts";
import { useLive } from "./useLive.ts";

/** Points so far in this lab; what was passed once stays counted. */
export default function Points({ lab, points }: { lab: string; points: number }) {
  const report = useLive($reports)[lab];
  const best = useLive($progress)[lab]?.earned ?? 0;
  const earned = Math.max(best, report?.earned ?? 0);
  return (
    <span class="points" title="Points so far in this lab">
      <b>{earned}</b> / {points} <span class="points-word">points</span>
    </span>
  );
}
