import { describe, expect, it } from "vitest";
import { Places, Slots } from "../../../checkers/contract/gates.ts";

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

describe("slots", () => {
  it("are given out in order, the first before all that wait", async () => {
    const slots = new Slots(1);
    const [now, later, next] = [held(), held(), held()];
    const all = [slots.use(now.run), slots.use(later.run), slots.use(next.run, "first")];
    await turns();
    expect([now.began, later.began, next.began]).toEqual([true, false, false]);
    now.end();
    await turns();
    expect([later.began, next.began]).toEqual([false, true]);
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

describe("places", () => {
  it("a run that measures lends its place, and goes on only when it has one again", async () => {
    const places = new Places(1);
    const [measured, other, after] = [held(), held(), held()];
    const first = places.stand(async () => {
      await places.measure(measured.run);
      await after.run();
    }, "last");
    const second = places.stand(other.run, "last");
    await turns();
    expect([measured.began, other.began]).toEqual([true, true]);
    measured.end();
    await turns();
    expect(after.began).toBe(false);
    other.end();
    await turns();
    expect(after.began).toBe(true);
    after.end();
    await Promise.all([first, second]);
  });
  it("measure one at a time, and lend only to the one that measures and one that waits for it", async () => {
    const places = new Places(1);
    const runs = Array.from({ length: 4 }, held);
    const began: number[] = [];
    const all = runs.map((one, n) =>
      places.stand(async () => {
        began.push(n);
        await places.measure(one.run);
      }, "last"),
    );
    await turns();
    expect(began).toEqual([0, 1, 2]);
    expect(runs.map((one) => one.began)).toEqual([true, false, false, false]);
    for (const one of runs) {
      one.end();
      await turns();
    }
    await Promise.all(all);
    expect(began).toEqual([0, 1, 2, 3]);
  });
});
