import { systemClock } from "../clock.ts";
import type { Check } from "../core/check.ts";
import { type Checks, groundOf, inOrder } from "../core/needs.ts";
import type { Clock } from "../core/poll.ts";
import type { Looked } from "../core/reports.ts";
import { type BoundScene, settle } from "../core/run.ts";
import type { Blocked, Verdict } from "../core/verdict.ts";

export interface LookOptions {
  scene: BoundScene;
  clock?: Clock;
  /** Told what takes a while: the title of a measuring check, of a hidden one nothing. */
  says?: (what: string) => void;
}

/**
 * Looks at checks for a final verdict each: what they need first, observing ones together, measuring ones one by one. Whatever a
 * check does (throws, hangs, answers nonsense) becomes its own verdict; the others are looked at all the same.
 */
export async function lookAt(checks: Checks, options: LookOptions): Promise<Map<string, Looked>> {
  const { scene, clock = systemClock, says = () => {} } = options;
  const looked = new Map<string, Looked>();
  const look = async (id: string, check: Check): Promise<Verdict> => {
    if (check.mode !== "observe") says(check.hidden ? "a hidden check" : check.title);
    const { verdict, took } = await settle(check, scene, clock);
    looked.set(id, { verdict, at: new Date().toISOString(), took });
    return verdict;
  };
  const seen = await inOrder<Verdict>(checks, look, scene.ahead);
  const blocked = (verdict: Verdict | Blocked): Looked => ({ verdict, at: "", took: 0 });
  return new Map([...seen].map(([id, verdict]) => [id, looked.get(id) ?? blocked(verdict)]));
}

/** These checks with everything they need, in the lab's order. */
export function withGround(all: Checks, ids: readonly string[]): Checks {
  const wanted = new Set(ids.flatMap((id) => [id, ...groundOf(all, id)]));
  return Object.fromEntries(Object.entries(all).filter(([id]) => wanted.has(id)));
}
