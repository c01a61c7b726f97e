import { describe, expect, test } from "vitest";
import { imageParts } from "../../labs/02-deploy-ml-inference/checks/image-pinned.ts";
import { sampleSize } from "../../labs/02-deploy-ml-inference/checks/traffic.ts";

describe("imageParts", () => {
  test.each([
    ["workbook.local/ml-inference:1.0", "workbook.local/ml-inference", "1.0", undefined],
    ["workbook.local/ml-inference", "workbook.local/ml-inference", undefined, undefined],
    ["registry:5000/ml-inference", "registry:5000/ml-inference", undefined, undefined],
    ["registry:5000/ml-inference:latest", "registry:5000/ml-inference", "latest", undefined],
    ["ml-inference@sha256:abc", "ml-inference", undefined, "sha256:abc"],
    ["workbook.local/ml-inference:1.0@sha256:abc", "workbook.local/ml-inference", "1.0", "sha256:abc"],
  ])("%s", (image, repository, tag, digest) => {
    expect(imageParts(image)).toEqual({ repository, tag, digest });
  });
});

describe("sampleSize", () => {
  /** Chance that some of k healthy pods answers none of n requests, by counting: the coupon collector's exact sum. */
  const missed = (k: number, n: number): number => {
    let chance = 0;
    let choose = 1;
    for (let out = 1; out < k; out++) {
      choose = (choose * (k - out + 1)) / out;
      chance += (out % 2 === 1 ? 1 : -1) * choose * ((k - out) / k) ** n;
    }
    return chance;
  };

  test("the formula agrees with drawing at random", () => {
    let seed = 7;
    // A small generator of its own (Numerical Recipes' LCG), so that the test is the same every time.
    const random = () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 32;
    };
    const tries = 20_000;
    let seen = 0;
    for (let attempt = 0; attempt < tries; attempt++) {
      const pods = new Set(Array.from({ length: 8 }, () => Math.floor(random() * 3)));
      if (pods.size < 3) seen++;
    }
    expect(seen / tries).toBeCloseTo(missed(3, 8), 2);
  });

  test.each([1, 2, 3, 4, 6, 8, 10])("%i healthy pods fail by bad luck less than once in ten million", (pods) => {
    expect(missed(pods, sampleSize(pods, 40))).toBeLessThan(1e-7);
  });

  test("is bounded", () => {
    expect(sampleSize(2, 40)).toBe(40);
    expect(sampleSize(500, 40)).toBe(200);
  });
});
