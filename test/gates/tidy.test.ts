import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = new URL("../..", import.meta.url).pathname;
const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "");
const texts = files.filter((file) => !/\.(png|webp|ico)$/.test(file));

const matches = (pattern: RegExp, but: RegExp = /^$/): string[] =>
  texts
    .filter((file) => !but.test(file) && !file.startsWith("test/gates/"))
    .flatMap((file) =>
      readFileSync(join(root, file), "utf8")
        .split("\n")
        .flatMap((line, number) => (pattern.test(line) ? [`${file}:${number + 1}: ${line.trim().slice(0, 120)}`] : [])),
    );

describe("what is committed", () => {
  it("names no host of a package registry or mirror", () => {
    expect(matches(/registry\.npmjs|proxy\.golang|deb\.debian\.org|pypi\.org\/simple|crates\.io\/api/)).toEqual([]);
  });

  it("names no home folder of a machine", () => {
    expect(matches(/(^|[^A-Za-z0-9_.$])\/(root|home\/[a-z]+)\//, /^cluster\/node\//)).toEqual([]);
  });

  it("leaves nothing unfinished", () => {
    expect(matches(/\b(TODO|FIXME|XXX)\b|\.(only|skip)\(/, /^(LICENSE|package-lock\.json)$/)).toEqual([]);
  });

  it("carries no large file", () => {
    expect(files.filter((file) => statSync(join(root, file)).size > 800_000)).toEqual([]);
  });
});
