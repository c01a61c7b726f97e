import { describe, expect, test } from "vitest";
import type { Scene, TrafficSample } from "../../checkers/core/check.ts";
import { LookError } from "../../checkers/core/errors.ts";
import type { PrometheusAnswer, PrometheusSeries } from "../../checkers/core/metrics.ts";
import { atLeast, risksOf, tenPercent } from "../../checkers/probes/share.ts";
import { budget } from "../../labs/11-canary/checks/budget.ts";
import { canaryShare } from "../../labs/11-canary/checks/canary-share.ts";
import { attempts, increases } from "../../labs/11-canary/checks/counters.ts";
import { errorRate } from "../../labs/11-canary/checks/error-rate.ts";
import { ownCount } from "../../labs/11-canary/checks/own-count.ts";
import { facts } from "../../labs/11-canary/facts.ts";

const f = facts(1, "lab-11");
const series = (version: string, status: string, points: [number, number][]): PrometheusSeries => ({
  labels: { version, status },
  points,
});

/** As much of a scene as checks of counters and answers look at. */
function scene(answers: Record<string, string>, counted: PrometheusAnswer<PrometheusSeries[]>): Scene {
  return {
    facts: f,
    namespace: f.namespace,
    learner: { answer: async (key: string) => answers[key] },
    cluster: { get: async () => undefined, list: async () => [] },
    probes: { prometheus: () => ({ query: async () => counted }) },
  } as unknown as Scene;
}
const gave = (...value: PrometheusSeries[]): PrometheusAnswer<PrometheusSeries[]> => ({
  ok: true,
  value,
  warnings: [],
});
const said = async (check: ReturnType<typeof budget>, at: Scene): Promise<string> => {
  const outcome = await check.observe(at);
  return outcome.state === "fail" ? outcome.code : outcome.state;
};

describe("what was counted", () => {
  test("a series counts from zero, and from zero again after a restart", () => {
    const found = increases([
      series("2.1", "200", [
        [10, 4],
        [15, 9],
        [20, 2],
      ]),
    ]);
    expect(found.map(({ by }) => by)).toEqual([4, 5, 2]);
  });
  test("a pause of more than 45 s begins another attempt; other versions do not count", () => {
    const found = attempts(
      increases([
        series("2.1", "200", [
          [100, 8],
          [105, 16],
          [200, 20],
        ]),
        series("2.1", "500", [
          [105, 3],
          [200, 3],
          [205, 4],
        ]),
        series("2.0", "500", [[105, 50]]),
      ]),
      "2.1",
    );
    expect(found).toEqual([
      { from: 100, to: 105, requests: 19, failed: 3 },
      { from: 200, to: 205, requests: 5, failed: 1 },
    ]);
  });
});

describe("the error budget", () => {
  const now = Math.floor(Date.now() / 1000);
  const failures = (at: number, n: number) =>
    gave(series("2.1", "200", [[at, 4 * n]]), series("2.1", "500", [[at, n]]));

  test("is the objective's share of the planned requests", () => {
    expect(Math.round((f.planned * (100 - f.objective)) / 100)).toBe(f.budget);
    expect(f.rate * f.window).toBe(f.planned);
  });
  test("is kept with exactly as many failures as it has, and not with one more", async () => {
    expect(await said(budget(f), scene({}, failures(now - 60, f.budget)))).toBe("pass");
    expect(await said(budget(f), scene({}, failures(now - 60, f.budget + 1)))).toBe("overspent");
  });
  test("is not judged while the release serves, unless it is gone already", async () => {
    expect(await said(budget(f), scene({}, failures(now - 2, 5)))).toBe("waiting");
    expect(await said(budget(f), scene({}, failures(now - 2, f.budget + 1)))).toBe("overspent");
  });
  test("counts the last attempt only", async () => {
    const twice = gave(
      series("2.1", "500", [
        [now - 300, 90],
        [now - 100, 95],
      ]),
    );
    expect(await said(budget(f), scene({}, twice))).toBe("pass");
  });
  test("has cost nothing where nothing was counted", async () => {
    expect(await said(budget(f), scene({}, gave()))).toBe("not-shipped");
  });
  test("could not be looked at where Prometheus is down", async () => {
    const down = { ok: false, problem: "not-answering", says: "no endpoints available" } as const;
    await expect(budget(f).observe(scene({}, down))).rejects.toThrow(LookError);
  });
});

describe("the error rate handed in", () => {
  const counted = gave(
    series("2.1", "200", [[100, 80]]),
    series("2.1", "500", [[100, 20]]),
    series("2.0", "200", [[100, 900]]),
  );
  test.each([
    ["20", "pass"],
    ["19,5 %", "pass"],
    ["about 25", "pass"],
    ["2", "overall"],
    ["80", "wrong"],
    ["0.2", "fraction"],
    ["45", "wrong"],
    ["NaN", "no-number"],
    ["a lot", "no-number"],
  ])("%s: %s", async (typed, expected) => {
    expect(await said(errorRate(f), scene({ "error-rate": typed }, counted))).toBe(expected);
  });
  /** So few that the interval reaches down to the rate over all versions, which is one percent. */
  const few = gave(
    series("2.1", "200", [[100, 25]]),
    series("2.1", "500", [[100, 2]]),
    series("2.0", "200", [[100, 173]]),
  );
  test.each([
    ["7.4", "pass"],
    ["4", "pass"],
    ["1", "overall"],
    ["2.1", "overall"],
    ["0.074", "fraction"],
  ])("of few requests, %s: %s", async (typed, expected) => {
    expect(await said(errorRate(f), scene({ "error-rate": typed }, few))).toBe(expected);
  });
  test.each([
    ["1.4", "overall"],
    ["16.7", "pass"],
  ])("of a release that one scrape saw, other pods being scraped at other moments, %s: %s", async (typed, expected) => {
    const brief = gave(
      series("2.1", "200", [[100, 25]]),
      series("2.1", "500", [[100, 5]]),
      series("2.0", "200", [
        [88, 100],
        [98, 200],
        [103, 330],
      ]),
    );
    expect(await said(errorRate(f), scene({ "error-rate": typed }, brief))).toBe(expected);
  });
  test("nothing entered; nothing counted", async () => {
    expect(await said(errorRate(f), scene({}, counted))).toBe("none-entered");
    expect(await said(errorRate(f), scene({ "error-rate": "20" }, gave()))).toBe("nothing-counted");
  });
});

describe("the learner's own count", () => {
  test.each([
    ["20", "pass"],
    ["18 of 200", "pass"],
    ["0", "pinned"],
    ["200", "pinned"],
    ["180", "turned"],
    ["52", "outside"],
    ["7", "outside"],
    ["10.5", "no-number"],
    ["201", "no-number"],
    ["-3", "no-number"],
  ])("%s: %s", async (typed, expected) => {
    expect(await said(ownCount(f), scene({ "own-count": typed }, gave()))).toBe(expected);
  });
  test("its bounds leave out a true count about once in a thousand", () => {
    const chances = atLeast(f.own, 0.1);
    expect(1 - (chances[8] ?? 0) + (chances[35] ?? 0)).toBeLessThan(0.0015);
  });
});

describe("the share", () => {
  test("is decided by the plan the text states", () => {
    expect([f.sample, f.least, f.most]).toEqual([tenPercent.n, tenPercent.least, tenPercent.most]);
    const { wrongFail, wrongPassBelow, wrongPassAbove } = risksOf(tenPercent, 0.05, 0.2);
    expect(Math.max(wrongFail, wrongPassBelow, wrongPassAbove)).toBeLessThan(0.001);
  });
  test("of a tenth is missed by the glance less than once in 30,000", () => {
    expect(0.9 ** f.glance).toBeLessThan(1 / 30_000);
  });
});

describe("the share, decided on what a gateway answers", () => {
  const long = new Date(Date.now() - 60_000).toISOString();
  const route = {
    metadata: { name: f.route, generation: 3, managedFields: [{ time: long }] },
    spec: {
      parentRefs: [{ name: f.gateway }],
      hostnames: [f.host],
      rules: [{ backendRefs: [{ name: "a", weight: 90 }] }],
    },
    status: { parents: [{ conditions: [{ type: "Accepted", status: "True", observedGeneration: 3 }] }] },
  };
  const pod = (name: string) => ({
    metadata: { name },
    spec: { containers: [{ image: `${f.repository}:2.0` }] },
    status: { conditions: [{ type: "Ready", status: "True" }], containerStatuses: [{ state: { running: {} } }] },
  });
  /** Answers in these shares, whatever is asked; "unknown" came from no pod. */
  const place = (
    shares: Record<string, number>,
    routes: unknown[] = [route],
    pods = { old: "1.0", young: "2.0" },
  ): Scene =>
    ({
      ...scene({}, gave()),
      cluster: {
        get: async () => undefined,
        list: async ({ plural }: { plural: string }) => (plural === "httproutes" ? routes : Object.keys(pods).map(pod)),
      },
      probes: {
        podGet: async (name: string) => ({
          status: 200,
          body: "",
          headers: { "x-version": pods[name as keyof typeof pods] },
        }),
        traffic: async ({ n }: { n: number }): Promise<TrafficSample> => ({
          sent: n,
          statuses: { 200: n },
          pods: {},
          versions: Object.fromEntries(
            Object.entries(shares).map(([version, hits]) => [version, Math.round((hits * n) / tenPercent.n)]),
          ),
        }),
      },
    }) as unknown as Scene;
  const of = (hits: number) => ({ "1.0": tenPercent.n - hits, "2.0": hits });

  test.each([
    [85, "too-little"],
    [86, "pass"],
    [157, "pass"],
    [158, "too-much"],
    [300, "too-much"],
    [1_080, "turned"],
  ])("%i of 1,200: %s", async (hits, expected) => {
    expect(await said(canaryShare(f), place(of(hits)))).toBe(expected);
  });
  test("the newer version is the one with the higher number, not the later in the alphabet", async () => {
    expect(await said(canaryShare(f), place({ "9.0": 1_080, "10.0": 120 }))).toBe("pass");
  });
  test("one version, with or without another one ready; none; three; part of them lost", async () => {
    expect(await said(canaryShare(f), place({ "1.0": 1_200 }))).toBe("missed");
    expect(await said(canaryShare(f), place({ "1.0": 1_200 }, [route], { old: "1.0", young: "1.0" }))).toBe(
      "one-version",
    );
    expect(await said(canaryShare(f), place({ unknown: 1_200 }))).toBe("no-answer");
    expect(await said(canaryShare(f), place(of(120), []))).toBe("no-answer");
    expect(await said(canaryShare(f), place({ "1.0": 960, "2.0": 120, "2.2": 120 }))).toBe("three");
    expect(await said(canaryShare(f), place({ "1.0": 1_080, unknown: 120 }))).toBe("lost");
  });
  test("could not be looked at where the gateway itself does not answer", async () => {
    const silent = place(of(120));
    silent.probes.traffic = async ({ n }) => ({
      sent: n,
      statuses: { 0: n },
      pods: {},
      versions: {},
      firstError: "timeout",
    });
    await expect(canaryShare(f).observe(silent)).rejects.toThrow(LookError);
  });
  test("is not measured while the gateway has an older route, or has only just got this one", async () => {
    const behind = { ...route, metadata: { ...route.metadata, generation: 4 } };
    expect(await said(canaryShare(f), place(of(120), [behind]))).toBe("waiting");
    const fresh = { ...route, metadata: { ...route.metadata, managedFields: [{ time: new Date().toISOString() }] } };
    expect(await said(canaryShare(f), place(of(120), [fresh]))).toBe("waiting");
  });
});
