import { describe, expect, it } from "vitest";
import { systemClock } from "../../../checkers/clock.ts";
import { milliseconds, spoken } from "../../../checkers/core/duration.ts";
import { poll } from "../../../checkers/core/poll.ts";
import { fakeClock } from "../fake-clock.ts";

describe("poll", () => {
  it("looks once when the first answer will do", async () => {
    const clock = fakeClock();
    const polled = await poll(async () => 7, { clock, within: 1_000, done: () => true });
    expect(polled).toEqual({ value: 7, done: true, looks: 1, took: 0 });
    expect(clock.slept).toEqual([]);
  });

  it("backs off 100, 250, 500, 1000, 1000 ms", async () => {
    const clock = fakeClock();
    let looks = 0;
    const polled = await poll(async () => ++looks, { clock, within: 60_000, done: (n) => n === 6 });
    expect(clock.slept).toEqual([100, 250, 500, 1_000, 1_000]);
    expect(polled.took).toBe(2_850);
  });

  it("gives the last observation at the deadline and never starts a look after it", async () => {
    const clock = fakeClock();
    const at: number[] = [];
    const polled = await poll(
      async () => {
        at.push(clock.now());
        return at.length;
      },
      { clock, within: 1_000, done: () => false },
    );
    expect(polled.done).toBe(false);
    expect(polled.value).toBe(at.length);
    expect(at.every((time) => time < 1_000)).toBe(true);
    expect(polled.took).toBe(1_000);
  });

  it("looks once even with no time at all", async () => {
    const polled = await poll(async () => "seen", { clock: fakeClock(), within: 0, done: () => false });
    expect(polled).toMatchObject({ value: "seen", looks: 1, done: false });
  });

  it("ends at once when aborted while it pauses", async () => {
    const stop = new AbortController();
    const began = performance.now();
    setTimeout(() => stop.abort(), 30);
    const polled = await poll(async () => 1, {
      clock: systemClock,
      within: 60_000,
      done: () => false,
      signal: stop.signal,
    });
    expect(polled.done).toBe(false);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it("does not look at all when aborted before", async () => {
    let looked = false;
    const look = async (): Promise<void> => {
      looked = true;
    };
    const polling = poll(look, {
      clock: fakeClock(),
      within: 1,
      done: () => true,
      signal: AbortSignal.abort(new Error("gone")),
    });
    await expect(polling).rejects.toThrow("gone");
    expect(looked).toBe(false);
  });

  it("hands on what the look throws", async () => {
    const polling = poll(() => Promise.reject(new Error("no")), { clock: fakeClock(), within: 1, done: () => true });
    await expect(polling).rejects.toThrow("no");
  });
});

describe("durations", () => {
  it.each([
    ["250ms", 250],
    ["10s", 10_000],
    ["2m", 120_000],
    ["1.5s", 1_500],
  ])("%s is %d ms", (text, ms) => expect(milliseconds(text)).toBe(ms));

  it.each(["10", "s", "-1s", "1h", "", "10 s"])("%j is refused", (text) =>
    expect(() => milliseconds(text)).toThrow("duration"),
  );

  it.each([
    [400, "0.4 s"],
    [12_300, "12 s"],
    [60_000, "1 min"],
    [200_000, "3 min 20 s"],
  ])("%d ms is said %s", (ms, text) => expect(spoken(ms)).toBe(text));
});
