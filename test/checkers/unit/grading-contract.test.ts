import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { changedFiles, changedLabs, closureOf } from "../../../checkers/contract/changed.ts";
import { covered, ledgerOf } from "../../../checkers/contract/ledger.ts";
import type { Step } from "../../../checkers/contract/prove.ts";
import { scaffold } from "../../../checkers/contract/scaffold.ts";
import { staticProblems } from "../../../checkers/contract/static.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "workbook-contract-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;
const folder = (): string => join(root, String(made++));

/** A lab whose check is written as given, and whose lesson has a task for each id. */
async function mistakes(edit: (lab: string) => string, lesson?: (text: string) => string): Promise<string> {
  const dir = scaffold("27-my-lab", folder());
  const file = join(dir, "lab.ts");
  const text = readFileSync(file, "utf8");
  const changed = edit(text);
  expect(changed === text && !lesson).toBe(false);
  writeFileSync(file, changed);
  if (lesson) {
    const mdx = join(dir, "lesson.mdx");
    writeFileSync(mdx, lesson(readFileSync(mdx, "utf8")));
  }
  return (await staticProblems(dir)).map(({ where, says, todo }) => `${where}: ${says} -> ${todo}`).join("\n");
}
const put = (line: string) => (lab: string) => lab.replace("points: 1,", line);

describe("the static part of the contract", () => {
  it.each<[string, string, RegExp]>([
    [
      "a need that is no check",
      'points: 1, needs: ["gone"],',
      /check greeting: needs "gone", which is no check -> Checks: greeting/,
    ],
    ["a check that needs itself", 'points: 1, needs: ["greeting"],', /needs itself: greeting needs greeting/],
    [
      "parts that sum to something else",
      'points: 3, parts: { one: { title: "One", points: 1 }, two: { title: "Two", points: 1 } },',
      /is worth 3 points, but its parts sum to 2/,
    ],
    [
      "a single part",
      'points: 1, parts: { one: { title: "One", points: 1 } },',
      /has 1 parts -> Partial credit takes two/,
    ],
    [
      "a part worth nothing, without a title, with a bad name",
      'points: 1, parts: { One: { title: "", points: 0 }, two: { title: "Two", points: 1 } },',
      /no slug[\s\S]*without a title[\s\S]*worth 0 points/,
    ],
    ["alone on what only observes", "points: 1, alone: false,", /says alone, but only observes/],
    ["a way of being alone nobody knows", 'points: 1, alone: "lode" as never,', /has alone: lode -> false, "load"/],
  ])("tells %s", async (_name, line, says) => {
    expect(await mistakes(put(line))).toMatch(says);
  });
  it("takes parts whose tenths add up", async () => {
    const line = 'points: 0.3, parts: { one: { title: "One", points: 0.1 }, two: { title: "Two", points: 0.2 } },';
    expect(await mistakes(put(line))).toBe("");
  });
  it("tells an add-on nobody has, and takes those there are", async () => {
    const addons = (name: string) => (lab: string) => lab.replace("week: 1,", `week: 1, addons: ["${name}"] as never,`);
    expect(await mistakes(addons("istio"))).toMatch(/addons\.?\[?0\]?: is no add-on: there are metrics-server/);
    expect(await mistakes(addons("metrics-server"))).toBe("");
  });
  it("wants no task for a hidden check, and refuses one", async () => {
    const hide = put("points: 1, hidden: true,");
    expect(await mistakes(hide)).toMatch(/lesson\.mdx:\d+: the hidden check "greeting" has a task/);
    expect(await mistakes(hide, (text) => text.replace(/<Task[\s\S]*<\/Task>/, ""))).toBe("");
  });
  it("keeps the name of its own notes for itself", async () => {
    const named = (text: string) => text.replaceAll("greeting: check(", "workbook: check(");
    expect(await mistakes(named)).toContain("has a name that the workbook's own notes have");
  });
});

const git = (dir: string, ...args: string[]): string =>
  execFileSync("git", ["-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
    encoding: "utf8",
  });

/** A repository with two labs, one of which imports a file beside them, all committed on main. */
function repository() {
  const dir = folder();
  mkdirSync(join(dir, "shared"), { recursive: true });
  writeFileSync(join(dir, "shared/reading.ts"), 'export { a } from "./deep.ts";\n');
  writeFileSync(join(dir, "shared/deep.ts"), "export const a = 1;\n");
  const labs = ["01-one", "02-two"].map((slug) => ({ slug, dir: join(dir, "labs", slug) }));
  for (const { dir } of labs) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "lab.ts"), "export default 1;\n");
  }
  writeFileSync(
    join(dir, "labs/02-two/lab.ts"),
    'import type { A } from "../../shared/reading.ts";\nexport default 1;\n',
  );
  git(dir, "init", "-q", "-b", "main");
  git(dir, "add", "-A");
  git(dir, "commit", "-qm", "all");
  const changed = (): string[] => changedLabs(labs).map(({ lab }) => lab.slug);
  return { dir, labs, changed };
}

describe("what changed", () => {
  it("is nothing after a commit on the main branch", () => expect(repository().changed()).toEqual([]));
  it("is a lab whose folder changed, also by a file nobody has added", () => {
    const { dir, changed } = repository();
    writeFileSync(join(dir, "labs/01-one/notes ü.md"), "x");
    expect(changed()).toEqual(["01-one"]);
  });
  it("is a lab whose code imports what changed, through others and for its types only", () => {
    const { dir, changed } = repository();
    appendFileSync(join(dir, "shared/deep.ts"), "// more\n");
    expect(changed()).toEqual(["02-two"]);
  });
  it("is what a branch committed since it left the main one", () => {
    const { dir, changed } = repository();
    git(dir, "checkout", "-qb", "work");
    appendFileSync(join(dir, "labs/01-one/lab.ts"), "// more\n");
    git(dir, "commit", "-qam", "one");
    expect(changed()).toEqual(["01-one"]);
  });
  it("is every lab outside a repository", () => {
    const { dir } = repository();
    const elsewhere = folder();
    cpSync(join(dir, "labs"), elsewhere, { recursive: true });
    const labs = [{ slug: "01-one", dir: join(elsewhere, "01-one") }];
    expect(changedFiles(elsewhere)).toBeUndefined();
    expect(changedLabs(labs)[0]?.why).toContain("no repository");
  });
  it("follows the checks' own code to the engine", () => {
    const prove = new URL("../../../checkers/contract/prove.ts", import.meta.url).pathname;
    const names = [...closureOf([prove])].map((file) => file.split("/checkers/")[1]);
    expect(names).toEqual(expect.arrayContaining(["core/run.ts", "kube/fresh.ts", "probes/traffic.ts", "enter.ts"]));
  });
});

describe("the ledger", () => {
  const step = (lab: string, began: number, took: number, ok = true): Step => {
    return { lab, part: "solution", name: "x", ok, problems: [], notes: [], began, took };
  };
  it("counts time that runs share once, and gaps not at all", () => {
    expect(covered([])).toBe(0);
    expect(
      covered([
        { began: 10, took: 5 },
        { began: 0, took: 3 },
        { began: 1, took: 1 },
        { began: 12, took: 10 },
      ]),
    ).toBe(15);
  });
  it("notices a lab that takes more than three minutes, unless it waits for an autoscaler", () => {
    const steps = [
      step("a", 0, 100_000),
      step("a", 90_000, 100_000, false),
      step("b", 0, 170_000),
      step("c", 0, 400_000),
    ];
    const lines = ledgerOf(steps, (lab) => (lab === "c" ? ["metrics-server"] : []));
    expect(lines).toEqual([
      { lab: "a", proved: 1, failed: 1, wall: 190_000, runs: 200_000, slow: true },
      { lab: "b", proved: 1, failed: 0, wall: 170_000, runs: 170_000, slow: false },
      { lab: "c", proved: 1, failed: 0, wall: 400_000, runs: 400_000, slow: false },
    ]);
  });
});
