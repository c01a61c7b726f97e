import { afterEach, describe, expect, it, vi } from "vitest";
import { idleMeter, inLane, type Pace, Places, Pool, Slots } from "../../../checkers/contract/gates.ts";

/** A run one ends by hand. */
function held(): { run: () => Promise<void>; began: boolean; end: () => void } {
  const one = { began: false, end: () => {}, run: async (): Promise<void> => {} };
  const ended = new Promise<void>((resolve) => {
    one.end = resolve;
  });
  one.run = () => {
    one.began = true;
    return ended;
  };
  return one;
}
const turns = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await Promise.resolve();
};

afterEach(() => {
  vi.useRealTimers();
});

describe("slots", () => {
  it("are given out in order", async () => {
    const slots = new Slots(1);
    const [now, next, later] = [held(), held(), held()];
    const all = [slots.use(now.run), slots.use(next.run), slots.use(later.run)];
    await turns();
    expect([now.began, next.began, later.began]).toEqual([true, false, false]);
    now.end();
    await turns();
    expect([next.began, later.began]).toEqual([true, false]);
    next.end();
    later.end();
    await Promise.all(all);
  });
  it("come back when a run throws", async () => {
    const slots = new Slots(1);
    await expect(slots.use(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await slots.use(async () => {});
  });
});

describe("doors", () => {
  it("are each had by one run at a time, and handed on", async () => {
    const doors = new Pool([30080, 30081]);
    const places = new Places(8);
    const had: number[] = [];
    const open = new Set<number | undefined>();
    const ends: (() => void)[] = [];
    const run = (nodePort?: number): Promise<void> => {
      expect(open).not.toContain(nodePort);
      open.add(nodePort);
      had.push(nodePort ?? 0);
      return new Promise<void>((resolve) => ends.push(resolve)).then(() => void open.delete(nodePort));
    };
    const all = [1, 2, 3, 4].map(() => inLane({ places, doors }, { door: true, pace: "looks" }, run));
    for (let ended = 0; ended < 4; ended++) {
      await turns();
      expect(open.size).toBe(Math.min(2, 4 - ended));
      ends.shift()?.();
    }
    await Promise.all(all);
    expect(had.toSorted()).toEqual([30080, 30080, 30081, 30081]);
  });
  it("are not asked for by a run that needs none", async () => {
    const given = await inLane(
      { places: new Places(1), doors: new Pool<number>([]) },
      { door: false, pace: "looks" },
      async (nodePort) => nodePort,
    );
    expect(given).toBeUndefined();
  });
});

/** Runs standing in these places, at this pace. */
const standing = (places: Places, count: number, pace: Pace = "looks", at: "next" | "last" = "last") => {
  const runs = Array.from({ length: count }, held);
  return { runs, all: Promise.all(runs.map((one) => places.stand(one.run, pace, at))) };
};
const begun = (runs: readonly { began: boolean }[]): number => runs.filter((one) => one.began).length;
const end = async ({ runs, all }: { runs: readonly { end(): void }[]; all: Promise<unknown> }): Promise<void> => {
  for (const one of runs) {
    one.end();
    await turns();
  }
  await all;
};

describe("places", () => {
  it("there are as many as asked for, and a next one when one ends", async () => {
    const some = standing(new Places(2), 4);
    await turns();
    expect(begun(some.runs)).toBe(2);
    some.runs[0]?.end();
    await turns();
    expect(begun(some.runs)).toBe(3);
    await end(some);
  });

  it("one more every two seconds while the processors have room, up to the most", async () => {
    vi.useFakeTimers();
    let idle = 0.1;
    const some = standing(new Places(2, 4, () => idle), 6);
    await turns();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(begun(some.runs), "busy").toBe(2);
    idle = 0.5;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(begun(some.runs), "one at a time").toBe(3);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(begun(some.runs), "at most").toBe(4);
    some.runs[0]?.end();
    await turns();
    expect(begun(some.runs), "not at once, beyond the least").toBe(4);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(begun(some.runs)).toBe(5);
    await end(some);
    expect(vi.getTimerCount(), "nothing looks on").toBe(0);
  });

  it("six of those that measure, before all that only look", async () => {
    const places = new Places(7);
    const looking = standing(places, 8);
    const measuring = standing(places, 7, "measures");
    await turns();
    expect([begun(looking.runs), begun(measuring.runs)]).toEqual([7, 0]);
    for (const one of looking.runs.slice(0, 7)) one.end();
    await turns();
    expect([begun(looking.runs), begun(measuring.runs)]).toEqual([8, 6]);
    await end(looking);
    expect(begun(measuring.runs), "the seventh waits for one of its own").toBe(6);
    await end(measuring);
  });

  it("two of those that measure where it must be quiet", async () => {
    const measuring = standing(Places.on(2, true), 3, "measures");
    await turns();
    expect(begun(measuring.runs)).toBe(2);
    await end(measuring);
  });

  it("those that wait take nobody's place", async () => {
    const places = new Places(1, 8, () => 0);
    const waiting = standing(places, 4, "waits");
    const looking = standing(places, 2);
    await turns();
    expect([begun(waiting.runs), begun(looking.runs)]).toEqual([3, 1]);
    await end(waiting);
    await end(looking);
  });

  it("what has waited elsewhere is next", async () => {
    const places = new Places(1);
    const [first, later, doored] = [standing(places, 1), standing(places, 1), standing(places, 1, "looks", "next")];
    await end(first);
    expect([begun(later.runs), begun(doored.runs)]).toEqual([0, 1]);
    await end(doored);
    await end(later);
  });

  it("with a number asked for, it is kept to whatever they do", async () => {
    const places = new Places(1);
    const all = [standing(places, 1), standing(places, 1, "waits"), standing(places, 1, "measures")];
    await turns();
    expect(all.map(({ runs }) => begun(runs))).toEqual([1, 0, 0]);
    for (const one of [all[0], all[2], all[1]]) if (one) await end(one);
  });

  it("measure one at a time", async () => {
    const places = new Places(3);
    const runs = Array.from({ length: 2 }, held);
    const all = Promise.all(runs.map((one) => places.stand(() => places.measure(one.run), "measures")));
    expect(places.ahead).toBe(0);
    await turns();
    expect([begun(runs), places.ahead]).toEqual([1, 2]);
    await end({ runs, all });
    expect(places.ahead).toBe(0);
  });
});

describe("the idle meter", () => {
  const read = (user: number, idle: number) => [
    { model: "", speed: 0, times: { user, nice: 0, sys: 0, idle, irq: 0 } },
    { model: "", speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } },
  ];
  it("gives the share since it was last asked", () => {
    let now = read(100, 100);
    const idle = idleMeter(() => now);
    now = read(130, 110);
    expect(idle()).toBeCloseTo(0.25);
    now = read(130, 210);
    expect(idle()).toBeCloseTo(1);
    expect(idle(), "no time has passed").toBe(0);
  });
});
