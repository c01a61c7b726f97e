import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { artifact, diskFull } from "../../cluster/artifact.ts";
import { run } from "../../cluster/run.ts";
import { runSteps, type Step, summarize } from "../../cluster/steps.ts";
import { ClusterError, type ClusterStep } from "../../cluster/types.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "workbook-steps-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;

/** A step that leaves a file, as the real ones do. */
const leaves = (id: string, more: Partial<Step> = {}): Step => ({
  id,
  title: id,
  lane: "io",
  estimate: 1000,
  done: () => existsSync(join(folder, id)),
  run: async () => {
    await artifact(join(folder, id), async (temporary) => writeFileSync(temporary, id));
  },
  ...more,
});

describe("runSteps", () => {
  it("runs needs first, heavy steps one at a time and light ones beside them", async () => {
    const events: string[] = [];
    const traced = (id: string, lane: Step["lane"], needs: string[] = []): Step => ({
      ...leaves(id, { lane, needs }),
      run: async () => {
        events.push(`+${id}`);
        await sleep(40);
        events.push(`-${id}`);
        writeFileSync(join(folder, id), "");
      },
    });
    const steps = [traced("a", "cpu"), traced("b", "cpu"), traced("c", "io"), traced("d", "io", ["a", "c"])];
    const end = await runSteps(steps, { signal: never });
    expect(end.map((step) => step.state)).toEqual(["done", "done", "done", "done"]);
    expect(events.indexOf("+b")).toBeGreaterThan(events.indexOf("-a"));
    expect(events.indexOf("+c")).toBeLessThan(events.indexOf("-a"));
    expect(events.indexOf("+d")).toBeGreaterThan(Math.max(events.indexOf("-a"), events.indexOf("-c")));
  });

  it("doesn't run what is done and remembers how long the others took", async () => {
    writeFileSync(join(folder, "old"), "");
    const durations = join(folder, "durations.json");
    let ran = 0;
    const count = async () => {
      ran += 1;
      writeFileSync(join(folder, "new"), "");
    };
    await runSteps([leaves("old", { run: count }), leaves("new", { run: count })], { signal: never, durations });
    expect(ran).toBe(1);
    const remembered = JSON.parse(readFileSync(durations, "utf8")) as Record<string, number>;
    expect(Object.keys(remembered)).toEqual(["new"]);
    const views: ClusterStep[][] = [];
    rmSync(join(folder, "new"));
    await runSteps([leaves("new")], { signal: never, durations, onChange: (steps) => views.push(steps) });
    expect(views[0]?.[0]?.estimate).toBe(remembered.new);
  });

  it("kills a command's whole process group on abort, keeps what is finished and carries on from there", async () => {
    const abort = new AbortController();
    const pidFile = join(folder, "grandchild");
    const slow = leaves("slow", {
      needs: ["first"],
      run: async ({ signal }) => {
        await artifact(join(folder, "slow"), async (temporary) => {
          writeFileSync(temporary, "half");
          await run("sh", ["-c", `sleep 300 & echo $! > ${pidFile}; wait`], { signal });
        });
      },
    });
    const first = leaves("first");
    const running = runSteps([first, slow], { signal: abort.signal });
    const refused = expect(running).rejects.toThrow("Interrupted");
    while (!existsSync(pidFile)) await sleep(20);
    await sleep(20);
    const grandchild = Number(readFileSync(pidFile, "utf8"));
    abort.abort(new Error("Interrupted"));
    await refused;
    const alive = () => {
      try {
        return !readFileSync(`/proc/${grandchild}/stat`, "utf8").includes(") Z ");
      } catch {
        return false;
      }
    };
    for (let i = 0; i < 50 && alive(); i++) await sleep(20);
    expect(alive()).toBe(false);
    expect(existsSync(join(folder, "slow"))).toBe(false);
    let again = 0;
    const counted = leaves("first", {
      run: async () => {
        again += 1;
      },
    });
    await runSteps([counted, leaves("slow", { needs: ["first"] })], { signal: never });
    expect(again).toBe(0);
    expect(readFileSync(join(folder, "slow"), "utf8")).toBe("slow");
  });

  it("stops the others when one fails and says which", async () => {
    let stopped = false;
    const views: ClusterStep[][] = [];
    const waits = leaves("waits", {
      run: async ({ signal }) => {
        await sleep(60_000, undefined, { signal }).catch(() => {
          stopped = true;
          throw new Error("aborted");
        });
      },
    });
    const breaks = leaves("breaks", {
      run: async () => {
        throw new Error("no such module");
      },
    });
    const all = runSteps([waits, breaks], { signal: never, onChange: (steps) => views.push(steps) });
    await expect(all).rejects.toThrow("no such module");
    expect(stopped).toBe(true);
    expect(views.at(-1)?.map((step) => step.state)).toEqual(["todo", "failed"]);
  });

  it("refuses steps that wait for each other or for nothing", async () => {
    const circle = [leaves("a", { needs: ["b"] }), leaves("b", { needs: ["a"] })];
    await expect(runSteps(circle, { signal: never })).rejects.toThrow("wait for each other: a, b");
    await expect(runSteps([leaves("a", { needs: ["x"] })], { signal: never })).rejects.toThrow("not a step");
  });

  it("survives a damaged file of durations", async () => {
    const durations = join(folder, "durations.json");
    writeFileSync(durations, '{"a": "soon", "b"');
    await runSteps([leaves("a")], { signal: never, durations });
    expect(Object.keys(JSON.parse(readFileSync(durations, "utf8")) as object)).toEqual(["a"]);
  });
});

describe("summarize", () => {
  const step = (id: string, state: ClusterStep["state"], elapsed: number, estimate: number): ClusterStep => ({
    id,
    title: id,
    state,
    elapsed,
    estimate,
  });

  it("adds the heavy steps up and lets the longest light one run beside them", () => {
    const steps = [step("a", "running", 30_000, 60_000), step("b", "todo", 0, 40_000), step("c", "running", 0, 20_000)];
    expect(summarize(steps, new Map([["c", "io"]])).remaining).toBe(70_000);
  });

  it("never claims to be finished while a step overruns its estimate", () => {
    const { progress, remaining } = summarize([step("a", "running", 500_000, 1000)]);
    expect(progress).toBeLessThan(1);
    expect(remaining).toBeGreaterThan(0);
  });

  it("is finished when everything is", () =>
    expect(summarize([step("a", "done", 5, 0)])).toEqual({ progress: 1, remaining: 0 }));
});

describe("artifact", () => {
  it("clears away what dead processes left, not what live ones are writing", async () => {
    writeFileSync(join(folder, "x.part-999999999"), "left");
    writeFileSync(join(folder, "x.part-1"), "being written by another");
    await artifact(join(folder, "x"), async (temporary) => writeFileSync(temporary, "whole"));
    expect(existsSync(join(folder, "x.part-999999999"))).toBe(false);
    expect(existsSync(join(folder, "x.part-1"))).toBe(true);
    expect(readFileSync(join(folder, "x"), "utf8")).toBe("whole");
  });

  it("leaves nothing under the final name when the disk fills up, and says what to do", async () => {
    const failing = artifact(join(folder, "big"), async (temporary) => {
      writeFileSync(temporary, "some");
      // A device on which every write fails for want of space.
      await run("dd", ["if=/dev/zero", "of=/dev/full", "bs=1", "count=1"]);
    });
    await expect(failing).rejects.toThrow(ClusterError);
    await expect(failing).rejects.toMatchObject({
      kept: expect.stringContaining("kept"),
      todo: expect.stringContaining("Free some space"),
    });
    expect(existsSync(join(folder, "big"))).toBe(false);
  });

  it("lets other errors through unchanged", () => {
    const error = new Error("syntax error");
    expect(diskFull(error, folder)).toBe(error);
  });
});
