import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Header } from "tar";
import { afterAll, describe, expect, it } from "vitest";
import { chainHash, chainStart } from "../../../checkers/core/chain.ts";
import { plainPath, readArchive, SubmissionError, writeArchive } from "../../../checkers/submissions/archive.ts";
import { packFolder } from "../../../checkers/submissions/folder.ts";
import { readSubmission } from "../../../checkers/submissions/read.ts";
import { caps } from "../../../checkers/submissions/schema.ts";
import { answer02, courseLab, lab02, noRecord, pack } from "../submission-kit.ts";

const root = mkdtempSync(join(tmpdir(), "workbook-submission-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;
const fresh = (name = "s.tar.gz"): string => {
  const dir = join(root, String(made++));
  mkdirSync(dir);
  return join(dir, name);
};
const lab = await courseLab(lab02);

/** A tar out of raw entries: what no packer of ours would write. */
function tar(
  entries: {
    path: string;
    data?: Buffer;
    type?: "File" | "SymbolicLink" | "Link" | "CharacterDevice";
    linkpath?: string;
    size?: number;
  }[],
): Buffer {
  const blocks = entries.flatMap(({ path, data = Buffer.alloc(0), type = "File", linkpath, size }) => {
    const header = new Header({
      path,
      type,
      size: size ?? data.length,
      mode: 0o644,
      mtime: new Date(0),
      ...(linkpath && { linkpath }),
    });
    header.encode();
    const padding = Buffer.alloc((512 - (data.length % 512)) % 512);
    return [header.block as Buffer, data, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
const written = (bytes: Buffer): string => {
  const file = fresh();
  writeFileSync(file, bytes);
  return file;
};
const refusal = (file: string): Promise<string> =>
  readSubmission(file).then(
    () => "taken",
    (error: unknown) => {
      expect(error).toBeInstanceOf(SubmissionError);
      return (error as Error).message;
    },
  );

describe("a submission that is packed and read", () => {
  it("comes back as it was, and the same work makes the same bytes", async () => {
    const [one, two] = [fresh(), fresh()];
    const folder = new Map([
      ["answers/x.txt", Buffer.from("42\n")],
      ["ml.yaml", Buffer.from("kind: Pod\n")],
    ]);
    await pack(one, lab, { objects: answer02(), folder });
    await pack(two, lab, { objects: answer02().reverse().reverse(), folder: new Map([...folder].reverse()) });
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
    const read = await readSubmission(one);
    expect(read.submission.identity).toEqual({ id: "s1", name: "Student s1", email: "s1@example.org" });
    expect(read.objects.map(({ kind }) => kind)).toEqual(["Pod", "Deployment", "Service"]);
    expect([...read.folder].map(([path, data]) => [path, data.toString()])).toEqual([
      ["answers/x.txt", "42\n"],
      ["ml.yaml", "kind: Pod\n"],
    ]);
    expect(read.notes).toEqual([]);
  });

  it("holds no value of a Secret unless told to", async () => {
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, data: { password: "aHVudGVyMg==" } };
    const file = fresh();
    await pack(file, lab, { objects: [secret] });
    const parts = await readArchive(file);
    expect([...parts.values()].some((data) => data.includes("aHVudGVyMg"))).toBe(false);
    const read = await readSubmission(file);
    expect(read.objects[0]?.data).toEqual({ password: null });
    expect(read.notes.join()).toContain("Secrets came without their values");
    const open = fresh();
    await pack(open, lab, { objects: [secret], secrets: "values" });
    expect((await readSubmission(open)).objects[0]?.data).toEqual({ password: "aHVudGVyMg==" });
  });

  it("tells a record whose chain was broken", async () => {
    const rows = [];
    let before = chainStart(lab.slug);
    for (const state of ["fail", "pass"]) {
      const row = { check: "labels", state, at: "2026-03-01T10:00:00.000Z" };
      before = chainHash(before, row);
      rows.push({ ...row, hash: before });
    }
    const whole = fresh();
    await pack(whole, lab, { record: { ...noRecord, verdicts: rows } });
    expect((await readSubmission(whole)).notes).toEqual([]);
    const dropped = fresh();
    await pack(dropped, lab, { record: { ...noRecord, verdicts: rows.slice(1) } });
    expect((await readSubmission(dropped)).notes.join()).toContain("from row 1 on");
  });
});

describe("a hostile or damaged submission is refused, with why", () => {
  it.each([
    "../evil",
    "/etc/cron.d/evil",
    "folder/../../evil",
    "C:\\evil",
    "folder//x",
    "folder/\u0000x",
    `folder/${"x".repeat(300)}`,
  ])("does not take %j for a path", (path) => expect(plainPath(path)).toBe(false));

  it("path traversal", async () => {
    expect(await refusal(written(gzipSync(tar([{ path: "../evil.sh", data: Buffer.from("x") }]))))).toContain(
      "leads out of the archive",
    );
    expect(await refusal(written(gzipSync(tar([{ path: "/tmp/evil.sh", data: Buffer.from("x") }]))))).toContain(
      "leads out of the archive",
    );
  });

  it.each(["SymbolicLink", "Link", "CharacterDevice"] as const)("a %s", async (type) => {
    const entry = { path: "folder/link", type, ...(type !== "CharacterDevice" && { linkpath: "/etc/passwd" }) };
    expect(await refusal(written(gzipSync(tar([entry]))))).toMatch(/is a .*, not a file/);
  });

  it("a gzip bomb, before it is blown up", async () => {
    // Half a gigabyte of nothing in half a megabyte: eight members, one after the other.
    const member = gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 1 });
    const bomb = Buffer.concat(Array.from({ length: 8 }, () => member));
    expect(bomb.length).toBeLessThan(caps.file);
    const before = process.memoryUsage().rss;
    expect(await refusal(written(bomb))).toMatch(/unpacks to more than|damaged/);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
  });

  it("a bomb of many parts, each within its own bound", async () => {
    const data = Buffer.alloc(caps.part - 512);
    const entries = Array.from({ length: 7 }, (_, index) => ({ path: `folder/${index}`, data }));
    expect(await refusal(written(gzipSync(tar(entries), { level: 1 })))).toContain("unpacks to more than 48 MiB");
  });

  it("a part bigger than it may be, a hundred thousand parts, a gzip in a gzip, a file that is too big", async () => {
    expect(
      await refusal(written(gzipSync(tar([{ path: "folder/big", data: Buffer.alloc(caps.part + 1) }])))),
    ).toContain("bigger than 8 MiB");
    const many = Array.from({ length: 40_000 }, (_, index) => ({ path: `folder/${index}` }));
    expect(await refusal(written(gzipSync(tar(many))))).toContain("more than 1000 files");
    expect(await refusal(written(gzipSync(gzipSync(tar([{ path: "folder/x" }])))))).toContain("compressed twice");
    const huge = fresh();
    writeFileSync(huge, Buffer.alloc(caps.file + 1));
    expect(await refusal(huge)).toContain("bigger than 24 MiB");
  });

  it("corrupt gzip, truncated gzip, no gzip at all, nothing", async () => {
    const file = fresh();
    await pack(file, lab, { objects: answer02() });
    const good = readFileSync(file);
    const bent = Buffer.from(good);
    bent.fill(0x55, Math.floor(bent.length / 2), Math.floor(bent.length / 2) + 40);
    for (const bytes of [bent, good.subarray(0, good.length - 30), Buffer.from("hello"), Buffer.alloc(0)]) {
      expect(await refusal(written(bytes))).toMatch(/^It is damaged|holds no submission\.json/);
    }
  });

  /** The good submission with parts changed, and listed as they are now unless told otherwise. */
  async function changed(change: (parts: Map<string, Buffer>) => void, relist = true): Promise<string> {
    const file = fresh();
    await pack(file, lab, { objects: answer02(), folder: new Map([["a.txt", Buffer.from("a")]]) });
    const parts = await readArchive(file);
    change(parts);
    if (relist) {
      const manifest = JSON.parse(String(parts.get("submission.json")));
      manifest.parts = [...parts]
        .filter(([path]) => path !== "submission.json")
        .map(([path, data]) => ({ path, bytes: data.length, sha256: createHash("sha256").update(data).digest("hex") }));
      parts.set("submission.json", Buffer.from(JSON.stringify(manifest)));
    }
    const next = fresh();
    await writeArchive(next, parts);
    return next;
  }

  it("a part whose hash does not fit, one that is not listed, one that is missing", async () => {
    expect(await refusal(await changed((parts) => parts.set("folder/a.txt", Buffer.from("b")), false))).toContain(
      "was changed after it was packed",
    );
    expect(await refusal(await changed((parts) => parts.set("folder/b.txt", Buffer.from("b")), false))).toContain(
      "not in its list",
    );
    expect(await refusal(await changed((parts) => parts.delete("folder/a.txt"), false))).toContain(
      "listed and not there",
    );
    expect(
      await refusal(await changed((parts) => parts.set("objects.yaml", Buffer.from("a: &a [*a]")), true)),
    ).toContain("is no part of a submission");
  });

  it("the wrong schema, in words", async () => {
    const edit = (change: (manifest: Record<string, unknown>) => void) =>
      changed((parts) => {
        const manifest = JSON.parse(String(parts.get("submission.json")));
        change(manifest);
        parts.set("submission.json", Buffer.from(JSON.stringify(manifest)));
      }, false);
    expect(await refusal(await edit((one) => Object.assign(one, { schema: "workbook/submission/9" })))).toContain(
      "schema:",
    );
    expect(await refusal(await edit((one) => Object.assign(one, { namespace: "kube-system/../x" })))).toContain(
      "namespace: is no name",
    );
    expect(await refusal(await edit((one) => delete one.identity))).toContain("identity:");
    expect(await refusal(await edit((one) => Object.assign(one, { score: 100 })))).toContain("is not as it should be");
    expect(await refusal(await changed((parts) => parts.set("objects.json", Buffer.from('{"kind":'))))).toBe(
      "objects.json is not JSON.",
    );
  });

  it("100,000 objects, and an object nested to exhaust the stack", async () => {
    const many = JSON.stringify(
      Array.from({ length: 100_000 }, (_, n) => ({ apiVersion: "v1", kind: "Pod", metadata: { name: `p${n}` } })),
    );
    expect(await refusal(await changed((parts) => parts.set("objects.json", Buffer.from(many))))).toContain(
      "more than 400 objects",
    );
    const deep = `[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}}]`;
    expect(await refusal(await changed((parts) => parts.set("objects.json", Buffer.from(deep))))).toMatch(
      /nested more than|not JSON/,
    );
  });
});

describe("a working folder that is packed", () => {
  it("leaves out links that lead away, .git, node_modules and what is too big, and says so", () => {
    const dir = fresh("folder");
    mkdirSync(join(dir, ".git"), { recursive: true });
    mkdirSync(join(dir, "sub/node_modules"), { recursive: true });
    mkdirSync(join(dir, "loop"));
    writeFileSync(join(dir, ".git/config"), "x");
    writeFileSync(join(dir, "sub/node_modules/x"), "x");
    writeFileSync(join(dir, "sub/a.yaml"), "a");
    writeFileSync(join(dir, "big"), Buffer.alloc(caps.folderFile + 1));
    symlinkSync("/etc/passwd", join(dir, "passwd"));
    symlinkSync("sub/a.yaml", join(dir, "alias.yaml"));
    symlinkSync(".git/config", join(dir, "config"));
    symlinkSync("..", join(dir, "loop/up"));
    const { files, left } = packFolder(dir);
    expect([...files.keys()].sort()).toEqual(["alias.yaml", "sub/a.yaml"]);
    expect(left.map((one) => one.split(":")[0]).sort()).toEqual([
      ".git",
      "big",
      "config",
      "loop/up",
      "passwd",
      "sub/node_modules",
    ]);
  });

  it("is empty where there is none", () => expect(packFolder(join(root, "nowhere")).files.size).toBe(0));
});
