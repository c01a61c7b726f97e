import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { scaffold } from "../../../checkers/contract/scaffold.ts";
import { loadLabAt } from "../../../checkers/labs.ts";
import { root } from "../../kit/course.ts";
import { pack } from "../submission-kit.ts";
import { ground } from "./ground.ts";

const { home, kubeconfig } = await ground();
const slug = "27-my-lab";

/** Runs `./workbook grade` over these students' ConfigMaps, whose lab's check begins with `code`. */
async function graded(code: string, greetings: Record<string, string>) {
  const at = mkdtempSync(join(home, "stalled-"));
  const folder = (name: string): string => {
    mkdirSync(join(at, name));
    return join(at, name);
  };
  const state = folder("state");
  writeFileSync(join(state, "current-of-this-test.json"), JSON.stringify({ provider: "context", kubeconfig }));
  const labs = folder("labs");
  const dir = scaffold(slug, labs);
  const file = join(dir, "lab.ts");
  const before = "if (!found) return fail(";
  writeFileSync(file, readFileSync(file, "utf8").replace(before, `${code}\n        ${before}`));
  const lab = await loadLabAt(dir, slug);
  const submissions = folder("in");
  for (const [who, greeting] of Object.entries(greetings)) {
    const objects = [
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "greeting-config" }, data: { greeting } },
    ];
    await pack(join(submissions, `${who}.tar.gz`), lab, { who, objects });
  }
  const roster = join(at, "roster.csv");
  const rows = Object.keys(greetings).map((who) => `${who},Student ${who},${who}@example.org`);
  writeFileSync(roster, ["id,name,email", ...rows, ""].join("\n"));
  const out = join(at, "out");
  const args = ["grade", "--submissions", submissions, "--roster", roster, "--labs", labs, "--out", out];
  const { status, stdout, stderr } = spawnSync(join(root, "workbook"), args, {
    encoding: "utf8",
    timeout: 150_000,
    env: { ...process.env, WORKBOOK_HOME: state, WORKBOOK_CLUSTER: "of-this-test" },
  });
  return { status, stdout, stderr };
}

it("a check that never gives the processor back costs only the submission it was at", async () => {
  const loop = `if (found?.data?.greeting === "forever") for (;;);`;
  const { status, stdout, stderr } = await graded(loop, { s1: "hello", s2: "forever", s3: "goodbye", s4: "forever" });
  expect(stdout).toContain("2 graded, 2 incomplete, 0 missing, 0 unreadable; 0 unknown");
  for (const who of ["s2", "s4"])
    expect(stdout).toMatch(
      new RegExp(
        `incomplete ${who} 27-my-lab .*: It could not be graded: a check never came back from 27-my-lab/lab.ts:\\d+`,
      ),
    );
  expect(stderr.match(/Carrying on without/g)).toHaveLength(2);
  expect(status).toBe(1);
}, 180_000);

it("an error that escapes from a check where nobody waits for it ends nothing", async () => {
  const late = `setTimeout(() => { throw new Error("out of hand"); });`;
  const { status, stdout, stderr } = await graded(late, { s1: "hello", s2: "goodbye" });
  expect(stdout).toContain("2 graded, 0 incomplete");
  expect(stderr).toContain("out of hand");
  expect(status).toBe(0);
}, 120_000);
