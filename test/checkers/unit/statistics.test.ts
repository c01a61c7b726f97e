import { describe, expect, it } from "vitest";
import { chanceOneUnseen, wilson } from "../../../checkers/probes/statistics.ts";
import { sampleOf } from "../../../checkers/probes/traffic.ts";

/** A fixed sequence of numbers in [0, 1): mulberry32, so that a run that fails fails again. */
const sequence = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

describe("wilson", () => {
  it("gives the textbook's interval", () => {
    const { low, high } = wilson(10, 100);
    expect(low).toBeCloseTo(0.0552, 4);
    expect(high).toBeCloseTo(0.1744, 4);
  });
  it("stays within 0 and 1 at the ends", () => {
    expect(wilson(0, 20)).toMatchObject({ low: 0 });
    expect(wilson(20, 20)).toMatchObject({ high: 1 });
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });
  it("holds the truth about 95 times in 100, simulated", () => {
    const random = sequence(1);
    const rounds = 4_000;
    let held = 0;
    for (let round = 0; round < rounds; round++) {
      let hits = 0;
      for (let i = 0; i < 200; i++) if (random() < 0.1) hits++;
      const { low, high } = wilson(hits, 200);
      if (low <= 0.1 && 0.1 <= high) held++;
    }
    expect(held / rounds).toBeGreaterThan(0.93);
    expect(held / rounds).toBeLessThan(0.975);
  });
});

describe("the chance that a replica stays unseen", () => {
  it("is what the docstring of traffic() says", () => {
    expect(chanceOneUnseen(2, 40)).toBeCloseTo(2 * 2 ** -40, 20);
    expect(1 / chanceOneUnseen(2, 20)).toBeGreaterThan(500_000);
    expect(1 / chanceOneUnseen(4, 40)).toBeGreaterThan(20_000);
    expect(1 / chanceOneUnseen(4, 80)).toBeGreaterThan(2e9);
  });
  it("bounds what a simulation sees", () => {
    const random = sequence(2);
    const rounds = 20_000;
    let missed = 0;
    for (let round = 0; round < rounds; round++) {
      const seen = new Set<number>();
      for (let i = 0; i < 6; i++) seen.add(Math.floor(random() * 2));
      if (seen.size < 2) missed++;
    }
    const bound = chanceOneUnseen(2, 6);
    expect(missed / rounds).toBeGreaterThan(bound * 0.8);
    expect(missed / rounds).toBeLessThan(bound * 1.2);
  });
});

describe("what curl prints", () => {
  const line = (count: number, ...fields: string[]) => `     ${count} ${fields.join("\u001f")}\n`;
  const read = (text: string, n: number) => sampleOf(text, n, 0, "");

  it("is counted by pod, version and status", () => {
    const text = `${line(25, "200", "1", "pod-a", "1.0", "")}${line(15, "200", "1", "pod-b", "1.1", "")}body\n{"ok":1}`;
    expect(read(text, 40)).toEqual({
      sent: 40,
      statuses: { 200: 40 },
      pods: { "pod-a": 25, "pod-b": 15 },
      versions: { "1.0": 25, "1.1": 15 },
      body: '{"ok":1}',
    });
  });
  it("tells refused requests, with the first reason", () => {
    const text = `${line(3, "000", "0", "", "", "Connection refused")}${line(1, "200", "1", "", "", "")}body\n`;
    expect(read(text, 4)).toEqual({
      sent: 4,
      statuses: { 0: 3, 200: 1 },
      pods: { unknown: 1 },
      versions: { unknown: 1 },
      firstError: "Connection refused",
    });
  });
  it("counts what was never answered before time ran out", () => {
    expect(read(`${line(2, "200", "1", "a", "1", "")}body\n`, 5)).toMatchObject({
      statuses: { 200: 2, 0: 3 },
      firstError: "out of time",
    });
  });
  it("refuses a sample in which a connection was reused", () => {
    expect(() => read(`${line(2, "200", "0", "a", "1", "")}body\n`, 2)).toThrow("reused");
  });
  it("says when nothing could be sent", () => {
    expect(() => sampleOf("", 5, 127, "sh: curl: not found")).toThrow("curl: not found");
  });
  it("keeps a body that looks like a line of its own", () => {
    expect(read(`${line(1, "200", "1", "a", "1", "")}body\nbody\nx`, 1).body).toBe("body\nx");
  });
});
