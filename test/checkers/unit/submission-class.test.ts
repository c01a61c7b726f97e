import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { afterAll, describe, expect, it } from "vitest";
import { check } from "../../../checkers/core/check.ts";
import { runCheck } from "../../../checkers/core/run.ts";
import { pass } from "../../../checkers/core/verdict.ts";
import type { CheckGrade, LabGrade } from "../../../checkers/grading/schema.ts";
import type { LoadedLab } from "../../../checkers/labs.ts";
import { analyse } from "../../../checkers/submissions/analysis.ts";
import { withRecord } from "../../../checkers/submissions/attested.ts";
import { aboutRow, cellsOf, columns, missingRow, rowOf } from "../../../checkers/submissions/book.ts";
import { defaultClassPolicy, lateness, readClassPolicy } from "../../../checkers/submissions/class-policy.ts";
import { parseCsv } from "../../../checkers/submissions/csv.ts";
import { itemsHtml } from "../../../checkers/submissions/items-html.ts";
import type { KubeObject } from "../../../checkers/submissions/normalize.ts";
import type { GradedSubmission } from "../../../checkers/submissions/one.ts";
import { Quiet } from "../../../checkers/submissions/quiet.ts";
import { capacityOf, needOf, quantity, Room } from "../../../checkers/submissions/room.ts";
import { parseRoster, studentOf } from "../../../checkers/submissions/roster.ts";
import { similarity } from "../../../checkers/submissions/similarity.ts";
import { readState, writeState } from "../../../checkers/submissions/state.ts";
import { writeBook } from "../../../checkers/submissions/write-book.ts";
import { answer02 } from "../submission-kit.ts";

const dir = mkdtempSync(join(tmpdir(), "workbook-class-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
let made = 0;
const file = (text: string): string => {
  const path = join(dir, `${made++}.yaml`);
  writeFileSync(path, text);
  return path;
};
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe("a roster", () => {
  it("is read with quotes, spaces, a byte order mark and Windows lines", () => {
    expect(parseCsv('\uFEFFa,b\r\n"x, ""y""\nz", 2 \r\n\r\n3,4').map(({ line, cells }) => [line, ...cells])).toEqual([
      [1, "a", "b"],
      [2, 'x, "y"\nz', "2"],
      [5, "3", "4"],
    ]);
    const { students, problems } = parseRoster(
      "id,name,email,extra_minutes,due\ns1,Ada,ada@x.org,30,\ns2,Bob,,,2026-03-01T10:00:00+01:00\n",
    );
    expect(problems).toEqual([]);
    expect(students).toEqual([
      { id: "s1", name: "Ada", email: "ada@x.org", extraMinutes: 30 },
      { id: "s2", name: "Bob", email: "", extraMinutes: 0, due: "2026-03-01T09:00:00.000Z" },
    ]);
  });

  it("grades nobody who is in it twice, and says which lines; the others stay", () => {
    const { students, problems } = parseRoster(
      "id,name,email\ns1,Ada,ada@x.org\ns2,Bob,bob@x.org\nS1,Ada L,ada2@x.org\ns3,Eve,BOB@x.org\ns4,Dan,dan@x.org\n",
    );
    expect(students.map(({ id }) => id)).toEqual(["s4"]);
    expect(problems.map(({ id }) => id)).toEqual(["s1", "s2", "S1", "s3"]);
    expect(problems[0]?.says).toBe("The id s1 is in the roster more than once (lines 2 and 4).");
    expect(problems[1]?.says).toContain("address bob@x.org");
  });

  it("tells lines that are no student, and is refused as a whole without its columns", () => {
    const { problems } = parseRoster(
      "id,name,email,extra_minutes\n,Ada,a@x.org,\ns1,Ada,nowhere,\ns2,B,b@x.org,soon\n../x,C,c@x.org,\n",
    );
    expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 5]);
    expect(() => parseRoster("name,email\nA,a@x.org\n")).toThrow("no column id");
    expect(() => parseRoster("id,name,email,grade\n")).toThrow("a column grade");
  });

  it("finds who handed in by id, else by address, never by one when the other says somebody else", () => {
    const roster = parseRoster("id,name,email\ns1,Ada,ada@x.org\ns2,Bob,\n");
    const find = (id: string | undefined, email: string) =>
      studentOf(roster, { name: "?", email, ...(id && { id }) })?.id;
    expect(find("S1", "ADA@x.org")).toBe("s1");
    expect(find(undefined, "ada@x.org")).toBe("s1");
    expect(find("s2", "other@x.org")).toBe("s2");
    expect(find("s1", "eve@x.org")).toBeUndefined();
    expect(find("s9", "eve@x.org")).toBeUndefined();
  });
});

const student = { id: "s1", name: "Ada", email: "ada@x.org", extraMinutes: 0 };
const policyOf = (text: string) => readClassPolicy(file(text));

describe("a policy", () => {
  it("leaves out what is attested unless it says otherwise", async () => {
    expect((await policyOf("")).grading.process).toBe("left-out");
    expect((await policyOf("blocked: lost")).grading).toEqual({ blocked: "lost", process: "left-out", weights: {} });
    expect((await policyOf("process: counted")).grading.process).toBe("counted");
  });

  it("takes so much off for each begun hour or day, up to a maximum, after extra time", async () => {
    const policy = await policyOf(
      "submissions: {due: {'02': '2026-03-01T12:00:00Z'}, late: {per: hour, percent: 10, max: 25}, extra: {s2: 60}}",
    );
    const late = (received: string, who = student) => lateness(policy, who, "02-x", received);
    expect(late("2026-03-01T12:00:00Z")).toBeUndefined();
    expect(late("2026-03-01T12:00:01Z")).toEqual({ due: "2026-03-01T12:00:00.000Z", minutes: 1, percent: 10 });
    expect(late("2026-03-01T13:00:00Z")?.percent).toBe(10);
    expect(late("2026-03-01T13:00:01Z")?.percent).toBe(20);
    expect(late("2026-03-05T13:00:01Z")?.percent).toBe(25);
    expect(late("2026-03-01T12:59:00Z", { ...student, id: "s2" })).toBeUndefined();
    expect(late("2026-03-01T12:29:00Z", { ...student, extraMinutes: 30 })).toBeUndefined();
    expect(late("2026-03-02T12:00:00Z", { ...student, due: "2026-03-03T00:00:00Z" } as never)).toBeUndefined();
    expect(lateness(policy, student, "03-y", "2027-01-01T00:00:00Z")).toBeUndefined();
  });

  it("is refused with what is wrong in it, a bomb of aliases too", async () => {
    await expect(policyOf("submissions: {late: {per: week, percent: 10, max: 20}}")).rejects.toThrow("late.per");
    await expect(policyOf("submissions: {overrides: [{student: s1, lab: '02', points: 5}]}")).rejects.toThrow(
      "overrides[0].why",
    );
    await expect(policyOf("submissions: {dew: x}")).rejects.toThrow("dew");
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x]",
      ..."bcdefghij"
        .split("")
        .map((name, n) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghij"[n]}`).join(",")}]`),
    ].join("\n");
    const began = performance.now();
    await expect(policyOf(bomb)).rejects.toThrow("cannot be read");
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

const checkGrade = (id: string, more: Partial<CheckGrade> = {}): CheckGrade => ({
  ...{
    id,
    title: `Check ${id}`,
    points: 5,
    earned: 5,
    counts: true,
    mode: "observe",
    basis: "state",
    state: "pass",
    evidence: [],
  },
  ...more,
});
const failed = (id: string, code: string): CheckGrade => checkGrade(id, { state: "fail", earned: 0, code });
const labGrade = (checks: CheckGrade[], more: Partial<LabGrade> = {}): LabGrade => ({
  ...{
    lab: "02-x",
    title: "X",
    domain: "deploy",
    namespace: "n",
    status: "not-passed",
    begun: true,
    score: 0,
    says: "",
  },
  ...{ points: 10, counted: 10, earned: 0 },
  ...more,
  checks,
});
const result = (checks: CheckGrade[], more: Partial<GradedSubmission> = {}): GradedSubmission => ({
  ...{
    file: "s1.tar.gz",
    timing: { lab: "02-x", took: 1, checks: [] },
    refused: [],
    images: [],
    notCreated: [],
    notes: [],
  },
  ...more,
  grade: labGrade(checks),
});
const handed = (of: GradedSubmission | { problem: string; status: "incomplete"; file: string }) => ({
  ...{ student, lab: "02-x", received: "2026-03-01T14:30:00Z", madeAt: "2026-03-01T14:30:00Z", notes: [], result: of },
  attested: { earned: 10, points: 10, passed: ["a", "b"] },
});

describe("a row of the gradebook", () => {
  const half = result([checkGrade("a"), failed("b", "wrong")]);

  it("has the computed grade, the penalty and the final result; what the machine said is shown, not counted", async () => {
    const policy = await policyOf(
      "submissions: {due: '2026-03-01T12:00:00Z', late: {per: hour, percent: 10, max: 50}}",
    );
    const row = rowOf(handed(half), policy);
    expect(row).toMatchObject({ status: "graded", computed: 5, final: 3.5, late: { minutes: 150, percent: 30 } });
    expect(aboutRow(row).join("\n")).toMatch(
      /Handed in 2.5 h after .*: 30 % off[\s\S]*Final result: 3.5 of 10[\s\S]*not counted: 10 of 10/,
    );
  });

  it("shows an override beside what was computed, with who, when and why", async () => {
    const one = "student: S1, lab: '02', why: the task was unclear, who: Prof. Q, when: 2026-03-02";
    const single = rowOf(handed(half), await policyOf(`submissions: {overrides: [{${one}, check: b, points: 4}]}`));
    expect(single).toMatchObject({ computed: 5, final: 9 });
    expect(aboutRow(single).join("\n")).toContain(
      "Overridden (computed: 5): b: 4 by Prof. Q on 2026-03-02: the task was unclear",
    );
    const whole = rowOf(handed(half), await policyOf(`submissions: {overrides: [{${one}, points: 8}]}`));
    expect(whole).toMatchObject({ computed: 5, final: 8 });
    const rescued = rowOf(
      handed({ problem: "broken", status: "incomplete", file: "x" }),
      await policyOf(`submissions: {overrides: [{${one}, points: 8}]}`),
    );
    expect(rescued).toMatchObject({ status: "graded", final: 8, says: "broken" });
  });

  it("is incomplete, never zero, where something could not be looked at or re-created", () => {
    const error = result([checkGrade("a"), checkGrade("b", { state: "error", earned: 0 })]);
    expect(rowOf(handed(error), defaultClassPolicy)).toMatchObject({ status: "incomplete", final: null });
    const partly = rowOf(
      handed(result([checkGrade("a"), failed("b", "x")], { notCreated: [{ object: "thing/x", why: "unknown kind" }] })),
      defaultClassPolicy,
    );
    expect(partly).toMatchObject({ status: "incomplete", final: null });
    expect(partly.notes.join()).toContain("thing/x could not be re-created");
  });

  it("leaves out what is attested, or counts it, as the policy says", async () => {
    const process = result([failed("a", "x"), checkGrade("b", { basis: "process" })]);
    expect(rowOf(handed(process), defaultClassPolicy)).toMatchObject({ computed: 0, final: 0 });
    expect(rowOf(handed(process), await policyOf("process: counted"))).toMatchObject({ computed: 5, final: 5 });
  });

  it("of who handed in nothing is zero of all points", () => {
    expect(missingRow(student, "02-x", 10, defaultClassPolicy)).toMatchObject({
      status: "missing",
      final: 0,
      points: 10,
    });
  });

  it("has a cell for every column", () =>
    expect(cellsOf(rowOf(handed(half), defaultClassPolicy))).toHaveLength(columns.length));

  it("is written so that no spreadsheet runs it and no browser shows it as markup", () => {
    const evil = { ...student, name: '=HYPERLINK("http://evil","x")<script>alert(1)</script>' };
    const row = rowOf({ ...handed(half), student: evil }, defaultClassPolicy);
    const written = {
      rows: [row],
      unknown: [],
      alike: [],
      left: 0,
      remains: [],
      began: "2026-03-01T00:00:00Z",
      graded: 1,
      took: 1,
    };
    const out = mkdtempSync(join(dir, "out-"));
    const files = writeBook(out, written, defaultClassPolicy, "canvas");
    expect(files).toContain("gradebook-canvas.csv");
    expect(readFileSync(join(out, "gradebook.csv"), "utf8")).toContain(`"'=HYPERLINK`);
    expect(readFileSync(join(out, "students/s1.html"), "utf8")).not.toContain("<script>");
    expect(JSON.parse(readFileSync(join(out, "gradebook.json"), "utf8")).rows[0].final).toBe(5);
  });
});

describe("the item analysis", () => {
  it("counts codes and says how hard a check is, and from ten submissions on how well it tells", () => {
    const grades = Array.from({ length: 10 }, (_, n) =>
      labGrade(n < 5 ? [checkGrade("a"), checkGrade("b")] : [failed("a", n < 8 ? "x" : "y"), failed("b", "z")]),
    );
    const [a] = analyse(grades);
    expect(a).toMatchObject({ check: "a", n: 10, passed: 5, difficulty: 0.5, discrimination: 1 });
    expect(a?.codes).toEqual([
      { code: "x", times: 3 },
      { code: "y", times: 2 },
    ]);
    expect(analyse(grades.slice(0, 9))[0]?.discrimination).toBeNull();
    expect(itemsHtml(analyse(grades), 10)).toContain("<code>x</code> 3");
  });

  it("does not count what was not looked at", () => {
    const [a] = analyse([
      labGrade([checkGrade("a", { state: "blocked", earned: 0 })]),
      labGrade([checkGrade("a", { state: "error", earned: 0 })]),
      labGrade([checkGrade("a")]),
    ]);
    expect(a).toMatchObject({ n: 1, passed: 1, blocked: 1, errors: 1, difficulty: 1 });
  });
});

describe("similarity", () => {
  const work = (who: string, objects: KubeObject[], folder = new Map<string, string>()) => ({
    who,
    lab: "02-x",
    namespace: `${who}-lab-02`,
    objects,
    folder,
  });
  const own = (who: string, name: string): KubeObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, annotations: { note: `${name} in ${who}-lab-02` } },
    data: { a: name, b: `${name}!`, c: "x" },
  });

  it("finds what two have in common and the class has not, whatever their namespaces are called", () => {
    const pairs = similarity([
      work("s1", [...answer02(), own("s1", "quirk")], new Map([["notes.md", "h1"]])),
      work("s2", [...answer02(), own("s2", "quirk")], new Map([["notes.md", "h1"]])),
      work("s3", [...answer02(), own("s3", "other")], new Map([["notes.md", "h3"]])),
      work("s4", answer02()),
      work("s5", answer02()),
    ]);
    expect(pairs).toHaveLength(1);
    expect(pairs[0]).toMatchObject({ a: "s1", b: "s2", rare: 1, manifests: 1, files: 1 });
  });
});

describe("room on the cluster", () => {
  it("is what nodes have, less what is reserved there", () => {
    expect([quantity("100m"), quantity("1Gi"), quantity("2"), quantity("x")]).toEqual([0.1, 2 ** 30, 2, 0]);
    const node = (name: string, more: object = {}): V1Node => ({
      metadata: { name },
      spec: more,
      status: { allocatable: { cpu: "2", memory: "4Gi", pods: "110" } },
    });
    const pod = {
      spec: { nodeName: "a", containers: [{ name: "x", resources: { requests: { cpu: "500m", memory: "1Gi" } } }] },
    } as V1Pod;
    const tainted = node("c", { taints: [{ key: "x", effect: "NoSchedule" }] });
    expect(capacityOf([node("a"), node("b", { unschedulable: true }), tainted], [pod])).toEqual({
      cpu: 1.5,
      memory: 3 * 2 ** 30,
      pods: 109,
      nodes: 1,
    });
    expect(needOf(answer02(), 2)).toEqual({ cpu: 0.11, memory: 144 * 2 ** 20, pods: 3 });
  });

  it("lets in what fits, in order, and what never fits alone", async () => {
    const room = new Room({ cpu: 1, memory: 1, pods: 10 }, 3);
    const inside: string[] = [];
    const enter = async (name: string, cpu: number) => {
      const leave = await room.enter({ cpu, memory: 0, pods: 1 });
      inside.push(name);
      return leave;
    };
    const a = await enter("a", 0.6);
    const b = enter("b", 0.6);
    const c = enter("c", 0.1);
    await turn();
    expect(inside).toEqual(["a"]);
    a();
    a();
    (await b)();
    (await c)();
    const giant = await enter("giant", 50);
    const d = enter("d", 0.1);
    await turn();
    expect(inside.at(-1)).toBe("giant");
    giant();
    (await d)();
    expect(inside).toEqual(["a", "b", "c", "giant", "d"]);
  });

  it("is quiet while something measures", async () => {
    const quiet = new Quiet(2);
    let noisy = 0;
    let measuring = 0;
    let most = 0;
    const noise = () =>
      quiet.noisy(async () => {
        noisy++;
        most = Math.max(most, noisy);
        expect(measuring).toBe(0);
        await turn();
        noisy--;
      });
    const measure = () =>
      quiet.measure(async () => {
        measuring++;
        expect([noisy, measuring]).toEqual([0, 1]);
        await turn();
        measuring--;
      });
    await Promise.all([noise(), noise(), noise(), measure(), noise(), measure(), measure(), noise()]);
    expect(most).toBe(2);
  });
});

describe("a process check", () => {
  const lab = {
    checks: () => ({
      ramp: check({
        ...{ title: "Ramp", points: 3, mode: "disturb", within: "1s", evidence: "process", why: "w" },
        failures: { never: { says: "s", hints: ["h"], untouched: true }, late: { says: "s", hints: ["h"] } },
        observe: async () => {
          throw new Error("must not be run again");
        },
      }),
      state: check({
        title: "S",
        points: 1,
        mode: "observe",
        within: "1s",
        evidence: "state",
        why: "w",
        failures: {},
        observe: async () => pass(),
      }),
    }),
  } as unknown as LoadedLab;
  const row = (state: string, code?: string) => ({
    check: "ramp",
    state,
    at: "2026-03-01T10:00:00.000Z",
    hash: "",
    ...(code && { code }),
  });
  const verdict = (rows: ReturnType<typeof row>[]) => {
    const ramp = withRecord(lab, rows).checks("n").ramp;
    const scene = { signal: new AbortController().signal } as never;
    return runCheck(ramp as never, scene, { now: () => 0, sleep: () => new Promise(() => {}) });
  };

  it("is answered from the record: passed once is passed, and it says who attests it", async () => {
    expect(await verdict([row("fail", "late"), row("pass"), row("fail", "late")])).toMatchObject({ state: "pass" });
    expect((await verdict([row("pass")])).evidence[0]?.actual).toContain("the learner's machine attests");
    expect(await verdict([row("fail", "late")])).toMatchObject({ state: "fail", code: "late" });
    expect(await verdict([row("fail", "no-such-code")])).toMatchObject({ state: "fail", code: "never" });
    expect(await verdict([])).toMatchObject({ state: "fail", code: "never" });
  });

  it("leaves state checks as they are", () => expect(withRecord(lab, []).checks("n").state?.mode).toBe("observe"));
});

describe("the state of a grading", () => {
  it("is written as a whole, read again, and refused when it is something else", () => {
    const out = mkdtempSync(join(dir, "state-"));
    expect(readState(out)).toBeUndefined();
    const state = {
      schema: "workbook/grading-state/1" as const,
      run: "r",
      began: "b",
      results: { h: result([checkGrade("a")]) },
    };
    writeState(out, state);
    expect(readState(out)).toEqual(state);
    writeFileSync(join(out, "state.json"), '{"schema":"workbook/gra');
    expect(() => readState(out)).toThrow("no state of a grading");
  });
});
