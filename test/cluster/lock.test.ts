import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lock, startTime } from "../../cluster/lock.ts";
import { ClusterError } from "../../cluster/types.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "workbook-lock-"));
  file = join(folder, "cluster.lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("is given back and can be taken again", () => {
  lock(file, "once")();
  expect(existsSync(file)).toBe(false);
  lock(file, "twice")();
});

it("names who has it, what for, and how to end that", () => {
  const release = lock(file, "preparing the cluster");
  const second = () => lock(file, "something else");
  expect(second).toThrow(ClusterError);
  expect(second).toThrow(`(${process.pid}) is busy: preparing the cluster`);
  try {
    second();
  } catch (error) {
    expect((error as ClusterError).todo).toContain(`kill ${process.pid}`);
  }
  release();
});

it("is taken over from a process that was killed", async () => {
  const module = new URL("../../cluster/lock.ts", import.meta.url).href;
  const script = `import { lock } from ${JSON.stringify(module)}; lock(${JSON.stringify(file)}, "dying"); process.kill(process.pid, "SIGKILL");`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], { stdio: "inherit" });
  await new Promise((resolve) => child.once("close", resolve));
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ pid: child.pid });
  lock(file, "living")();
});

it("is taken over when the pid belongs to another process now", () => {
  writeFileSync(file, JSON.stringify({ pid: process.pid, start: "1", what: "before the reboot", since: "then" }));
  lock(file, "after")();
});

it("is taken over when it can't be read", () => {
  writeFileSync(file, "{ half");
  lock(file, "after")();
});

it("doesn't remove a lock that someone else has meanwhile", () => {
  const release = lock(file, "mine");
  writeFileSync(file, JSON.stringify({ pid: 1, start: startTime(1) ?? "", what: "theirs", since: "now" }));
  release();
  expect(existsSync(file)).toBe(true);
});

it("tells a running process from one that isn't", () => {
  expect(startTime(process.pid)).toMatch(/^\d+$/);
  expect(startTime(999_999_999)).toBeUndefined();
});
