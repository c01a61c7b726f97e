import type { Check, Mode } from "./check.ts";
import type { Blocked } from "./verdict.ts";

export type Checks = Readonly<Record<string, Check>>;

/** What is wrong with who needs whom: ids that are no check, and circles, which nobody could ever enter. */
export function needsProblems(checks: Checks): { check: string; says: string; todo: string }[] {
  const known = Object.keys(checks);
  const problems: { check: string; says: string; todo: string }[] = [];
  for (const [id, check] of Object.entries(checks)) {
    for (const need of check.needs ?? []) {
      if (!Object.hasOwn(checks, need)) {
        problems.push({
          check: id,
          says: `needs "${need}", which is no check`,
          todo: `Checks: ${known.join(", ")}.`,
        });
      } else if (checks[need]?.hidden && !check.hidden) {
        problems.push({
          check: id,
          says: `needs the hidden check "${need}"`,
          todo: "A learner cannot be told to wait for what they do not see: let it need a visible one, or hide it too.",
        });
      }
    }
    const circle = circleFrom(checks, id);
    if (circle) {
      problems.push({
        check: id,
        says: `needs itself: ${circle.join(" needs ")}`,
        todo: "Nothing in such a circle could ever be looked at. Take the need away that is not one.",
      });
    }
  }
  return problems;
}

/** The way from a check back to itself, or undefined. */
function circleFrom(checks: Checks, start: string): string[] | undefined {
  const seen = new Set<string>();
  const walk = (id: string, way: string[]): string[] | undefined => {
    for (const need of needsOf(checks, id)) {
      if (need === start) return [...way, need];
      if (seen.has(need)) continue;
      seen.add(need);
      const found = walk(need, [...way, need]);
      if (found) return found;
    }
    return undefined;
  };
  return walk(start, [start]);
}

const needsOf = (checks: Checks, id: string): readonly string[] =>
  (Object.hasOwn(checks, id) ? checks[id]?.needs : undefined) ?? [];

/** Everything a check needs, directly or through others, without itself. */
export function groundOf(checks: Checks, id: string): Set<string> {
  const found = new Set<string>();
  const add = (one: string): void => {
    for (const need of needsOf(checks, one)) {
      if (need === id || found.has(need)) continue;
      found.add(need);
      add(need);
    }
  };
  add(id);
  return found;
}

/** Which of the checks it needs have not passed. */
export const unmet = (check: Check, passed: (id: string) => boolean): string[] =>
  (check.needs ?? []).filter((id) => !passed(id));

/**
 * Looks at every check once, what it needs first. Observing ones go together, each as soon as its ground is settled; then measuring ones
 * one by one; those that disturb last, because they would falsify what the others see. Of either, one that may run beside others goes first
 * while somebody is `ahead` of who wants to be alone; while just one is, so does one that has something to make ready meanwhile. A check whose ground does not pass is not looked at: it is blocked. Results come in the order of `checks`.
 */
export async function inOrder<V extends { state: string }>(
  checks: Checks,
  look: (id: string, check: Check) => Promise<V>,
  ahead: () => number = () => 0,
): Promise<Map<string, V | Blocked>> {
  const seen = new Map<string, V | Blocked>();
  const left = new Map(Object.entries(checks));
  const passed = (id: string): boolean => seen.get(id)?.state === "pass";
  const block = (id: string, check: Check): void => {
    left.delete(id);
    seen.set(id, { state: "blocked", needs: unmet(check, passed), evidence: [] });
  };
  const ready = (mode: Mode): string[] => {
    for (let changed = true; changed; ) {
      changed = false;
      for (const [id, check] of left) {
        if (!(check.needs ?? []).every((need) => seen.has(need)) || unmet(check, passed).length === 0) continue;
        block(id, check);
        changed = true;
      }
    }
    return [...left].filter(([, check]) => check.mode === mode && unmet(check, passed).length === 0).map(([id]) => id);
  };
  const run = async (id: string): Promise<void> => {
    const check = left.get(id) as Check;
    left.delete(id);
    seen.set(id, await look(id, check));
  };
  const observe = async (): Promise<void> => {
    await Promise.all(
      ready("observe").map(async (id) => {
        await run(id);
        await observe();
      }),
    );
  };
  const first = (ids: readonly string[]): string | undefined => {
    const others = ahead();
    const begins = ({ alone }: Check): boolean => alone === false || others === 0 || (alone === "load" && others === 1);
    return ids.find((id) => begins(checks[id] as Check)) ?? ids[0];
  };
  for (;;) {
    await observe();
    const next = first(ready("sample")) ?? first(ready("disturb"));
    if (next === undefined) break;
    await run(next);
  }
  // What is left needs something that is not there, or itself: the contract tells the author.
  for (const [id, check] of [...left]) block(id, check);
  return new Map(Object.keys(checks).map((id) => [id, seen.get(id) as V | Blocked]));
}
