import type { Attempt, Entry, ExamBook } from "./book.ts";
import { type Instant, type Oddity, reckon } from "./clock.ts";

export type EndedBy = "submitted" | "time-up" | "abandoned";

/** Where an attempt stands at a moment, all of it read off its journal. */
export interface Standing {
  phase: "preparing" | "running" | "ended";
  /** Milliseconds: what it may take, what it took, what is left. */
  limit: number;
  elapsed: number;
  remaining: number;
  /** ISO times by the wall clock. */
  startedAt?: string;
  endedAt?: string;
  endedBy?: EndedBy;
  /** Milliseconds after its time was up that the end was noticed: nothing ran then that could have. */
  noticedLate?: number;
  oddities: Oddity[];
  /** Tasks flagged to come back to. */
  flags: string[];
}

/** Milliseconds after the end of its time within which an end is still on time: the course looks every second. */
const onTime = 5_000;

/** Reads off a journal where the attempt stands now. The clock runs from its start to its end, over crashes and restarts. */
export function standing(minutes: number, entries: readonly Entry[], now: Instant): Standing {
  const limit = minutes * 60_000;
  const first = entries.findIndex(({ kind }) => kind === "start");
  const last = entries.findIndex(({ kind }) => kind === "end");
  const end = entries[last];
  const flags = new Set<string>();
  for (const { kind, data } of entries) {
    if (kind === "flag" && data !== undefined) flags.add(data);
    if (kind === "unflag" && data !== undefined) flags.delete(data);
  }
  const moments =
    first < 0
      ? []
      : [...entries.slice(first, last < 0 ? undefined : last + 1).map(({ instant }) => instant), ...(end ? [] : [now])];
  const { elapsed, oddities } = reckon(moments);
  const start = entries[first];
  const late = end ? elapsed - limit : 0;
  return {
    phase: end ? "ended" : start ? "running" : "preparing",
    limit,
    elapsed: Math.min(elapsed, limit),
    remaining: end ? 0 : Math.max(0, limit - elapsed),
    ...(start && { startedAt: new Date(start.instant.wall).toISOString() }),
    ...(end && { endedAt: new Date(end.instant.wall).toISOString(), endedBy: end.data as EndedBy }),
    ...(end && late > onTime && { noticedLate: late }),
    oddities,
    flags: [...flags],
  };
}

/** Milliseconds between two heartbeats. */
const beat = 60_000;

/**
 * Looks at an attempt's clock, and writes down what is due: a heartbeat each minute, and the end once its time is up. Called every second
 * by the course, and by every command. Says whether this very call has ended it.
 */
export function tick(book: ExamBook, attempt: Attempt, now: Instant): { standing: Standing; ended: boolean } {
  const entries = book.journal(attempt.id);
  const seen = standing(attempt.minutes, entries, now);
  if (seen.phase !== "running") return { standing: seen, ended: false };
  if (seen.remaining <= 0) {
    const ended = book.end(attempt.id, { data: "time-up", instant: now });
    return { standing: standing(attempt.minutes, book.journal(attempt.id), now), ended };
  }
  const last = entries.at(-1)?.instant;
  const due = !last || last.boot !== now.boot || Math.abs(now.mono - last.mono) >= beat || now.wall < last.wall;
  if (due) book.add(attempt.id, { kind: "beat", instant: now });
  return { standing: seen, ended: false };
}
