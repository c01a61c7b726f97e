import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { ServerError } from "../../site/server/fault.ts";
import { Store } from "../../site/server/store.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "workbook-store-"));
  path = join(folder, "workbook.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const aside = (): string[] => readdirSync(folder).filter((name) => /^workbook\.db\.corrupt-[\dTZ-]+$/.test(name));

describe("the store", () => {
  it("keeps everything across closing and opening", () => {
    const store = new Store(path);
    store.setMeta("seed", "7");
    store.hintShown("a", "c", "code", 2);
    store.hintShown("a", "c", "code", 1);
    store.predict("a", { id: "p", value: "x", at: "2026-01-01T00:00:00.000Z" });
    store.measured("a", { id: "p", value: 1, series: [], says: "one" }, "2026-01-01T00:00:01.000Z");
    store.measured("a", { id: "p", value: 2, series: [], says: "two" }, "2026-01-01T00:00:02.000Z");
    store.visit("a");
    store.close();
    const again = new Store(path);
    expect(again.meta("seed")).toBe("7");
    expect(again.hintsShown("a", "c", "code")).toBe(2);
    expect(again.predictions("a")).toEqual([{ id: "p", value: "x", at: "2026-01-01T00:00:00.000Z" }]);
    expect(again.measurements("a").map((one) => one.says)).toEqual(["two"]);
    expect(again.visits()[0]?.lab).toBe("a");
    expect(again.moved).toBeUndefined();
    again.close();
  });

  it("may be open in two processes at once", () => {
    const server = new Store(path);
    const command = new Store(path);
    for (let n = 0; n < 50; n++) {
      server.setMeta(`server-${n}`, "x");
      command.setMeta(`command-${n}`, "x");
    }
    command.close();
    expect(server.meta("command-49")).toBe("x");
    server.close();
  });

  it("loses nothing that was acknowledged to kill -9", async () => {
    // Each number blocks until it is written: process.stdout would keep back what a busy reader leaves no room for, and never get to send it.
    const program = `
      import { writeSync } from "node:fs";
      import { Store } from ${JSON.stringify(new URL("../../site/server/store.ts", import.meta.url).href)};
      const store = new Store(${JSON.stringify(path)});
      for (let n = 0; ; n++) {
        store.predict("lab", { id: String(n), value: n, at: new Date().toISOString() });
        writeSync(1, n + "\\n");
      }`;
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    let out = "";
    await new Promise<void>((resolve, reject) => {
      child.on("exit", (code) => (code === null ? resolve() : reject(new Error(`ended with ${code}`))));
      child.stdout.on("data", (part: Buffer) => {
        out += part;
        if (out.split("\n").length > 500) child.kill("SIGKILL");
      });
    });
    const acknowledged = Number(out.split("\n").at(-2));
    expect(acknowledged).toBeGreaterThan(400);
    const store = new Store(path);
    const kept = new Set(store.predictions("lab").map((one) => one.value));
    for (let n = 0; n <= acknowledged; n++) expect(kept.has(n), String(n)).toBe(true);
    expect(store.moved).toBeUndefined();
    store.close();
  });
});

describe("a damaged file", () => {
  it("that is no database is moved aside, and a new one begun", () => {
    writeFileSync(path, "this is not a database, and long enough to be looked at as one ".repeat(100));
    const store = new Store(path);
    expect(store.moved).toContain("was damaged");
    expect(store.moved).toContain(aside()[0]);
    expect(readFileSync(join(folder, aside()[0] as string), "utf8")).toContain("not a database");
    store.setMeta("works", "yes");
    expect(store.meta("works")).toBe("yes");
    store.close();
  });

  it("that has bad pages is moved aside", () => {
    const store = new Store(path);
    for (let n = 0; n < 2000; n++) store.setMeta(`key-${n}`, "x".repeat(100));
    store.close();
    overwrite(4096 * 3);
    const again = new Store(path);
    expect(again.moved).toBeDefined();
    expect(aside()).toHaveLength(1);
    again.setMeta("works", "yes");
    again.close();
  });

  it("that turns bad while it is open does not end the work", () => {
    const store = new Store(path);
    for (let n = 0; n < 3000; n++) store.setMeta(`key-${n}`, "x".repeat(100));
    const other = new DatabaseSync(path);
    other.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    other.close();
    overwrite(4096 * 2);
    for (let n = 0; n < 3000; n += 10) store.meta(`key-${n}`);
    for (let n = 0; n < 3000; n += 10) store.setMeta(`key-${n}`, "y");
    expect(store.moved).toBeDefined();
    expect(store.meta("key-2990")).toBe("y");
    store.close();
  });

  it("that is empty, or cut short, is no reason to stop", () => {
    writeFileSync(path, "");
    new Store(path).close();
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 1000));
    const store = new Store(path);
    expect(store.moved).toBeDefined();
    store.close();
  });

  it("is told apart from one made by a newer workbook, which is left alone", () => {
    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 99; CREATE TABLE future (x)");
    db.close();
    expect(() => new Store(path)).toThrow(ServerError);
    expect(() => new Store(path)).toThrow("newer workbook");
    expect(aside()).toEqual([]);
  });

  it("is told apart from one that cannot be opened", () => {
    const blocked = join(folder, "blocked");
    writeFileSync(blocked, "a file where a folder should be");
    chmodSync(blocked, 0o600);
    expect(() => new Store(join(blocked, "workbook.db"))).toThrow(/EEXIST|ENOTDIR|cannot be opened/);
  });
});

/** Nonsense over everything from this byte on. */
function overwrite(from: number): void {
  const size = readFileSync(path).length;
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(size - from, 0xa5), 0, size - from, from);
}
