import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpackBundle } from "../../cluster/bundle.ts";
import { ClusterError } from "../../cluster/types.ts";
import { arch } from "../../cluster/versions.ts";

let folder: string;
let source: string;
let target: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "workbook-bundle-"));
  source = join(folder, "source");
  target = join(folder, "target");
  file = join(folder, "workbook.tar");
  mkdirSync(source);
  mkdirSync(target);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const contents = {
  "node-image.tar": "node image",
  "toolbox-0123.tar": "lab image",
  "gateway-api-v1.4.0.yaml": "kinds",
  kubectl: "#!/bin/sh\n",
};
const roles: Record<string, string> = {
  "node-image.tar": "node",
  "toolbox-0123.tar": "image",
  "gateway-api-v1.4.0.yaml": "kinds",
  kubectl: "tool",
};

const manifest = () => ({
  format: 1,
  arch: arch(),
  versions: { kubernetes: "v1.34.4" },
  node: "workbook.local/node:v1.34.4-abc",
  files: Object.entries(contents).map(([name, text]) => ({
    name,
    role: roles[name],
    size: text.length,
    sha256: createHash("sha256").update(text).digest("hex"),
  })),
});

/** A bundle as exported, after `change` has had its way with the manifest and the files. */
const bundle = (change: (its: ReturnType<typeof manifest>) => unknown = (its) => its, names?: string[]) => {
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(source, name), text);
  const its = manifest();
  writeFileSync(join(source, "manifest.json"), JSON.stringify(change(its) ?? its));
  execFileSync("tar", ["-C", source, "-cf", file, ...(names ?? ["manifest.json", ...Object.keys(contents)])]);
};
const refused = async (why: string | RegExp) => {
  const unpacking = unpackBundle(file, target, never);
  await expect(unpacking).rejects.toThrow(ClusterError);
  await expect(unpacking).rejects.toThrow(why);
};

it("takes a bundle as exported", async () => {
  bundle();
  const found = await unpackBundle(file, target, never);
  expect(found.node).toBe("workbook.local/node:v1.34.4-abc");
  expect(readFileSync(join(target, "kubectl"), "utf8")).toBe(contents.kubectl);
});

describe("refuses", () => {
  it("a file that isn't there", () => refused("There is no file"));

  it("something that is no archive", async () => {
    writeFileSync(file, "hello");
    await refused("truncated or no tar archive");
  });

  it("a truncated one", async () => {
    bundle();
    truncateSync(file, 2000);
    await refused(/truncated|is missing|not as long/);
  });

  it("one with a changed byte", async () => {
    bundle();
    const bytes = readFileSync(file);
    bytes[bytes.indexOf("lab image")] = 88;
    writeFileSync(file, bytes);
    await refused("the checksum of toolbox-0123.tar doesn't match");
  });

  it("paths that lead out of it, and writes nothing there", async () => {
    bundle();
    const evil = join(folder, "evil");
    writeFileSync(evil, "evil");
    execFileSync("tar", ["-C", source, "-P", "-rf", file, "../evil"]);
    rmSync(evil);
    await refused(/"\.\.\/evil", which doesn't belong there/);
    expect(existsSync(evil)).toBe(false);
  });

  it("absolute paths", async () => {
    const evil = join(folder, "evil");
    writeFileSync(evil, "evil");
    bundle();
    execFileSync("tar", ["-P", "-rf", file, evil]);
    rmSync(evil);
    await refused("doesn't belong there");
    expect(existsSync(evil)).toBe(false);
  });

  it("links", async () => {
    bundle();
    symlinkSync("/etc/passwd", join(source, "link"));
    execFileSync("tar", ["-C", source, "-rf", file, "link"]);
    await refused("doesn't belong there");
  });

  it("the same name twice", async () => {
    bundle();
    execFileSync("tar", ["-C", source, "-rf", file, "kubectl"]);
    await refused("kubectl twice");
  });

  it("files its manifest doesn't name", async () => {
    bundle();
    writeFileSync(join(source, "extra"), "");
    execFileSync("tar", ["-C", source, "-rf", file, "extra"]);
    await refused("extra isn't in its manifest");
  });

  it("a missing file", async () => {
    bundle(undefined, ["manifest.json", "node-image.tar", "kubectl"]);
    await refused("toolbox-0123.tar is missing");
  });

  it("a manifest that isn't first, so that nothing big is read before it", async () => {
    bundle(undefined, [...Object.keys(contents), "manifest.json"]);
    await refused("begin with its manifest");
  });

  it("another architecture", async () => {
    bundle((its) => ({ ...its, arch: arch() === "amd64" ? "arm64" : "amd64" }));
    await refused("this machine is");
  });

  it.each([
    ["a newer format", (its: object) => ({ ...its, format: 2 })],
    [
      "a name with a slash",
      (its: ReturnType<typeof manifest>) => ({
        ...its,
        files: its.files.map((entry) => ({ ...entry, name: `../${entry.name}` })),
      }),
    ],
    ["an option as a reference", (its: object) => ({ ...its, node: "--privileged; rm" })],
    ["unknown fields", (its: object) => ({ ...its, run: "sh" })],
    ["no text at all", () => null],
  ])("a manifest with %s", async (_, change) => {
    bundle(change as (its: ReturnType<typeof manifest>) => unknown);
    if (_ === "no text at all") {
      writeFileSync(join(source, "manifest.json"), "nope");
      execFileSync("tar", ["-C", source, "-cf", file, "manifest.json", ...Object.keys(contents)]);
    }
    await refused("manifest can't be read");
  });
});

it("leaves files without the rights they came with", async () => {
  bundle();
  execFileSync("chmod", ["4755", join(source, "kubectl")]);
  execFileSync("tar", ["-C", source, "-cf", file, "manifest.json", ...Object.keys(contents)]);
  await unpackBundle(file, target, never);
  expect(statSync(join(target, "kubectl")).mode & 0o4000).toBe(0);
});
