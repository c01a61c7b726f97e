import { Timer } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { announce } from "../stores/announce.ts";

const two = (value: number): string => String(value).padStart(2, "0");

/** "1:05:09", "4:09". */
export const clockText = (ms: number): string => {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
};

/** Minutes left at which it is said aloud. */
const marks = [30, 10, 5, 1];

/** The time left, counted down between what the server tells. `told`: performance.now() when it told `remaining`. */
export function ExamClock({ remaining, told }: { remaining: number; told: number }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 500);
    return () => clearInterval(timer);
  }, []);
  const left = Math.max(0, remaining - (performance.now() - told));
  const minute = Math.ceil(left / 60_000);
  useEffect(() => {
    if (marks.includes(minute)) announce(`${minute} ${minute === 1 ? "minute" : "minutes"} left.`);
  }, [minute]);
  return (
    <span class="exam-clock" data-short={left < 300_000 || undefined} role="timer" aria-label="Time left">
      <Timer size={18} aria-hidden="true" />
      {clockText(left)}
    </span>
  );
}
