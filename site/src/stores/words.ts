import type { CheckState } from "../../../checkers/core/report.ts";

/** The one word for each state, on the page and in what is announced. */
export const stateWord: Record<CheckState, string> = {
  todo: "to do",
  waiting: "waiting",
  blocked: "comes later",
  fail: "not yet",
  pass: "passed",
  error: "could not look",
};

/** "about 6 min", "about 40 s", from milliseconds. */
export const about = (ms: number): string => {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 90) return `about ${seconds < 10 ? seconds : Math.round(seconds / 5) * 5} s`;
  return `about ${Math.round(seconds / 60)} min`;
};

/** "0:42", "12:07", from milliseconds. */
export const clock = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

/** "14:02" in the reader's own time. */
export const timeOf = (iso: string): string =>
  new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;
