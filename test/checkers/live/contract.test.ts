import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { io } from "../../../checkers/commands/io.ts";
import { scaffold } from "../../../checkers/contract/scaffold.ts";
import { runLabel } from "../../../checkers/contract/stand.ts";
import { verifyLabs } from "../../../checkers/contract/verify.ts";
import { ground, until } from "./ground.ts";

const { transport, home } = await ground();
const slug = "27-contract";

/** A lab nobody has loaded yet, and how to prove it. */
const made = () => {
  const root = mkdtempSync(join(home, "labs-"));
  return { dir: scaffold(slug, root), options: { labs: [slug], roots: [root], io, quiet: true } };
};

/** Proves one scaffolded lab after `spoil` had its way with it; tells what failed as "step: where says". */
async function prove(
  spoil: (write: (name: string, text: string) => void, dir: string) => void = () => {},
  again = false,
) {
  const { dir, options } = made();
  spoil((name, text) => {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }, dir);
  const result = await verifyLabs({ ...options, again, signal: new AbortController().signal });
  const failed = result.steps.filter((step) => !step.ok);
  return {
    ...result,
    told: failed.flatMap((step) => step.problems.map((one) => `${step.name}: ${one.where}: ${one.says}`)),
  };
}
const configMap = (value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: greeting-config\ndata:\n  greeting: ${value}\n`;
const left = async (): Promise<number> =>
  (
    await transport.json<{ items: unknown[] }>(
      `/api/v1/namespaces?labelSelector=${encodeURIComponent(`${runLabel},workbook.local/lab=${slug}`)}`,
    )
  ).items.length;

describe("the contract of a lab", { timeout: 180_000 }, () => {
  it("holds for a lab as it is made", async () => {
    const { told, steps } = await prove();
    expect(told).toEqual([]);
    expect(steps.map((step) => step.part).sort()).toEqual([
      "mutants",
      "reset",
      "solution",
      "solution",
      "start",
      "static",
      "variants",
    ]);
  });

  it("finds a start that passes already", async () => {
    const { told } = await prove((write) => write("start/cluster/a.yaml", configMap("hello")));
    expect(told.join("\n")).toContain("start: start/: passes every check although nothing was done");
    expect(told.join("\n")).toContain('nothing brings about "missing"');
  });

  it("finds solutions, variants and mutants that are not what they say", async () => {
    const { told } = await prove((write) => {
      write("solution/configmap.yaml", configMap("hallo"));
      write("variants/imperative/run.sh", "echo on my way; exit 3\n");
      write("mutants/greeting/differs/configmap.yaml", configMap("hello"));
    });
    const all = told.join("\n");
    expect(all).toMatch(
      /solution, first time: solution: greeting does not pass: fail\(differs\).*expected hello, seen hallo/,
    );
    expect(all).toContain("solution, second time");
    expect(all).toMatch(/variant imperative: .*run\.sh ended with 3:\s+on my way/);
    expect(all).toMatch(/mutant greeting\/differs: .*should fail with differs; it says pass/);
  });

  it("tries once more, alone, what failed beside others, and says what it failed at", async () => {
    const { told, steps, passed } = await prove((write, dir) => {
      const once = join(dir, "..", "been-here");
      write("variants/imperative/run.sh", `[ -e ${once} ] || { touch ${once}; echo busy; exit 3; }\n`);
      write("variants/imperative/configmap.yaml", configMap("hello"));
    }, true);
    expect(told).toEqual([]);
    expect(passed).toBe(steps.length);
    const notes = steps.find(({ name }) => name === "variant imperative")?.notes.join("\n");
    expect(notes).toMatch(/failed beside others: .*run\.sh ended with 3/);
  });

  it("finds a check that cannot look at the start", async () => {
    const { told } = await prove((_write, dir) => {
      const file = join(dir, "lab.ts");
      writeFileSync(
        file,
        readFileSync(file, "utf8").replace(
          'return fail("missing", { ...evidence, actual: "no such object" })',
          'throw new Error("no ConfigMap")',
        ),
      );
    });
    expect(told.join("\n")).toContain("start: start/: greeting could not look: no ConfigMap");
  });

  it("finds a failure nobody would ever see, because what its check needs fails first", async () => {
    const there = `there: check({
      title: "The ConfigMap is there",
      points: 1,
      mode: "observe",
      within: "10s",
      evidence: "state",
      why: "Whatever reads it needs it.",
      failures: { gone: { untouched: true, says: "It is not there.", hints: ["Make it."] } },
      observe: async ({ cluster }) => ((await cluster.get(kinds.ConfigMap, configMap)) ? pass() : fail("gone")),
    }),
    greeting: check({ needs: ["there"],`;
    const { told, steps } = await prove((write, dir) => {
      const lab = readFileSync(join(dir, "lab.ts"), "utf8").replace("greeting: check({", there);
      writeFileSync(join(dir, "lab.ts"), lab);
      const lesson = readFileSync(join(dir, "lesson.mdx"), "utf8");
      writeFileSync(join(dir, "lesson.mdx"), `<Task check="there">\nMake it.\n</Task>\n\n${lesson}`);
      write("mutants/greeting/missing/configmap.yaml", "");
    });
    expect(told).toEqual([
      "mutant greeting/missing: mutants/greeting/missing: a learner would never see missing: greeting needs there, which says fail(gone)",
    ]);
    expect(steps.filter((step) => step.name.startsWith("solution")).every((step) => step.ok)).toBe(true);
  });

  it("ends soon and leaves nothing when it is interrupted", async () => {
    const { dir, options } = made();
    writeFileSync(join(dir, "variants/imperative/run.sh"), "sleep 300\n");
    const stop = new AbortController();
    const proving = verifyLabs({ ...options, signal: stop.signal, only: "variants" });
    await until(async () => (await left()) > 0);
    stop.abort();
    const began = performance.now();
    const { failed } = await proving;
    expect(failed).toBeGreaterThan(0);
    expect(performance.now() - began).toBeLessThan(100_000);
    expect(await left()).toBe(0);
  });
});
