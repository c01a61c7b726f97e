import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = new URL("../..", import.meta.url).pathname;
/** All that a POSIX system is sure to have and the launcher uses. */
const posix = ["sh", "dirname", "readlink", "cmp", "cat", "id", "mkdir", "rm", "cp", "sleep"];

let folder: string;
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "workbook-launcher-"));
  path = mkdtempSync(join(tmpdir(), "workbook-path-"));
  for (const file of ["workbook", "package.json", "package-lock.json"]) cpSync(join(root, file), join(folder, file));
  for (const tool of posix) {
    symlinkSync(execFileSync("which", [tool], { encoding: "utf8" }).trim(), join(path, tool));
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(path, { recursive: true });
});

describe("the launcher on a machine without Node", () => {
  it("says what gets it, changes nothing, and ends with 2", () => {
    const { status, stderr, stdout } = spawnSync(join(folder, "workbook"), ["up"], {
      env: { PATH: path, HOME: folder },
      encoding: "utf8",
      input: "",
    });
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/needs Node\.js with npm/);
    expect(stderr).toMatch(/nodejs\.org|--yes/);
    expect(readdirSync(folder).sort()).toEqual(["package-lock.json", "package.json", "workbook"]);
  });

  it("is understood by any POSIX shell", () => {
    expect(spawnSync("sh", ["-n", join(root, "workbook")]).status).toBe(0);
  });
});
