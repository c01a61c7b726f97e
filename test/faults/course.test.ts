import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { paths } from "../../cluster/index.ts";
import { Course, freePort, workbook } from "../kit/course.ts";

const courses: Course[] = [];
const start = (...given: ConstructorParameters<typeof Course>): Course => {
  const course = new Course(...given);
  courses.push(course);
  return course;
};
afterEach(async () => {
  for (const course of courses.splice(0)) await course.stop("SIGKILL");
});

const reach = (url: string): Promise<number> =>
  fetch(url, { redirect: "manual" }).then(
    (response) => response.status,
    () => 0,
  );

/** Ids of processes that have this one as an ancestor. */
const descendants = (pid: number): number[] => {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // Ended meanwhile.
    }
  }
  const children = (of: number): number[] =>
    [...parents].filter(([, parent]) => parent === of).flatMap(([child]) => [child, ...children(child)]);
  return children(pid);
};
const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe("./workbook up", () => {
  it("stops cleanly on Ctrl-C: exit code 0, nothing left running, the port free", async () => {
    const port = await freePort();
    const course = start(["--port", String(port)]);
    const { url } = await course.event("open");
    await course.event("up");
    expect(await reach(url)).not.toBe(0);
    const family = descendants(course.child.pid as number);
    expect(await course.stop("SIGINT")).toBe(0);
    expect(family.filter(alive)).toEqual([]);
    expect(await reach(`http://127.0.0.1:${port}/`)).toBe(0);
    expect((await workbook(["status", "--json"])).code).toBe(1);
  }, 120_000);

  it("started twice, opens the course that runs and changes nothing", async () => {
    const first = start(["--port", String(await freePort())]);
    const { url } = await first.event("open");
    const second = start(["--port", String(await freePort())]);
    const again = await second.event("open");
    expect(again.already).toBe(true);
    expect(new URL(again.url).host).toBe(new URL(url).host);
    expect(again.url).not.toBe(url);
    expect(await second.ended).toBe(0);
    expect(await reach(again.url)).not.toBe(0);
  }, 120_000);

  it("says who is in the way when the port is taken, and leaves nothing behind", async () => {
    const other = createServer((_, response) => response.end("another program"));
    const port = await freePort();
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    try {
      const { code, stderr } = await workbook(["up", "--no-open", "--port", String(port)]);
      expect(code).toBe(2);
      expect(stderr).toContain(`Port ${port} is taken`);
      expect(stderr).toMatch(/To do: .*--port/);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect((await workbook(["status", "--json"])).code).toBe(1);
    } finally {
      other.close();
    }
  }, 60_000);

  it("starts again after kill -9, on the same state", async () => {
    const port = String(await freePort());
    const first = start(["--port", port]);
    await first.event("up");
    await first.stop("SIGKILL");
    const second = start(["--port", port]);
    expect((await second.event("open")).already).toBe(false);
    await second.event("up");
  }, 120_000);

  it("puts a damaged progress file aside, says so, and goes on", async () => {
    const { db, state } = paths();
    for (const end of ["-wal", "-shm"]) rmSync(db + end, { force: true });
    writeFileSync(db, "this is no database".repeat(500));
    const course = start(["--port", String(await freePort())]);
    await course.event("up");
    const kept = readdirSync(state).filter((name) => name.includes(".corrupt-"));
    expect(kept.length).toBe(1);
    expect(readFileSync(join(state, kept[0] as string), "utf8")).toContain("this is no database");
    rmSync(join(state, kept[0] as string));
  }, 120_000);

  it.each([
    [["up", "--port", "eighty"], /--port takes a whole number/],
    [["up", "--workers", "-1"], /--workers takes a whole number/],
    [["up", "--provider", "vagrant"], /Allowed choices are kind, context/],
    [["check", "99"], /There is no lab "99"/],
    [["answer", "01", "colour", "red"], /asks for no answer called "colour"/],
    [["hint", "01", "no-such-check"], /has no check "no-such-check"/],
    [["chekc", "01"], /unknown command 'chekc'/],
    [["test", "everything"], /There is no stage everything/],
    [["bundle", "import", "no/such/file.tar"], /no\/such\/file\.tar/],
    [["reset", "01"], /Nobody can be asked here/],
  ])("refuses %j in words", async (args, words) => {
    const { code, stderr } = await workbook(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("says what it is missing where there is no cluster", async () => {
    const home = mkdtempSync(join(tmpdir(), "workbook-empty-"));
    try {
      const { code, stderr } = await workbook(["check", "01"], { WORKBOOK_HOME: home });
      expect(code).toBe(2);
      expect(stderr).toMatch(/There is no cluster yet/);
      expect(stderr).toMatch(/workbook up/);
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
