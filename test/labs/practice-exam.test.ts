import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { behind } from "../../checkers/core/behind.ts";
import { type Cluster, kinds } from "../../checkers/core/port.ts";
import { amount, sameAmount } from "../../checkers/core/quantity.ts";
import { standing } from "../../checkers/core/standing.ts";
import { draw } from "../../checkers/exams/draw.ts";
import { readExamFile } from "../../checkers/exams/exam-file.ts";
import { type LoadedLab, loadLabAt, stationFolders } from "../../checkers/labs.ts";
import { planShare } from "../../checkers/probes/share.ts";

const root = new URL("../../labs", import.meta.url).pathname;
const seeds = [0, 1, 2, 3, 4, 5, 7, 11, 64, 999, 2 ** 31 - 1, 4_294_967_295];

const stations = (): Promise<LoadedLab[]> =>
  Promise.all(
    stationFolders([root])
      .filter(({ exam }) => exam === "practice")
      .map(({ dir, slug }) => loadLabAt(dir, slug)),
  );

describe("amounts", () => {
  test.each([
    ["60m", 0.06],
    ["0.06", 0.06],
    [".5Gi", 2 ** 29],
    ["1e3", 1_000],
    ["128Mi", 128 * 2 ** 20],
    [5, 5],
  ])("%s", (quantity, expected) => expect(amount(quantity)).toBeCloseTo(expected, 9));
  test.each(["", "abc", "12 Gi", "1KiB", "-5", undefined])("%s is none", (quantity) =>
    expect(amount(quantity)).toBeUndefined(),
  );
  test("spelling does not matter, the amount does", () => {
    expect(sameAmount("0.06", "60m")).toBe(true);
    expect(sameAmount("131072Ki", "128Mi")).toBe(true);
    expect(sameAmount("128M", "128Mi")).toBe(false);
    expect(sameAmount(undefined, undefined)).toBe(false);
  });
});

/** A cluster that has these objects, by plural. */
const clusterOf = (objects: Record<string, { metadata?: { name?: string } }[]>): Cluster => ({
  get: async <T>(kind: { plural: string; readonly type?: T }, name: string) =>
    (objects[kind.plural] ?? []).find(({ metadata }) => metadata?.name === name) as T | undefined,
  list: async <T>(kind: { plural: string; readonly type?: T }) => (objects[kind.plural] ?? []) as T[],
});

describe("behind a Service", () => {
  const slice = (name: string, ready: boolean | undefined, port: number) => ({
    metadata: { name: `slice-${name}` },
    endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready }, targetRef: { kind: "Pod", name } }],
    ports: [{ port }],
  });
  test("ready pods, each once, and their ports; a condition that is not there counts as ready", async () => {
    const cluster = clusterOf({
      services: [{ metadata: { name: "front" } }],
      endpointslices: [slice("b", true, 80), slice("a", undefined, 80), slice("a", true, 81), slice("c", false, 80)],
    });
    expect(await behind(cluster, "front")).toMatchObject({ ready: ["a", "b"], ports: [80, 81] });
  });
  test("nothing where there is no such Service", async () => {
    expect(await behind(clusterOf({}), "front")).toBeUndefined();
  });
});

test("a Deployment that is not there does not stand", async () => {
  const found = await standing(clusterOf({ [kinds.Deployment.plural]: [] }), "model");
  expect(found).toMatchObject({ stuck: { object: "deployment/model", actual: "not found" } });
});

describe("the bank", () => {
  test("draws within half a task of each domain's weight, in the time there is, and not the same for every seed", async () => {
    const read = readExamFile(join(root, "exams/practice"));
    if ("problems" in read) throw new Error(read.problems.join("; "));
    const { domains, draw: count = 0, minutes } = read.file;
    const bank = (await stations()).map(({ number, definition }) => ({ id: number, ...definition }));
    const drawn = seeds.map((seed) => {
      const found = draw(bank, domains, count, seed);
      if ("problem" in found) throw new Error(found.problem);
      const tasks = bank.filter(({ id }) => found.ids.includes(id));
      expect(tasks).toHaveLength(count);
      for (const [domain, weight] of Object.entries(domains)) {
        const share = tasks.filter((one) => one.domain === domain).length;
        expect(Math.abs(share - (count * weight) / 100), `${domain} seed ${seed}`).toBeLessThanOrEqual(0.5);
      }
      expect(tasks.reduce((sum, one) => sum + one.minutes, 0)).toBeLessThanOrEqual(minutes);
      return found.ids.join();
    });
    expect(new Set(drawn).size).toBeGreaterThan(3);
  });

  test("gives every seed facts that Kubernetes takes as names and ports", async () => {
    for (const lab of await stations()) {
      for (const seed of seeds) {
        const facts = lab.facts("exam-practice-01", seed);
        for (const [key, value] of Object.entries(facts)) {
          expect(value, `${lab.slug} ${key} seed ${seed}`).toSatisfy((one) =>
            typeof one === "number" ? Number.isFinite(one) && one > 0 : typeof one === "string" && one !== "",
          );
        }
        expect(facts.name, lab.slug).toMatch(/^[a-z][a-z0-9-]{0,30}$/);
        expect(Object.keys(lab.checks("exam-practice-01", seed)).length, lab.slug).toBeGreaterThan(0);
      }
    }
  });

  test("canaries: every share can be told from its neighbors with few requests", async () => {
    const lab = (await stations()).find(({ slug }) => slug.endsWith("canary")) as LoadedLab;
    for (const seed of seeds) {
      const { percent, total, canaryPods, stablePods } = lab.facts("any", seed) as Record<string, number>;
      expect(canaryPods! + stablePods!).toBe(total);
      expect((100 * canaryPods!) / total!).toBe(percent);
      expect(planShare(percent! / 100, percent! / 100 - 0.09, percent! / 100 + 0.11).n).toBeLessThanOrEqual(1_200);
    }
  });

  test("the objective: however a percentile is reckoned, the same threshold is the smallest that is kept", async () => {
    const lab = (await stations()).find(({ slug }) => slug.endsWith("slo")) as LoadedLab;
    for (const seed of seeds) {
      const facts = lab.facts("any", seed);
      const { percentile, step, threshold, requests } = facts as Record<string, number>;
      const values = String(facts.latencies)
        .split("\n")
        .map(Number)
        .sort((one, other) => one - other);
      expect(values).toHaveLength(requests!);
      const rank = (percentile! / 100) * values.length;
      const nearest = values[Math.ceil(rank) - 1]!;
      const between = (at: number): number =>
        values[Math.floor(at)]! + (at % 1) * ((values[Math.floor(at) + 1] ?? values.at(-1)!) - values[Math.floor(at)]!);
      const ways = [nearest, values[Math.ceil(rank)]!, between((percentile! / 100) * (values.length - 1))];
      for (const way of ways) expect(Math.ceil(way / step!) * step!, `seed ${seed}`).toBe(threshold);
    }
  });
});
