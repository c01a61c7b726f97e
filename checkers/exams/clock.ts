import { readFileSync } from "node:fs";
import { uptime } from "node:os";

/** One moment by both of the machine's clocks. Only differences of `mono` within one `boot` mean anything. */
export interface Instant {
  /** Milliseconds since 1970, as the wall clock says, which anybody can set. */
  wall: number;
  /** Milliseconds since the machine was started, sleep included; nobody sets it. */
  mono: number;
  /** Which start of the machine: the kernel's boot id. */
  boot: string;
}

export type Now = () => Instant;

let boot: string | undefined;

/** The kernel's id of this boot. Where there is none, one word: a monotonic clock that went back then tells that the machine was restarted. */
function bootId(): string {
  try {
    boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    boot = "unknown";
  }
  return boot;
}

export const now: Now = () => ({ wall: Date.now(), mono: Math.round(uptime() * 1_000), boot: bootId() });

/** Something about the clocks that whoever reads the result must know. */
export interface Oddity {
  kind: "back" | "forward" | "restart" | "restart-back";
  /** ISO time by the wall clock as it was read. */
  at: string;
  says: string;
}

/** Milliseconds that the wall clock may differ from the monotonic one over a span: it is slewed by up to 500 ppm, and read a moment later. */
const tolerance = (span: number): number => Math.max(2_000, span / 1_000);

const words = (ms: number): string => {
  const seconds = Math.round(Math.abs(ms) / 1_000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
};

/**
 * How long it was from the first of these moments to the last, in milliseconds, and what the clocks did meanwhile. Within one boot the monotonic
 * clock counts, whatever the wall clock says. Over a restart the wall clock counts, since time goes on while a machine is off; one that went back
 * then gives nothing: at least the time since the restart has passed.
 */
export function reckon(moments: readonly Instant[]): { elapsed: number; oddities: Oddity[] } {
  let elapsed = 0;
  const oddities: Oddity[] = [];
  for (const [index, next] of moments.entries()) {
    const before = moments[index - 1];
    if (!before) continue;
    const wall = next.wall - before.wall;
    const mono = next.mono - before.mono;
    const at = new Date(next.wall).toISOString();
    if (next.boot === before.boot && mono >= 0) {
      elapsed += mono;
      const drift = wall - mono;
      if (Math.abs(drift) <= tolerance(mono)) continue;
      const how = drift < 0 ? "back" : "forward";
      oddities.push({
        kind: how,
        at,
        says: `The wall clock was set ${how} by ${words(drift)}; the exam's time is counted without it.`,
      });
      continue;
    }
    const counted = Math.max(wall, next.mono, 0);
    elapsed += counted;
    oddities.push(
      wall >= next.mono - tolerance(next.mono)
        ? {
            kind: "restart",
            at,
            says: `The machine was restarted; the ${words(counted)} until it was seen again are counted by the wall clock.`,
          }
        : {
            kind: "restart-back",
            at,
            says: `The machine was restarted and its wall clock is ${wall < 0 ? `${words(wall)} behind` : "behind"} what it was; only the ${words(counted)} since the restart could be counted. How long it was off is not known.`,
          },
    );
  }
  return { elapsed, oddities };
}
