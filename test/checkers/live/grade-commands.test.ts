import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkCommand } from "../../../checkers/commands/check.ts";
import { goto } from "../../../checkers/commands/goto.ts";
import { gradeCommand } from "../../../checkers/commands/grade.ts";
import type { Io } from "../../../checkers/commands/io.ts";
import { reset } from "../../../checkers/commands/reset.ts";
import { solve } from "../../../checkers/commands/solve.ts";
import { scaffold } from "../../../checkers/contract/scaffold.ts";
import { deleteNamespace } from "../../../checkers/enter.ts";
import { withoutTiming } from "../../../checkers/grading/grade.ts";
import { type Grade, gradeSchema } from "../../../checkers/grading/schema.ts";
import { Store } from "../../../site/server/store.ts";
import { ground } from "./ground.ts";

const { kubeconfig, transport, home } = await ground();
const slug = "27-my-lab";
const user = `test-${randomBytes(3).toString("hex")}`;
const namespace = `${user}-lab-27`;
const state = mkdtempSync(join(home, "state-"));
const root = mkdtempSync(join(home, "labs-"));
const dir = scaffold(slug, root);

/** The scaffolded lab, building on lab 01 and with a hidden check. */
const secret = `secret: check({
      title: "THE-HIDDEN-TITLE", points: 2, mode: "observe", within: "10s", evidence: "state", why: "x", hidden: true,
      failures: { no: { says: "No.", hints: ["x"] } },
      observe: async ({ cluster }) => ((await cluster.list(kinds.ConfigMap)).length > 1 ? pass() : fail("no")),
    }),
    greeting: check({`;
writeFileSync(
  join(dir, "lab.ts"),
  readFileSync(join(dir, "lab.ts"), "utf8")
    .replace("greeting: check({", secret)
    .replace("week: 1,", 'week: 1, prerequisites: ["01-cluster-and-kubectl"],'),
);

const before = {
  WORKBOOK_HOME: process.env.WORKBOOK_HOME,
  USER: process.env.USER,
  WORKBOOK_CLUSTER: process.env.WORKBOOK_CLUSTER,
};
Object.assign(process.env, { WORKBOOK_HOME: state, USER: user, WORKBOOK_CLUSTER: "of-this-test" });
const current = join(state, "current-of-this-test.json");
writeFileSync(current, JSON.stringify({ provider: "context", kubeconfig }));
afterAll(async () => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await deleteNamespace(transport, namespace);
});

/** Runs a command and gives its exit code and what it printed. */
async function run(command: (io: Io) => Promise<number>): Promise<{ code: number; out: string }> {
  const lines: string[] = [];
  const io: Io = {
    out: (line = "") => void lines.push(line),
    err: (line = "") => void lines.push(line),
    style: (_style, text) => text,
    width: 200,
    tty: false,
    report: () => 2,
  };
  return { code: await command(io), out: lines.join("\n") };
}
const labs = [root];
const grade = (more: object = {}) => run((io) => gradeCommand({ names: ["27"], labs, ...more }, io));
const stored = <T>(read: (store: Store) => T): T => {
  const store = new Store(join(state, "workbook.db"));
  try {
    return read(store);
  } finally {
    store.close();
  }
};

describe("grading, skipping and solving a lab from the command line", { timeout: 120_000 }, () => {
  it("a lab never opened is not begun, and nothing is looked at", async () => {
    expect(await grade()).toMatchObject({ code: 1, out: expect.stringContaining("Not begun: 0 of 3 points.") });
  });

  it("goto opens it, notes what it skips, and says so", async () => {
    const { code, out } = await run((io) => goto({ lab: "27", open: false, labs }, io));
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringContaining("01-cluster-and-kubectl: noted, not passed"),
    });
    expect(stored((store) => store.marked("01-cluster-and-kubectl"))).toBe("skipped");
    expect((await grade()).out).toContain("not begun");
  });

  it("solve asks where it can, and changes nothing where it cannot", async () => {
    await expect(run((io) => solve({ lab: "27", labs }, io))).rejects.toThrow("Nobody can be asked here");
    await expect(run((io) => solve({ lab: "27", labs, yes: true, variant: "magic" }, io))).rejects.toThrow(
      'no variant "magic"',
    );
    expect(stored((store) => store.marked(slug))).toBeUndefined();
  });

  it.each([undefined, "imperative"])(
    "solve puts a right answer in place (variant %s), keeps the files, and counts nothing as passed",
    async (variant) => {
      mkdirSync(join(state, "labs", slug), { recursive: true });
      writeFileSync(join(state, "labs", slug, "mine.txt"), "mine");
      const { code, out } = await run((io) => solve({ lab: "27", labs, yes: true, ...(variant && { variant }) }, io));
      expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("is solved by the workbook") });
      expect(existsSync(join(state, "labs", slug, "mine.txt"))).toBe(false);
      const saved = readdirSync(join(state, "labs/.saved")).sort().at(-1) as string;
      expect(readFileSync(join(state, "labs/.saved", saved, "mine.txt"), "utf8")).toBe("mine");
      expect(stored((store) => [store.marked(slug), store.passed(slug)])).toEqual(["solved", []]);
    },
  );

  it("grade shows the hidden check, that the workbook solved it, and is the same again", async () => {
    const files = { html: join(home, "r.html"), junit: join(home, "j.xml") };
    const [one, two] = [await grade({ json: true, ...files }), await grade({ json: true })];
    const [first, second] = [one, two].map(({ out }) => gradeSchema.parse(JSON.parse(out))) as [Grade, Grade];
    expect([one.code, first.status, first.labs[0]?.solvedByWorkbook]).toEqual([0, "passed", true]);
    expect(first.labs[0]?.checks.map(({ title, hidden }) => [title, hidden])).toContainEqual([
      "THE-HIDDEN-TITLE",
      true,
    ]);
    expect(withoutTiming(second)).toEqual(withoutTiming(first));
    expect(readFileSync(files.html, "utf8")).toContain("THE-HIDDEN-TITLE");
    expect(existsSync(files.junit)).toBe(true);
  });

  it("check says of the hidden one only that it is there, and asks nothing of it", async () => {
    const { code, out } = await run((io) => checkCommand({ lab: "27", labs }, io));
    expect(code).toBe(0);
    expect(out).not.toContain("THE-HIDDEN-TITLE");
    expect(out).toContain("1 of 3 points, 1 of 1 checks passed; a hidden check worth 2 points to be graded");
    const one = await run((io) => checkCommand({ lab: "27", check: "secret", labs, json: true }, io));
    expect(one.out).not.toContain("THE-HIDDEN-TITLE");
  });

  it("reset lets the learner do it, and a grade is theirs again", async () => {
    expect((await run((io) => reset({ lab: "27", yes: true, labs }, io))).code).toBe(0);
    expect(stored((store) => store.marked(slug))).toBe("reset");
    const { code, out } = await grade({ json: true });
    expect(code).toBe(1);
    expect((JSON.parse(out) as Grade).labs[0]).not.toHaveProperty("solvedByWorkbook");
  });

  it("a cluster that does not answer makes the grade incomplete, never a zero", async () => {
    const away = join(home, "away.yaml");
    writeFileSync(away, readFileSync(kubeconfig, "utf8").replaceAll(/https:\/\/[^"\s]+/g, "https://127.0.0.1:1"));
    writeFileSync(current, JSON.stringify({ provider: "context", kubeconfig: away }));
    try {
      const { code, out } = await grade({ json: true });
      const told = JSON.parse(out) as Grade;
      expect({ code, status: told.status, score: told.score }).toEqual({ code: 2, status: "incomplete", score: null });
      expect(told.labs[0]?.says).toMatch(/^Incomplete, no final score/);
    } finally {
      writeFileSync(current, JSON.stringify({ provider: "context", kubeconfig }));
    }
  });
});
