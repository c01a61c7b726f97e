import { describe, expect, test } from "vitest";
import { refuser } from "../../labs/07-requests-limits-and-quotas/ask.ts";
import { beyond, hardOf } from "../../labs/07-requests-limits-and-quotas/checks/quota.ts";
import { facts } from "../../labs/07-requests-limits-and-quotas/facts.ts";
import { amount, same } from "../../labs/07-requests-limits-and-quotas/quantities.ts";
import { between, median, parseCpuStat, share } from "../../labs/07-requests-limits-and-quotas/throttling.ts";

const f = facts(1, "lab-07");

describe("amount", () => {
  test.each([
    ["100m", 0.1],
    ["0.1", 0.1],
    ["1", 1],
    ["1500m", 1.5],
    ["1e3", 1000],
    ["128Mi", 128 * 2 ** 20],
    ["128M", 128e6],
    ["64Gi", 64 * 2 ** 30],
    [".5Gi", 2 ** 29],
    ["90310m", 90.31],
    [8, 8],
  ])("%s", (quantity, expected) => {
    expect(amount(quantity)).toBeCloseTo(expected, 9);
  });

  test.each(["", "abc", "12 Gi", "1KiB", undefined])("%s is none", (quantity) => {
    expect(amount(quantity)).toBeNaN();
  });

  test("spelling doesn't matter, the amount does", () => {
    expect(same("65536Mi", "64Gi")).toBe(true);
    expect(same("0.1", "100m")).toBe(true);
    expect(same("200G", "200Gi")).toBe(false);
    expect(same(undefined, undefined)).toBe(false);
  });
});

describe("a container's CPU accounting", () => {
  test("cgroup v2: one file, in microseconds", () => {
    const text =
      "usage_usec 311902\nuser_usec 201000\nsystem_usec 110902\nnr_periods 33\nnr_throttled 26\nthrottled_usec 1964386\n";
    expect(parseCpuStat(text)).toEqual({ periods: 33, throttled: 26, used: 311.902 });
  });
  test("cgroup v1: two files, in nanoseconds", () => {
    const text =
      "nr_periods 33\nnr_throttled 26\nthrottled_time 1964386135\nnr_bursts 0\nburst_time 0\nusage_nsec 311902289\n";
    expect(parseCpuStat(text)).toEqual({ periods: 33, throttled: 26, used: 311.902289 });
  });
  test("cgroup v2 without a limit counts no periods", () => {
    const stat = parseCpuStat("usage_usec 5000\nuser_usec 4000\nsystem_usec 1000\n");
    expect(stat).toEqual({ periods: 0, throttled: 0, used: 5 });
    expect(share(stat!)).toBe(0);
  });
  test.each(["", "cat: can't open '/sys/fs/cgroup/cpu.stat'", "usage_nsec \n"])("%j is none", (text) => {
    expect(parseCpuStat(text)).toBeUndefined();
  });
  test("the share is of what happened in between", () => {
    const after = { periods: 83, throttled: 65, used: 775 };
    expect(share(between({ periods: 33, throttled: 26, used: 312 }, after))).toBeCloseTo(78);
  });
  test("median", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});

// The API server's own words, as a 1.34 gave them.
describe("refuser", () => {
  test.each([
    ['pods "a" is forbidden: maximum cpu usage per Container is 16, but limit is 101', "limit-range"],
    [
      'pods "a" is forbidden: [minimum cpu usage per Container is 100m, but request is 50m, minimum memory usage per Container is 128Mi, but request is 64Mi]',
      "limit-range",
    ],
    ['pods "a" is forbidden: minimum cpu usage per Pod is 100m. No request is specified', "limit-range"],
    [
      'pods "a" is forbidden: exceeded quota: ml-team-quota, requested: requests.cpu=105, used: requests.cpu=350m, limited: requests.cpu=100',
      "quota",
    ],
    [
      'pods "a" is forbidden: failed quota: ml-team-quota: must specify limits.cpu for: bare; limits.memory for: bare; requests.cpu for: bare',
      "quota-wants-values",
    ],
    [
      'Pod "a" is invalid: spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
      "other",
    ],
    ['pods "a" is forbidden: error looking up service account x/ml-team: serviceaccount "ml-team" not found', "other"],
  ])("%s", (message, expected) => {
    expect(refuser(message)).toBe(expected);
  });
});

describe("a pod just beyond the quota", () => {
  const hard = hardOf(f);
  const measured = ["requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "requests.nvidia.com/gpu"];
  // Nothing used, a little, and nearly all of it.
  const cases = measured.flatMap((resource) => [1, 0.9, 0.031].map((part) => [resource, part] as const));

  test.each(cases)("%s, %d of it left", (resource, part) => {
    const left = amount(hard[resource]) * part;
    const containers = beyond(f, resource, left);
    const sum = (kind: "requests" | "limits", what: string): number =>
      containers.reduce((total, one) => total + (amount(one[kind]?.[what] ?? "0") || 0), 0);
    const [kind, ...rest] = resource.split(".");
    const what = rest.join(".");
    expect(sum(kind as "requests", what)).toBeGreaterThan(left);
    for (const one of containers) {
      for (const values of [one.requests, one.limits]) {
        expect(amount(values?.cpu)).toBeGreaterThanOrEqual(amount(f.minCpu));
        expect(amount(values?.cpu)).toBeLessThanOrEqual(amount(f.maxCpu));
        expect(amount(values?.memory)).toBeGreaterThanOrEqual(amount(f.minMemory));
        expect(amount(values?.memory)).toBeLessThanOrEqual(amount(f.maxMemory));
      }
    }
    // It offends no other value, were that one unused: so it is this one that is being tried.
    for (const other of measured.filter((one) => one !== resource)) {
      const [part, ...name] = other.split(".");
      expect(sum(part as "requests", name.join(".")), other).toBeLessThanOrEqual(amount(hard[other]));
    }
  });
});
