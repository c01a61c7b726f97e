import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeLearner } from "../../../checkers/probes/learner.ts";

const root = mkdtempSync(join(tmpdir(), "workbook-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = join(root, "work");
mkdirSync(join(folder, "answers"), { recursive: true });
writeFileSync(join(root, "outside.txt"), "secret");
writeFileSync(join(folder, "notes.txt"), "mine");
writeFileSync(join(folder, "answers/code.txt"), "  AB12-CD34 \n");
writeFileSync(join(folder, "answers/empty.txt"), " \n");
symlinkSync("../outside.txt", join(folder, "link.txt"));
symlinkSync("notes.txt", join(folder, "inner.txt"));
const learner = makeLearner({ folder, kubeconfig: join(root, "gone") });

describe("the learner's files", () => {
  it("are read", async () => {
    expect(await learner.file("notes.txt")).toBe("mine");
    expect(await learner.file("inner.txt")).toBe("mine");
  });
  it.each(["../outside.txt", "/etc/hostname", "link.txt", ".", "answers", "gone.txt", ""])(
    "%j is none of them",
    async (path) => {
      expect(await learner.file(path)).toBeUndefined();
    },
  );
});

describe("answers", () => {
  it("come trimmed", async () => expect(await learner.answer("code")).toBe("AB12-CD34"));
  it.each(["empty", "missing", "../notes", "../../outside", "a/b", ""])("%j is none", async (key) => {
    expect(await learner.answer(key)).toBeUndefined();
  });
});

it("a terminal's kubeconfig that is gone is an error, not a namespace", async () => {
  await expect(learner.currentNamespace()).rejects.toThrow("kubeconfig is not there");
});
